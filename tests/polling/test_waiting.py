"""The source ``waiting``: pages of GetTickets, whatever happens between them, and ages."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.polling.labels import Selection
from exporter.polling.readings import AGES, DepartmentWaiting, Waiting
from exporter.polling.source import ONLY_PART, Limits, Outcome
from exporter.whmcs.errors import PermissionMissing, SchemaMismatch, TimedOut
from tests.polling.outside import (
    DEPARTMENTS,
    TICKETS,
    Bench,
    Call,
    Document,
    departments,
    page_of,
    tickets,
)

if TYPE_CHECKING:
    from exporter.polling.poll import Poll

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
Row = tuple[str, int, str]
Change = tuple[str, int, int]


def ago(seconds: float, bench: Bench) -> str:
    """Return a date in UTC that lies so far back."""
    moment = datetime.fromtimestamp(bench.clock.time(), UTC) - timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def found(poll: Poll) -> dict[int, DepartmentWaiting]:
    """Return what a poll that succeeded found, by department."""
    assert None is poll.error
    reading = poll.outcome.readings[ONLY_PART]
    assert isinstance(reading, Waiting)
    return {department.id: department for department in reading.departments}


@pytest.mark.parametrize(
    ("ignore", "parameters"), [(True, {"ignore_dept_assignments": "1"}), (False, {})]
)
async def test_parameters(*, ignore: bool, parameters: dict[str, str]) -> None:
    """Departments are asked for, then pages one after the other, each behind what came."""
    bench = Bench()
    rows = [(str(number), 1, ago(HOUR, bench)) for number in range(5)]
    bench.whmcs.answers[TICKETS] = lambda call: page_of(rows, call)

    await bench.poll(bench.waiting(ignore_department_assignments=ignore, page_size=2))

    page = parameters | {"status": "Awaiting Reply", "limitnum": "2"}
    assert [
        (DEPARTMENTS, parameters),
        *((TICKETS, page | {"limitstart": start}) for start in ("0", "2", "4")),
    ] == [(call.action, call.parameters) for call in bench.whmcs.calls]


async def test_ages_by_department() -> None:
    """Buckets hold what is at most as old, borders included; a quiet department is all zeros."""
    bench = Bench()
    bench.whmcs.answers[DEPARTMENTS] = departments(d1="Sales &amp; More", d2="Quiet", d3="")
    ages = (0.0, 15 * MINUTE, 15 * MINUTE + 1, HOUR, 30 * DAY, 30 * DAY + 1)
    bench.whmcs.answers[TICKETS] = tickets(
        *((f"A{age}", 1, ago(age, bench)) for age in ages), ("B", 3, ago(2 * DAY, bench))
    )

    sales, quiet, third = found(await bench.poll(bench.waiting())).values()

    assert (1, "Sales & More") == (sales.id, sales.name)
    assert {15 * MINUTE: 2, 30 * MINUTE: 3, HOUR: 4, 14 * DAY: 4, 30 * DAY: 5} == {
        age: count
        for age, count in zip(AGES, sales.younger, strict=True)
        if age in {15 * MINUTE, 30 * MINUTE, HOUR, 14 * DAY, 30 * DAY}
    }
    assert (6, sum(ages)) == (sales.count, sales.age_sum)
    assert bench.clock.time() - 30 * DAY - 1 == sales.oldest
    nothing = DepartmentWaiting(
        id=2, name="Quiet", oldest=None, younger=(0,) * len(AGES), count=0, age_sum=0
    )
    assert nothing == quiet
    assert ("(untitled)", 1, 2 * DAY) == (third.name, third.count, third.age_sum)


def test_the_buckets_are_those_of_the_contract() -> None:
    """They begin with 15 minutes, end with 30 days, and grow."""
    assert (15 * MINUTE, 30 * DAY) == (AGES[0], AGES[-1])
    assert sorted(set(AGES)) == list(AGES)


@pytest.mark.parametrize(
    ("zone", "date", "moment"),
    [
        ("UTC", "2026-07-01 12:00:00", "2026-07-01T12:00:00"),
        ("Europe/Berlin", "2026-01-15 12:00:00", "2026-01-15T11:00:00"),
        ("Europe/Berlin", "2026-07-15 12:00:00", "2026-07-15T10:00:00"),
        # The hour that comes twice is the earlier one, before the clocks are set back.
        ("Europe/Berlin", "2026-10-25 01:59:59", "2026-10-24T23:59:59"),
        ("Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25T00:30:00"),
        ("Europe/Berlin", "2026-10-25 03:00:00", "2026-10-25T02:00:00"),
        # The hour that never was: as if the clocks had not been set yet.
        ("Europe/Berlin", "2026-03-29 02:30:00", "2026-03-29T01:30:00"),
        ("Asia/Kolkata", "2026-07-01 12:00:00", "2026-07-01T06:30:00"),
        ("America/New_York", "2026-11-01 01:30:00", "2026-11-01T05:30:00"),
        ("Pacific/Apia", "0001-01-01 00:00:00", None),
    ],
)
async def test_time_zones(zone: str, date: str, moment: str | None) -> None:
    """Dates are the server's local time, with its daylight saving time."""
    bench = Bench()
    bench.whmcs.answers[TICKETS] = tickets(("A", 1, date))

    oldest = found(await bench.poll(bench.waiting(timezone=ZoneInfo(zone))))[1].oldest

    assert oldest is not None
    if moment is not None:
        assert datetime.fromisoformat(f"{moment}+00:00").timestamp() == oldest


async def test_the_future_is_now() -> None:
    """A clock that is ahead makes no negative age, and no oldest that is yet to come."""
    bench = Bench()
    bench.whmcs.answers[TICKETS] = tickets(("A", 1, ago(-HOUR, bench)))

    department = found(await bench.poll(bench.waiting()))[1]

    assert (bench.clock.time(), 0.0) == (department.oldest, department.age_sum)
    assert (1,) * len(AGES) == department.younger


async def test_ages_are_told_at_the_end_of_the_poll() -> None:
    """What takes a while does not make tickets younger than they are."""
    bench = Bench()
    bench.whmcs.answers[TICKETS] = tickets(("A", 1, ago(HOUR, bench)))
    bench.whmcs.seconds = 5.0
    source = bench.waiting()

    poller = bench.poller(source)
    task = asyncio.create_task(poller.poll())
    await bench.clock.advance(10)
    await task

    assert HOUR + 10 == found(bench.polls[-1])[1].age_sum


async def test_departments_that_are_not_wanted() -> None:
    """Tickets of other departments, unknown ones among them, count nowhere."""
    bench = Bench()
    rows = [("A", 1, ago(HOUR, bench)), ("B", 2, ago(HOUR, bench)), ("C", 99, ago(HOUR, bench))]
    bench.whmcs.answers[TICKETS] = tickets(*rows)

    source = bench.waiting(departments=Selection(exclude=frozenset({1})))
    left = found(await bench.poll(source))

    assert {2: 1} == {key: each.count for key, each in left.items()}


async def test_a_ticket_on_two_pages_counts_once() -> None:
    """What moved behind the next page's beginning comes again, and its newer date counts."""
    bench = Bench()
    old, new = ago(DAY, bench), ago(HOUR, bench)
    pages = iter([tickets(("A", 1, new), ("B", 1, old), total=3), tickets(("B", 1, new), total=3)])
    bench.whmcs.answers[TICKETS] = lambda _: next(pages)

    department = found(await bench.poll(bench.waiting(page_size=2)))[1]

    assert (2, 2 * HOUR) == (department.count, department.age_sum)


@dataclass
class Restless:
    """A list of tickets that changes before each page but the first.

    Every ticket has a department of its own, so that a reading tells which ones it counts. An
    answer holds no more than a cap, which is another one each time.
    """

    rows: list[Row]
    changes: list[list[Change]]
    caps: list[int]
    made: int = 0
    always: set[int] = field(default_factory=set)
    ever: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Begin with what is there."""
        self.always = {row[1] for row in self.rows}
        self.ever = set(self.always)

    def answer(self, call: Call) -> Document:
        """Change, then answer."""
        if call.parameters["limitstart"] != "0" and self.changes:
            for change in self.changes.pop(0):
                self._apply(*change)
        cap = self.caps.pop(0) if self.caps else 1_000
        number = str(min(cap, int(call.parameters["limitnum"])))
        parameters = {**call.parameters, "limitnum": number}
        asked = Call(call.action, parameters, call.form, call.limit, call.at)
        self.always &= {row[1] for row in self.rows}
        self.ever |= {row[1] for row in self.rows}
        return page_of(self.rows, asked)

    def _apply(self, kind: str, here: int, there: int) -> None:
        """Let a ticket arrive, leave, or move in the order."""
        if kind == "arrive" and len(self.ever) < MOST:
            number = len(self.ever) + 1
            self.ever.add(number)
            self.rows.insert(here % (len(self.rows) + 1), row(number))
            self.made += 1
        elif kind != "arrive" and self.rows:
            moved = self.rows.pop(here % len(self.rows))
            if kind == "move":
                self.rows.insert(there % (len(self.rows) + 1), moved)
            self.made += 1


MOST = 40
CHANGES = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(["arrive", "leave", "move"]), st.integers(0, MOST), st.integers(0, MOST)
        ),
        max_size=3,
    ),
    max_size=6,
)


def row(number: int) -> Row:
    """Return a ticket in the department of its number."""
    return f"T-{number}", number, "2026-07-01 12:00:00"


@given(
    count=st.integers(0, 20),
    changes=CHANGES,
    page_size=st.integers(1, 8),
    caps=st.lists(st.integers(1, 8), max_size=10),
)
@settings(deadline=None)
async def test_changes_between_pages(
    count: int, changes: list[list[Change]], page_size: int, caps: list[int]
) -> None:
    """None counts twice, and each change makes one other ticket unseen at most; without, none."""
    bench = Bench()
    desk = Restless([row(number) for number in range(1, count + 1)], changes, caps)
    names = {f"d{number}": str(number) for number in range(1, MOST + 1)}
    bench.whmcs.answers[DEPARTMENTS] = departments(**names)
    bench.whmcs.answers[TICKETS] = desk.answer

    reading = found(await bench.poll(bench.waiting(page_size=page_size, max_pages=1_000)))

    counts = {key: each.count for key, each in reading.items()}
    seen = {key for key, number in counts.items() if number}
    assert set(counts.values()) <= {0, 1}
    assert seen <= desk.ever
    assert len(desk.always - seen) <= desk.made


@pytest.mark.parametrize("first", [[], [("A", 1)]])
async def test_a_page_that_is_empty_too_early(first: list[tuple[str, int]]) -> None:
    """A total that is never reached fails the poll: what came is not all, and would look so."""
    bench = Bench()
    rows = [(*row, ago(HOUR, bench)) for row in first]
    pages = iter([tickets(*rows, total=9), tickets(total=9)])
    bench.whmcs.answers[TICKETS] = lambda _: next(pages)

    poll = await bench.poll(bench.waiting())

    assert isinstance(poll.error, SchemaMismatch)
    assert "`tickets` is empty before `totalresults` have come" == str(poll.error)
    assert {"schema": 1} == poll.tally.failures


@pytest.mark.parametrize(
    ("pages", "cap", "calls", "kept"),
    [(5, 2, 5, True), (4, 2, 1, False), (5, 1, 5, False), (1, 2, 1, False)],
)
async def test_more_than_the_pages_hold(
    *, pages: int, cap: int, calls: int, kept: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """A desk beyond ``max_pages`` is withheld whole, as soon as that is known, and it is said."""
    bench = Bench()
    rows = [(str(number), 1, ago(HOUR, bench)) for number in range(10)]
    caplog.set_level(logging.INFO)

    def answer(call: Call) -> Document:
        start = int(call.parameters["limitstart"])
        return tickets(*rows[start : start + cap], total=len(rows))

    bench.whmcs.answers[TICKETS] = answer

    poll = await bench.poll(bench.waiting(page_size=2, max_pages=pages))

    assert calls == bench.whmcs.made()[TICKETS]
    assert None is poll.error
    assert kept == (poll.outcome.readings[ONLY_PART] is not None)
    assert (0 if kept else 2 * (len(AGES) + 3)) == poll.outcome.dropped
    said = "reading withheld: more than `waiting.max_pages` allow" in caplog.messages
    assert said is not kept


async def test_too_many_departments() -> None:
    """They are withheld before a ticket is asked for."""
    bench = Bench()
    poll = await bench.poll(bench.waiting(limits=Limits(departments=1, statuses=200)))
    assert Outcome(readings={ONLY_PART: None}, dropped=2 * (len(AGES) + 3)) == poll.outcome
    assert 0 == bench.whmcs.made()[TICKETS]


async def test_as_many_departments_as_are_allowed() -> None:
    """The limit itself is within the limit."""
    bench = Bench()
    poll = await bench.poll(bench.waiting(limits=Limits(departments=2, statuses=200)))
    assert poll.outcome.readings[ONLY_PART] is not None
    assert 0 == poll.outcome.dropped


async def test_a_date_that_is_none_fails_the_poll() -> None:
    """The ticket may be the oldest one: no ages are better than such that look too good."""
    bench = Bench()
    bench.whmcs.answers[TICKETS] = tickets(
        ("A", 1, ago(HOUR, bench)), ("B", 1, "0000-00-00 00:00:00")
    )

    poll = await bench.poll(bench.waiting())

    assert isinstance(poll.error, SchemaMismatch)
    assert {} == poll.outcome.readings


async def test_a_role_without_the_action() -> None:
    """The refusal is the source's, and the next poll leaves WHMCS alone."""
    bench = Bench()
    bench.whmcs.answers[TICKETS] = PermissionMissing("not allowed")
    source = bench.waiting()

    first, second = await bench.poll(source), await bench.poll(source)

    assert isinstance(first.error, PermissionMissing)
    assert second.error is not None
    assert ("permission", 1) == (second.error.reason, bench.whmcs.made()[TICKETS])


async def test_all_pages_within_the_polls_time() -> None:
    """Pages that take too long together fail the poll, before the next one is due."""
    bench = Bench(interval=60.0)
    rows = [(str(number), 1, ago(HOUR, bench)) for number in range(20)]
    bench.whmcs.answers[TICKETS] = lambda call: page_of(rows, call)
    bench.whmcs.seconds = 9.0
    task = asyncio.create_task(bench.poller(bench.waiting(page_size=1)).poll())

    await bench.clock.advance(60)
    await task

    assert isinstance(bench.polls[-1].error, TimedOut)
    assert 57.0 == bench.polls[-1].duration

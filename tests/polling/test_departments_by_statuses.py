"""The source ``departments``: GetSupportDepartments, then GetSupportStatuses for each."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from exporter.polling.labels import Selection
from exporter.polling.readings import Departments, DepartmentTickets
from exporter.polling.source import ONLY_PART, Limits
from exporter.whmcs.errors import HTTPStatus, RateLimited
from tests.polling.outside import (
    DEPARTMENTS,
    STATUSES,
    Answer,
    Bench,
    Call,
    departments,
    statuses,
)

if TYPE_CHECKING:
    from exporter.polling.poll import Poll
    from exporter.whmcs.document import JSON


def rows(reading: object) -> tuple[DepartmentTickets, ...]:
    """Return the departments of a reading that must have some."""
    assert isinstance(reading, Departments)
    return reading.departments


@pytest.mark.parametrize(
    ("ignore", "parameters"), [(True, {"ignore_dept_assignments": "1"}), (False, {})]
)
async def test_parameters(*, ignore: bool, parameters: dict[str, str]) -> None:
    """The flag is spelled otherwise than in GetTicketCounts, and is 1 or left out."""
    bench = Bench()

    await bench.poll(bench.departments(ignore_department_assignments=ignore))

    assert [
        (DEPARTMENTS, parameters),
        (STATUSES, {"deptid": "1"}),
        (STATUSES, {"deptid": "2"}),
    ] == [(call.action, call.parameters) for call in bench.whmcs.calls]


async def test_answers_become_one_reading() -> None:
    """Numbers and names come from one action, statuses from the other."""
    bench = Bench()
    bench.whmcs.answers[DEPARTMENTS] = departments(d7="Billing &amp; Abuse", d9="")
    bench.whmcs.answers[STATUSES] = lambda call: statuses(
        ("Open", int(call.parameters["deptid"])), ("Customer-Reply", 0)
    )

    poll = await bench.poll(bench.departments())

    assert None is poll.error
    assert (
        DepartmentTickets(
            id=7,
            name="Billing & Abuse",
            awaiting_reply=3,
            open=5,
            active=None,
            statuses={"Open": 7, "Customer-Reply": 0},
        ),
        DepartmentTickets(
            id=9,
            name="(untitled)",
            awaiting_reply=3,
            open=5,
            active=None,
            statuses={"Open": 9, "Customer-Reply": 0},
        ),
    ) == rows(poll.outcome.readings[ONLY_PART])


async def test_no_departments_is_a_success() -> None:
    """A site without departments has an empty reading, so that old ones do not linger."""
    bench = Bench()
    bench.whmcs.answers[DEPARTMENTS] = {"result": "success", "departments": []}

    poll = await bench.poll(bench.departments())

    assert None is poll.error
    assert {ONLY_PART: Departments(())} == poll.outcome.readings


async def test_unwanted_departments_are_not_asked_for() -> None:
    """The filter is by id and saves calls."""
    bench = Bench()
    bench.whmcs.answers[DEPARTMENTS] = departments(d1="a", d2="b", d3="c")
    wanted = Selection(frozenset({1, 2}), frozenset({2}))

    poll = await bench.poll(bench.departments(departments=wanted))

    assert [1] == [row.id for row in rows(poll.outcome.readings[ONLY_PART])]
    assert {DEPARTMENTS: 1, STATUSES: 1} == bench.whmcs.made()


async def test_unwanted_statuses_are_left_out() -> None:
    """The filter of statuses touches no other number."""
    bench = Bench()

    poll = await bench.poll(bench.departments(statuses=Selection(frozenset({"Answered"}))))

    reading = rows(poll.outcome.readings[ONLY_PART])
    assert [({"Answered": 1}, 5)] * 2 == [(row.statuses, row.open) for row in reading]


async def test_collisions_are_added_up_within_each_department() -> None:
    """One title in two departments is no collision; in one it is."""
    bench = Bench()
    bench.whmcs.answers[STATUSES] = statuses(("Open", 1), ("Open", 2), ("Closed", 4))

    poll = await bench.poll(bench.departments())

    assert 2 == poll.outcome.collisions
    assert [{"Open": 3, "Closed": 4}] * 2 == [
        row.statuses for row in rows(poll.outcome.readings[ONLY_PART])
    ]


@pytest.mark.parametrize(
    ("limits", "dropped", "calls"),
    [
        (Limits(departments=1, statuses=200), 4, 1),
        (Limits(departments=2, statuses=1), 8, 3),
    ],
)
async def test_reading_beyond_a_limit_is_withheld_whole(
    limits: Limits, dropped: int, calls: int
) -> None:
    """The poll succeeds, and no half of it is published; too many departments cost no calls."""
    bench = Bench()

    poll = await bench.poll(bench.departments(limits=limits))

    assert None is poll.error
    assert {ONLY_PART: None} == poll.outcome.readings
    assert (dropped, calls) == (poll.outcome.dropped, len(bench.whmcs.calls))


async def test_reading_within_the_limits_is_published() -> None:
    """Exactly as much as allowed is not too much."""
    bench = Bench()

    poll = await bench.poll(bench.departments(limits=Limits(departments=2, statuses=2)))

    assert 2 == len(rows(poll.outcome.readings[ONLY_PART]))
    assert 0 == poll.outcome.dropped


@pytest.mark.parametrize("seconds", [0.0, 1.0])
async def test_first_failure_ends_the_other_calls(seconds: float) -> None:
    """Calls under way are given up, and those that wait for their turn are never made."""
    bench = Bench(max_concurrency=2)
    names = {f"d{number}": "Sales" for number in range(1, 9)}
    bench.whmcs.answers[DEPARTMENTS] = departments(**names)
    held_open: asyncio.Future[dict[str, JSON]] = asyncio.get_running_loop().create_future()

    def answer(call: Call) -> Answer:
        return HTTPStatus("HTTP 500") if call.parameters["deptid"] == "1" else held_open

    bench.whmcs.answers[STATUSES] = answer
    bench.whmcs.seconds = seconds
    polling = asyncio.create_task(bench.poll(bench.departments()))
    await bench.clock.advance(10)
    poll = await polling

    assert isinstance(poll.error, HTTPStatus)
    assert {DEPARTMENTS: 1, STATUSES: 2} == bench.whmcs.made()
    assert 0 == bench.whmcs.under_way
    assert ({"http_status": 1}, {}) == (poll.tally.failures, poll.outcome.readings)


async def poll_failing_together(bench: Bench, *errors: Exception) -> Poll:
    """Poll as many departments as there are errors; all calls fail in one turn of the loop."""
    loop = asyncio.get_running_loop()
    ends: list[asyncio.Future[dict[str, JSON]]] = [loop.create_future() for _ in errors]
    bench.whmcs.answers[STATUSES] = lambda call: ends[int(call.parameters["deptid"]) - 1]
    polling = asyncio.create_task(bench.poll(bench.departments()))
    await bench.clock.settle()
    for end, error in zip(ends, errors, strict=True):
        end.set_exception(error)
    return await polling


async def test_several_failures_at_once_are_told_by_the_first() -> None:
    """Calls that fail together are one failed poll, each counted."""
    bench = Bench(max_concurrency=2)

    poll = await poll_failing_together(bench, HTTPStatus("first"), HTTPStatus("second"))

    assert ["first"] == [str(failure) for failure in poll.outcome.failed]
    assert {"http_status": 2} == poll.tally.failures


async def test_bug_beside_a_failure_is_raised() -> None:
    """What nobody foresaw is not swallowed by a failure that was."""
    bench = Bench(max_concurrency=2)

    with pytest.raises(ExceptionGroup) as raised:
        await poll_failing_together(bench, HTTPStatus("HTTP 500"), ZeroDivisionError())

    assert raised.group_contains(ZeroDivisionError)
    assert [] == bench.polls


async def test_silence_that_begins_meanwhile_ends_the_poll() -> None:
    """A server that asked for silence gets it in the middle of a poll too."""
    bench = Bench(max_concurrency=1)
    bench.whmcs.answers[STATUSES] = RateLimited("HTTP status 429", 60)

    poll = await bench.poll(bench.departments())

    assert isinstance(poll.error, RateLimited)
    assert {DEPARTMENTS: 1, STATUSES: 1} == bench.whmcs.made()

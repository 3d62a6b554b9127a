"""The log while thousands of sources change their state at once."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from exporter.polling.reporter import (
    COLLIDES,
    FAILS,
    LINES_A_MINUTE,
    SUCCEEDS,
    TOO_LARGE,
    Lines,
)
from exporter.polling.source import Limits
from exporter.whmcs.errors import ConnectFailed, TimedOut
from tests.fake_clock import FakeClock
from tests.polling.outside import COUNTS, Answer, Bench, ticket_counts

if TYPE_CHECKING:
    from exporter.polling.poller import Poller

SITES = 2_000
FEW = Limits(departments=500, statuses=2)
REFUSED, SILENT = ConnectFailed("connection refused"), TimedOut("no answer within 10 s")


@dataclass
class Fleet:
    """Two thousand sites that write into one log."""

    clock: FakeClock = field(default_factory=FakeClock)
    sites: list[tuple[Bench, Poller]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Wire them to the same lines."""
        self.lines = Lines(self.clock)
        for _ in range(SITES):
            bench = Bench(clock=self.clock)
            bench.lines = self.lines
            self.sites.append((bench, bench.poller(bench.ticket_counts(limits=FEW))))

    async def poll(self, *answers: Answer) -> None:
        """Poll every site within the same minute; the answers go round."""
        for number, (bench, poller) in enumerate(self.sites):
            bench.whmcs.answers[COUNTS] = answers[number % len(answers)]
            await poller.poll()


def said(caplog: pytest.LogCaptureFixture) -> Counter[str]:
    """Return how many lines there are of each message, and forget them."""
    counts = Counter(record.getMessage() for record in caplog.records)
    caplog.clear()
    return counts


def summary(caplog: pytest.LogCaptureFixture) -> dict[str, object]:
    """Return level, message and facts of the one line there is, and forget it."""
    (record,) = caplog.records
    caplog.clear()
    assert "the landing page and /api/v1/sites have all of them" == record.__dict__["hint"]
    facts = {name: record.__dict__[name] for name in ("more", "about")}
    return {"level": record.levelname, "message": record.getMessage(), **facts}


@pytest.fixture
def fleet(caplog: pytest.LogCaptureFixture) -> Fleet:
    """Return a fleet whose log is seen from `info` on."""
    caplog.set_level(logging.INFO)
    return Fleet()


async def test_two_thousand_sites_that_fail_and_recover_at_once(
    fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    """Each time the first twenty are told, and the rest in one line at the minute's end."""
    running = asyncio.create_task(fleet.lines.run())
    rest = SITES - LINES_A_MINUTE
    good = ticket_counts()
    for answers, message, level, about in (
        ([good], SUCCEEDS, "INFO", f"ok {rest}"),
        ([REFUSED, REFUSED, REFUSED, SILENT], FAILS, "WARNING", "connect 1485, timeout 495"),
        ([good], SUCCEEDS, "INFO", f"ok {rest}"),
    ):
        await fleet.poll(*answers)
        assert {message: LINES_A_MINUTE} == said(caplog)
        await fleet.clock.advance(60)
        expected = {"level": level, "message": message, "more": rest, "about": about}
        assert expected == summary(caplog)
    running.cancel()


async def test_failures_are_told_among_thousands_that_succeed(
    fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    """At the start all that is well must not crowd out what is not."""
    await fleet.poll(*[ticket_counts()] * 199, REFUSED)

    assert {SUCCEEDS: LINES_A_MINUTE, FAILS: 10} == said(caplog)


async def test_quiet_minutes_have_no_line(fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing left out is nothing said; and a minute's lines are no burden for the next."""
    running = asyncio.create_task(fleet.lines.run())
    bench, poller = fleet.sites[0]
    for number in range(100):
        bench.whmcs.answers[COUNTS] = ticket_counts() if number % 2 else REFUSED
        await poller.poll()
        await fleet.clock.advance(60)
    running.cancel()

    assert {SUCCEEDS: 50, FAILS: 50} == said(caplog)


async def test_the_end_of_the_program_does_not_swallow_the_rest(
    fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    """What was left out is summed up before the minute is over when everything ends."""
    running = asyncio.create_task(fleet.lines.run())
    await fleet.poll(SILENT)
    await fleet.clock.settle()
    said(caplog)
    running.cancel()
    await fleet.clock.settle()

    rest = SITES - LINES_A_MINUTE
    expected = {"level": "WARNING", "message": FAILS, "more": rest, "about": f"timeout {rest}"}
    assert expected == summary(caplog)


@pytest.mark.parametrize(
    ("statuses", "message", "about"),
    [
        ({"\0": 1, "\x01": 2}, COLLIDES, "collisions"),
        ({"a": 1, "b": 2, "c": 3}, TOO_LARGE % "limits", "limits"),
    ],
)
async def test_what_thousands_of_readings_lack_is_summed_up(
    statuses: dict[str, int],
    message: str,
    about: str,
    fleet: Fleet,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Also lines that are about no failure are few."""
    await fleet.poll(ticket_counts())
    fleet.lines.sum_up()
    caplog.clear()
    await fleet.poll(ticket_counts(statuses))
    assert {message: LINES_A_MINUTE} == said(caplog)
    fleet.lines.sum_up()
    rest = SITES - LINES_A_MINUTE
    expected = {"level": "WARNING", "message": message, "more": rest, "about": f"{about} {rest}"}
    assert expected == summary(caplog)

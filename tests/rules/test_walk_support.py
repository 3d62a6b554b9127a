"""A day of support: alerts about tickets fire on a real Prometheus, and their pages lead on."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site
from tests.history.backfill import blocks
from tests.process import configuration
from tests.process.page import get, ready
from tests.process.program import ANYWHERE
from tests.process.truth import series
from tests.rules import hurried
from tests.rules.on_call import fires, first_steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exporter.simulator.state import DeskState
    from tests.process.program import Launcher

_START = datetime(2026, 3, 4, 11, tzinfo=UTC)
# Four hours are 36 seconds, and an hour is nine.
_QUICK = partial(hurried.hurried, times=400)
_DAYS_THAT_COUNT = (1, 7, 14, 21)
_AROUND = range(-4200, 4200, 600)


def _desk(name: str, tickets_per_day: float | None = None) -> HelpDesk:
    return HelpDesk(name, seed=7, start=_START, departments=2, tickets_per_day=tickets_per_day)


def _simulator(*names: str) -> Simulator:
    sites = [Site(desk=_desk(name)) for name in names]
    return Simulator(sites, FastClock(0, _START), slow_seconds=0.6)


async def test_slow_polls_a_lost_department_and_one_that_nobody_attends(
    launcher: Launcher, tmp_path: Path
) -> None:
    """One site answers late, one loses a department, and in one tickets lie about."""
    async with _simulator("slow", "shrunk", "idle") as simulator:
        slow, shrunk, idle = (
            configuration.site(simulator.url(name), name=name) for name in simulator.sites
        )
        # All calls of both sources would take longer than the interval, and fail.
        slow["sources"] = ["ticket_counts"]
        file = configuration.write(tmp_path / "config.yml", slow, shrunk, idle)
        url = await ready(launcher.exporter(f"--config.file={file}", ANYWHERE))
        target = url.removeprefix("http://")
        prometheus = await hurried.start(launcher, tmp_path, target, _QUICK)

        simulator.fault("slow", "slow")
        await fires(prometheus, {("WHMCSPollSlow", "slow")})
        of_interval, *_ = await first_steps(prometheus, "WHMCSPollSlow", _QUICK)
        assert of_interval[series("", site="slow", source="ticket_counts")] > 0.5
        simulator.fault("slow", None)
        await fires(prometheus, set())

        gone = simulator.sites["shrunk"].desk.state().departments[2]
        simulator.sites["shrunk"].desk.remove_department(2)
        await fires(prometheus, {("WHMCSDepartmentsChanged", "shrunk")})
        fewer, missing = await first_steps(prometheus, "WHMCSDepartmentsChanged", _QUICK)
        assert {series("", site="shrunk"): -1.0} == fewer
        assert {series("", site="shrunk", department_id="2", department=gone)} == missing.keys()
        # It ends by itself, and by then the third site's tickets have waited for four hours.
        await fires(prometheus, {("WHMCSDepartmentUnattended", "idle")})
        waiting, decreases = await first_steps(prometheus, "WHMCSDepartmentUnattended", _QUICK)
        assert {"idle"} == {dict(labels)["site"] for _, labels in waiting}
        assert {0.0} == {count for key, count in decreases.items() if key in waiting}

        simulator.sites["idle"].desk.advance(_START + timedelta(hours=1))
        await fires(prometheus, set())
        assert [] == prometheus.complaints


def _weeks(exposition: str, now: float) -> Iterator[str]:
    """Yield the tickets of an exposition as they were a day and some weeks before, around now."""
    lines = [line for line in exposition.splitlines() if line.startswith("whmcs_")]
    for days in sorted(_DAYS_THAT_COUNT, reverse=True):
        for seconds in _AROUND:
            at = now - days * 86_400 + seconds
            yield from (f"{line} {at:.0f}\n" for line in lines if "tickets" in line)
    yield "# EOF\n"


def _grown(before: DeskState, after: DeskState) -> dict[str, float]:
    """Return how many more tickets are active, by the department's name."""
    return {
        name: after.active_by_department[number] - before.active_by_department[number]
        for number, name in before.departments.items()
    }


async def test_more_tickets_than_in_the_weeks_before(launcher: Launcher, tmp_path: Path) -> None:
    """After three weeks like each other a storm of tickets comes, and is worked off."""
    async with _simulator("acme") as simulator:
        site = configuration.site(simulator.url("acme"))
        file = configuration.write(tmp_path / "config.yml", site)
        url = await ready(launcher.exporter(f"--config.file={file}", ANYWHERE))
        text = tmp_path / "weeks"
        now = (await get(f"{url}/metrics")).text
        text.write_text("".join(_weeks(now, time.time())), encoding="utf-8")
        blocks(text, tmp_path / "prometheus")
        target = url.removeprefix("http://")
        prometheus = await hurried.start(launcher, tmp_path, target, hurried.impatient)
        await fires(prometheus, set())

        quiet, storm = simulator.sites["acme"].desk, _desk("acme", tickets_per_day=200)
        simulator.sites["acme"].desk = storm
        await fires(
            prometheus, {("WHMCSBacklogGrowing", "acme"), ("WHMCSAwaitingReplyHigh", "acme")}
        )
        by_department, by_status = await first_steps(prometheus, "WHMCSBacklogGrowing")
        assert _grown(quiet.state(), storm.state()) == {
            dict(labels)["department"]: count for (_, labels), count in by_department.items()
        }
        assert max(by_status.values()) > 10
        ratio, where, nobody_on_it = await first_steps(prometheus, "WHMCSAwaitingReplyHigh")
        expected = storm.state().awaiting / quiet.state().awaiting
        assert {series("", site="acme"): expected} == ratio
        assert where.keys() == nobody_on_it.keys()

        simulator.sites["acme"].desk = quiet
        await fires(prometheus, set())
        assert [] == prometheus.complaints

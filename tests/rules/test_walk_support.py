"""A day of support: alerts about tickets fire on a real Prometheus, and their pages lead on."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site
from tests.history.backfill import blocks
from tests.process import configuration
from tests.process.page import get, ready
from tests.process.program import ANYWHERE, eventually
from tests.process.truth import series
from tests.rules import hurried
from tests.rules.on_call import Firing, fires, first_steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exporter.simulator.state import DeskState
    from tests.process.program import Launcher
    from tests.real.prometheus import Prometheus

_START = datetime(2026, 3, 4, 11, tzinfo=UTC)
# So soon nobody attends, however long the rest of the test takes.
_UNATTENDED: Firing = {("WHMCSDepartmentUnattended", "idle")}
_DAYS_THAT_COUNT = (1, 7, 14, 21)
_AROUND = range(-4200, 4200, 600)


def _quick(rules: str) -> str:
    """Return rules in which four hours are 36 seconds.

    An hour back is 18: the alert that ends by itself then has to be seen before, and would be over
    after nine seconds, which a busy machine may let pass without a look.
    """
    return hurried.hurried(rules.replace("offset 1h", "offset 2h"), times=400)


def _desk(name: str, tickets_per_day: float | None = None) -> HelpDesk:
    return HelpDesk(name, seed=7, start=_START, departments=2, tickets_per_day=tickets_per_day)


def _simulator(*names: str) -> Simulator:
    sites = [Site(desk=_desk(name)) for name in names]
    return Simulator(sites, FastClock(0, _START), slow_seconds=0.6)


async def _assert_its_page_tells_what_is_slow(prometheus: Prometheus) -> None:
    of_interval, *_ = await first_steps(prometheus, "WHMCSPollSlow", _quick)
    assert of_interval.get(series("", site="slow", source="ticket_counts"), 0.0) > 0.5


async def _assert_something_is_known_of_an_hour_ago(prometheus: Prometheus) -> None:
    assert await prometheus.query(_quick("whmcs_departments_visible offset 1h"))


async def _assert_its_page_tells_what_is_gone(prometheus: Prometheus, department: str) -> None:
    fewer, missing = await first_steps(prometheus, "WHMCSDepartmentsChanged", _quick)
    assert {series("", site="shrunk"): -1.0} == fewer
    assert {series("", site="shrunk", department_id="2", department=department)} == missing.keys()


async def _assert_its_page_tells_who_waits(prometheus: Prometheus) -> None:
    waiting, decreases = await first_steps(prometheus, "WHMCSDepartmentUnattended", _quick)
    assert {"idle"} == {dict(labels)["site"] for _, labels in waiting}
    assert {0.0} == {count for key, count in decreases.items() if key in waiting}


@pytest.mark.slow
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
        prometheus = await hurried.start(launcher, tmp_path, target, _quick)

        simulator.fault("slow", "slow")
        await fires(prometheus, {("WHMCSPollSlow", "slow")}, besides=_UNATTENDED)
        await eventually(partial(_assert_its_page_tells_what_is_slow, prometheus))
        simulator.fault("slow", None)
        await fires(prometheus, set(), besides=_UNATTENDED)

        # Before that the alert would begin later, but end no later.
        await eventually(partial(_assert_something_is_known_of_an_hour_ago, prometheus))
        gone = simulator.sites["shrunk"].desk.state().departments[2]
        simulator.sites["shrunk"].desk.remove_department(2)
        await fires(prometheus, {("WHMCSDepartmentsChanged", "shrunk")}, besides=_UNATTENDED)
        await eventually(partial(_assert_its_page_tells_what_is_gone, prometheus, gone))
        # It ends by itself, and by then the third site's tickets have waited for four hours.
        await fires(prometheus, _UNATTENDED)
        await eventually(partial(_assert_its_page_tells_who_waits, prometheus))

        simulator.sites["idle"].desk.advance(_START + timedelta(hours=1))
        await fires(prometheus, set())
        assert [] == prometheus.complaints


async def _exposition(url: str) -> str:
    """Return what is published while no ticket is withheld because polls were too slow."""
    text = (await get(f"{url}/metrics")).text
    assert "\nwhmcs_tickets_active{" in text
    assert "\nwhmcs_department_tickets_open{" in text
    return text


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


async def _assert_their_pages_tell_where_and_how_many(
    prometheus: Prometheus, before: DeskState, after: DeskState
) -> None:
    by_department, by_status = await first_steps(prometheus, "WHMCSBacklogGrowing")
    assert _grown(before, after) == {
        dict(labels)["department"]: count for (_, labels), count in by_department.items()
    }
    assert max(by_status.values(), default=0.0) > 10
    ratio, where, nobody_on_it = await first_steps(prometheus, "WHMCSAwaitingReplyHigh")
    assert {series("", site="acme"): after.awaiting / before.awaiting} == ratio
    assert where.keys() == nobody_on_it.keys()


@pytest.mark.slow
async def test_more_tickets_than_in_the_weeks_before(launcher: Launcher, tmp_path: Path) -> None:
    """After three weeks like each other a storm of tickets comes, and is worked off."""
    async with _simulator("acme") as simulator:
        site = configuration.site(simulator.url("acme"))
        file = configuration.write(tmp_path / "config.yml", site)
        url = await ready(launcher.exporter(f"--config.file={file}", ANYWHERE))
        text = tmp_path / "weeks"
        now = await eventually(partial(_exposition, url))
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
        states = quiet.state(), storm.state()
        await eventually(partial(_assert_their_pages_tell_where_and_how_many, prometheus, *states))

        simulator.sites["acme"].desk = quiet
        await fires(prometheus, set())
        assert [] == prometheus.complaints

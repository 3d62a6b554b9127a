"""A forgotten customer: the alert fires on a real Prometheus until somebody answers."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import pytest

from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site
from tests.process import configuration
from tests.process.page import ready
from tests.process.program import ANYWHERE, eventually
from tests.rules import hurried
from tests.rules.on_call import fires, first_steps

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.process.program import Launcher
    from tests.real.prometheus import Prometheus

_DAY = 24 * 60 * 60
_START = datetime(2026, 3, 4, 11, tzinfo=UTC)
_WAITING = {"sources": ["ticket_counts", "waiting"], "waiting": {"timezone": "UTC"}}


def _desk(tickets_per_day: float | None = None) -> HelpDesk:
    return HelpDesk("acme", seed=7, start=_START, departments=2, tickets_per_day=tickets_per_day)


async def _assert_its_page_tells_the_ages(
    prometheus: Prometheus, oldest: Mapping[str, float]
) -> None:
    ages, by_age = await first_steps(prometheus, "WHMCSTicketWaitingTooLong")
    told = {dict(labels)["department"]: age for (_, labels), age in ages.items()}
    assert oldest.keys() == told.keys() == {dict(labels)["department"] for _, labels in by_age}
    assert min(told.values()) > _DAY
    # Asked at one moment, and WHMCS's dates have whole seconds.
    first, second = oldest
    assert int(oldest[second]) - int(oldest[first]) == round(told[first] - told[second])


@pytest.mark.slow
async def test_a_customer_who_was_forgotten(launcher: Launcher, tmp_path: Path) -> None:
    """The desk stands still since March; its page's queries name the departments and the ages."""
    desk = _desk()
    awaiting = {status.title for status in desk.state().statuses if status.awaiting}
    oldest = {
        name: min(
            ticket.last_reply.timestamp()
            for ticket in desk.open_tickets()
            if ticket.department_id == number and ticket.status in awaiting
        )
        for number, name in desk.state().departments.items()
    }
    async with Simulator([Site(desk=desk)], FastClock(0, _START)) as simulator:
        site = configuration.site(simulator.url("acme"), **_WAITING)
        site["waiting"]["interval"] = "1s"
        file = configuration.write(tmp_path / "config.yml", site)
        url = await ready(launcher.exporter(f"--config.file={file}", ANYWHERE))
        target = url.removeprefix("http://")
        prometheus = await hurried.start(launcher, tmp_path, target, hurried.impatient)
        await fires(prometheus, {("WHMCSTicketWaitingTooLong", "acme")})
        await eventually(partial(_assert_its_page_tells_the_ages, prometheus, oldest))

        simulator.sites["acme"].desk = _desk(tickets_per_day=0.001)
        await fires(prometheus, set())
        assert [] == prometheus.complaints

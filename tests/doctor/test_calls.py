"""How often the doctor calls WHMCS: as little as tells what is wrong, since WHMCS bans."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from exporter.simulator.access import Access
from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site
from tests.doctor.clinic import checkup, checkups
from tests.doctor.conftest import START
from tests.process import configuration

if TYPE_CHECKING:
    from pathlib import Path

COUNTS, DEPARTMENTS, STATUSES = "GetTicketCounts", "GetSupportDepartments", "GetSupportStatuses"
BILLING = {"name": "Billing", "identifier": "simulated-dept-2", "secret": "simulated"}
WRONG = {"name": "Sales", "identifier": "simulated-dept-1", "secret": "wrong"}


def _calls(simulator: Simulator) -> Counter[str]:
    """Count the calls by action."""
    return Counter({action: count for (_, action), count in simulator.calls.items()})


async def test_each_action_once(simulator: Simulator, tmp_path: Path) -> None:
    """One call of each action is enough, however many departments there are."""
    await checkup(tmp_path, simulator.url("acme"))
    expected = Counter([COUNTS, DEPARTMENTS, STATUSES, "WhmcsDetails"])
    assert expected == _calls(simulator)


async def test_only_the_sources_actions(simulator: Simulator, tmp_path: Path) -> None:
    """What no source needs is not called."""
    await checkup(tmp_path, simulator.url("acme"), sources=["ticket_counts"])
    assert Counter([COUNTS, "WhmcsDetails"]) == _calls(simulator)


@pytest.mark.parametrize(
    "fault",
    [
        *("invalid-ip", "invalid-ip-text", "banned", "bad-credentials", "disabled-admin"),
        *("rate-limit", "maintenance", "redirect", "cloudflare", "html", "reset", "http-500"),
    ],
)
async def test_nothing_after_a_refusal(fault: str, simulator: Simulator, tmp_path: Path) -> None:
    """After a refusal that every call would meet there is no second one."""
    simulator.fault("acme", fault)
    await checkup(tmp_path, simulator.url("acme"))
    assert Counter([COUNTS]) == _calls(simulator)


async def test_refused_credentials_are_not_tried_again(
    simulator: Simulator, tmp_path: Path
) -> None:
    """A refused credential rests, and the others are still tried: once each."""
    keys = WRONG | {"departments": {"by": "credentials", "credentials": [BILLING, WRONG]}}
    found = await checkup(tmp_path, simulator.url("acme"), **(keys | {"name": "acme"}))
    assert Counter({COUNTS: 3}) == _calls(simulator)
    marks = {step.name: str(step.mark) for step in found.steps[3:]}
    assert {
        "GetTicketCounts": "FAIL",
        "GetTicketCounts (Billing)": "ok",
        "GetTicketCounts (Sales)": "FAIL",
        "clock": "ok",
        "version": "-",
    } == marks


async def test_one_permission_says_nothing_of_another(
    simulator: Simulator, site: Site, tmp_path: Path
) -> None:
    """An action that is refused keeps no other from being tried: all that lack are named."""
    site.access = Access(permissions=frozenset({DEPARTMENTS}))
    found = await checkup(tmp_path, simulator.url("acme"))
    (advice,) = found.advice
    assert "lacks GetTicketCounts, GetSupportStatuses." in advice.cause


async def test_many_sites_one_after_another_twenty_at_once(tmp_path: Path) -> None:
    """Sites are independent: each is examined, and the order is the configuration's."""
    names = [f"site-{number}" for number in range(50)]
    sites = [Site(desk=HelpDesk(name, seed=1, start=START, departments=1)) for name in names]
    async with Simulator(sites, FastClock(0, START)) as simulator:
        simulator.fault("site-7", "bad-credentials")
        configured = [configuration.site(simulator.url(name), name=name) for name in names]
        found = await checkups(tmp_path, *configured)
    assert names == [each.site for each in found]
    assert ["site-7"] == [each.site for each in found if each.failed]

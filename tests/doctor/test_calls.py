"""How often the doctor calls WHMCS: as little as tells what is wrong, since WHMCS bans."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
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
from tests.process.configuration import UNHURRIED
from tests.whmcs.server import answer, serving

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
    """A rejected credential is sent once, wherever it is configured; the others are still tried."""
    keys = WRONG | {"departments": {"by": "credentials", "credentials": [BILLING, WRONG]}}
    found = await checkup(tmp_path, simulator.url("acme"), **(keys | {"name": "acme"}))
    assert Counter({COUNTS: 2}) == _calls(simulator)
    marks = {step.name: str(step.mark) for step in found.steps[3:]}
    assert {
        "GetTicketCounts": "FAIL",
        "GetTicketCounts (Billing)": "ok",
        "GetTicketCounts (Sales)": "-",
        "clock": "ok",
        "version": "-",
    } == marks


async def test_there_is_no_third_refused_login(simulator: Simulator, tmp_path: Path) -> None:
    """WHMCS bans an address for it, so even a good credential waits for the next time."""
    credentials = [WRONG | {"secret": "wrong, too"}, WRONG | {"name": "Support"}, BILLING]
    departments = {"by": "credentials", "credentials": credentials}
    keys = WRONG | {"name": "acme", "departments": departments}
    found = await checkup(tmp_path, simulator.url("acme"), **keys)
    assert Counter({COUNTS: 2}) == _calls(simulator)
    assert ["FAIL", "FAIL", "-", "-", "ok", "-"] == [str(step.mark) for step in found.steps[3:]]


async def test_one_permission_says_nothing_of_another(
    simulator: Simulator, site: Site, tmp_path: Path
) -> None:
    """An action that is refused keeps no other from being tried: all that lack are named."""
    site.access = Access(permissions=frozenset({DEPARTMENTS}))
    found = await checkup(tmp_path, simulator.url("acme"))
    (advice,) = found.advice
    assert "lacks GetTicketCounts, GetSupportStatuses." in advice.cause


async def test_each_credential_has_its_own_advice(
    simulator: Simulator, site: Site, tmp_path: Path
) -> None:
    """Two roles that lack the same action are two things to do."""
    site.access = Access(permissions=frozenset())
    departments = {"by": "credentials", "credentials": [BILLING]}
    found = await checkup(tmp_path, simulator.url("acme"), departments=departments)
    assert [
        "The API role of the site's credential lacks GetTicketCounts.",
        "The API role of the credential of Billing lacks GetTicketCounts.",
    ] == [advice.cause for advice in found.advice]


async def test_twenty_sites_at_once(tmp_path: Path) -> None:
    """Thousands of sites would need more connections than there are, so they take turns."""
    under_way, most = 0, 0
    crowd = asyncio.Event()

    async def script(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if under_way == 20:
            # Whoever else may come would have come by then.
            for _ in range(1000):
                await asyncio.sleep(0)
            crowd.set()
        await crowd.wait()
        under_way -= 1
        writer.write(answer(b"{}"))

    async with AsyncExitStack() as stack:
        # A server each: on one host untested credentials are sent one at a time.
        servers = [await stack.enter_async_context(serving(script)) for _ in range(60)]
        sites = [
            configuration.site(server.address, name=f"site-{number}", **UNHURRIED)
            for number, server in enumerate(servers)
        ]
        found = await checkups(tmp_path, *sites)
    assert 20 == most
    assert {("schema",)} == {each.reasons for each in found}


async def test_many_sites(tmp_path: Path) -> None:
    """Sites are independent: each is examined, and the order is the configuration's."""
    names = [f"site-{number}" for number in range(50)]
    sites = [Site(desk=HelpDesk(name, seed=1, start=START, departments=1)) for name in names]
    async with Simulator(sites, FastClock(0, START)) as simulator:
        simulator.fault("site-7", "bad-credentials")
        configured = [
            configuration.site(simulator.url(name), name=name, **UNHURRIED) for name in names
        ]
        found = await checkups(tmp_path, *configured)
    assert names == [each.site for each in found]
    assert ["site-7"] == [each.site for each in found if each.failed]

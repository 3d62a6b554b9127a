"""The source ``waiting`` in the whole program: its own pace, and nothing of any customer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from exporter.simulator.faults import Fault
from exporter.simulator.mishaps import body
from tests.exposition_check import value
from tests.process import configuration
from tests.process.page import get, ready
from tests.process.program import ANYWHERE, Launcher, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from exporter.simulator.server import Simulator

# What the simulator tells of customers, and every number of a ticket.
PERSONAL = ("Simulated Customer", "simulated.invalid", "Simulated Subject", "SIM-")
PAGES = ("/metrics", "/", "/api/v1/sites", "/probe?target=acme&max_age=1h")
WAITING = {"timezone": "UTC", "interval": "1s"}


def without_a_date(answer: bytes) -> bytes:
    """Let the first ticket have MySQL's date that is none."""
    document = json.loads(answer)
    for ticket in document.get("tickets", {}).get("ticket", [])[:1]:
        ticket["lastreply"] = "0000-00-00 00:00:00"
    return json.dumps(document).encode()


def with_odd_numbers(answer: bytes) -> bytes:
    """Let departments of tickets be their customers' names."""
    document = json.loads(answer)
    for ticket in document.get("tickets", {}).get("ticket", []):
        ticket["deptid"] = ticket["name"]
    return json.dumps(document).encode()


BROKEN = {
    "no date": Fault("no-date", "a ticket without a date", body(without_a_date)),
    "names for numbers": Fault("names", "names for ids", body(with_odd_numbers)),
    "refused": Fault(
        "refused",
        "a refusal that repeats nothing",
        body(lambda _: b'{"result": "error", "message": "No"}'),
    ),
}


async def test_it_has_a_pace_of_its_own(
    launcher: Launcher, simulator: Simulator, tmp_path: Path
) -> None:
    """It is polled again and again while the site's other source waits for its minute."""
    site = configuration.site(
        simulator.url("acme"),
        **configuration.UNHURRIED | {"timeout": "900ms"},
        sources=["waiting"],
        waiting=WAITING,
    )
    path = configuration.write(tmp_path / "config.yml", site)
    url = await ready(launcher.exporter(f"--config.file={path}", ANYWHERE))

    async def look() -> None:
        assert simulator.calls["acme", "GetTickets"] >= 3

    await eventually(look)
    text = (await get(f"{url}/metrics")).text
    name = "whmcs_source_interval_seconds"
    assert 1 == value(text, name, site="acme", source="waiting")
    assert 60 == value(text, name, site="acme", source="ticket_counts")
    assert simulator.calls["acme", "GetTicketCounts"] <= 2


@pytest.mark.parametrize("broken", [None, *BROKEN])
async def test_nothing_of_a_customer_leaves(
    broken: str | None, launcher: Launcher, simulator: Simulator, tmp_path: Path
) -> None:
    """Neither pages nor logs hold a name, an address, a subject or a ticket's number."""
    simulator.sites["acme"].fault = BROKEN[broken] if broken else None
    # What was shown once stays while this process holds up the simulator.
    site = configuration.site(
        simulator.url("acme"), sources=["waiting"], waiting=WAITING, stale_after="60s"
    )
    path = configuration.write(tmp_path / "config.yml", site)
    program = launcher.exporter(f"--config.file={path}", ANYWHERE, "--log.level=debug")
    url = await ready(program)

    async def look() -> None:
        text = (await get(f"{url}/metrics")).text
        success = value(text, "whmcs_source_success", site="acme", source="waiting")
        assert (broken is None) == success

    await eventually(look)
    traces = [(await get(f"{url}{page}")).text for page in PAGES]
    program.interrupt()
    assert 0 == await program.ended()
    traces += [program.stdout, program.stderr]
    found = {each for trace in traces for each in PERSONAL if each.lower() in trace.lower()}
    assert set() == found
    assert any("awaiting_reply_age" in trace for trace in traces) == (broken is None)

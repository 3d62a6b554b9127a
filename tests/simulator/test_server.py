"""The simulator as a server: control, counting, many sites, stopping."""

import asyncio
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site
from tests.simulator.caller import GOOD, Caller
from tests.whmcs.authority import Authority

START = datetime(2026, 3, 4, 11, tzinfo=UTC)


async def test_the_front_page_says_how_to_switch(simulator: Simulator, caller: Caller) -> None:
    """It names the sites, their faults, all faults and the commands."""
    simulator.fault("acme", "deep")
    page = (await caller.request("GET", "/")).body.decode()

    assert f"curl -X PUT -d hang {simulator.url('acme')}fault\n" in page
    assert "  acme  deep\n" in page
    assert "  hang             accepts the request and never answers\n" in page


async def test_the_truth_over_http(site: Site, caller: Caller) -> None:
    """GET /SITE/state is the desk's state."""
    state = site.desk.state()
    told = (await caller.request("GET", "state")).json

    assert state.at.isoformat() == told["at"]
    assert (state.active, state.awaiting, state.flagged) == (
        told["active"],
        told["awaiting"],
        told["flagged"],
    )
    assert state.by_status == {row["title"]: row["count"] for row in told["statuses"]}
    assert dict(state.tickets) == {
        (row["id"], title): count
        for row in told["departments"]
        for title, count in row["tickets"].items()
    }
    assert state.active_by_department == {row["id"]: row["active"] for row in told["departments"]}


async def test_a_fault_is_switched_over_http(caller: Caller) -> None:
    """PUT sets it, GET shows it, DELETE ends it; curl's form type is no hindrance."""
    put = await caller.request("PUT", "fault", "http-503")
    shown = await caller.request("GET", "fault")
    broken = await caller.call("GetTicketCounts")
    deleted = await caller.request("DELETE", "fault")
    mended = await caller.call("GetTicketCounts")

    assert (200, b"http-503: 503 with an HTML page\n") == (put.status, put.body)
    assert b"http-503\n" == shown.body
    assert [503, 204, 200] == [broken.status, deleted.status, mended.status]
    assert b"" == (await caller.request("GET", "fault")).body


async def test_a_wrong_fault_is_refused(caller: Caller) -> None:
    """The answer proposes what may be meant, and nothing changes."""
    answer = await caller.request("PUT", "fault", "hangs")

    assert (400, b"no fault 'hangs'; did you mean 'hang'?\n") == (answer.status, answer.body)
    assert b"" == (await caller.request("GET", "fault")).body


@pytest.mark.parametrize("path", ["state", "fault", "includes/api.php"])
async def test_an_unknown_site_is_not_found(caller: Caller, path: str) -> None:
    """Every path of a site that is not there is 404."""
    answer = await caller.request("GET", f"/nobody/{path}")

    assert (404, b"no site 'nobody'\n") == (answer.status, answer.body)


async def test_calls_are_counted(simulator: Simulator, caller: Caller) -> None:
    """Every call is counted under the action's usual spelling, refused ones too."""
    await caller.call("getticketcounts")
    await caller.call("GetTicketCounts", secret="x")  # noqa: S106 - a wrong one
    await caller.call("Odd")
    await caller.request("GET", "includes/api.php")

    assert {
        ("acme", "GetTicketCounts"): 2,
        ("acme", "Odd"): 1,
        ("acme", ""): 1,
    } == dict(simulator.calls)


async def test_desks_follow_the_clock() -> None:
    """A call sees the desk at the clock's moment."""
    seconds = [0.0]
    site = Site(desk=HelpDesk("acme", seed=1, start=START))
    clock = FastClock(3600, START, monotonic=lambda: seconds[0])
    async with (
        Simulator([site], clock) as simulator,
        aiohttp.ClientSession(simulator.url("acme")) as session,
    ):
        before = (await Caller(session).call("GetTicketCounts")).json
        seconds[0] = 24.0
        after = (await Caller(session).call("GetTicketCounts")).json

    assert START + timedelta(days=1) == site.desk.state().at
    assert site.desk.state().active == after["allActive"]
    assert before != after


async def test_stopping_ends_what_hangs(simulator: Simulator, caller: Caller) -> None:
    """Stop is prompt while requests hang, and leaves no task behind."""
    before = asyncio.all_tasks()
    simulator.fault("acme", "hang")
    async with asyncio.TaskGroup() as group:
        hanging = [group.create_task(_survive(caller)) for _ in range(5)]
        # The calls are counted, not announced: there is no event to wait for.
        while simulator.calls["acme", "GetTicketCounts"] < len(hanging):  # noqa: ASYNC110 - above
            await asyncio.sleep(0)
        # A call hangs for longer than anybody waits.
        async with asyncio.timeout(10):
            await simulator.stop()

    assert asyncio.all_tasks() <= before


async def _survive(caller: Caller) -> None:
    with pytest.raises(aiohttp.ClientError):
        await caller.post(GOOD | {"action": "GetTicketCounts"})


async def test_five_thousand_sites() -> None:
    """They are made at once, and each is warmed up when it is first asked."""
    begin = time.process_time()
    sites = [Site(desk=HelpDesk(f"site-{n}", seed=1, start=START)) for n in range(5_000)]
    simulator = Simulator(sites, FastClock(1, START))
    made = time.process_time() - begin
    async with simulator, aiohttp.ClientSession(simulator.base) as session:
        answer = await Caller(session).request("GET", "/site-4999/state")

    assert made < 2
    assert 200 == answer.status


async def test_a_listener_on_ipv6_has_brackets_in_its_url() -> None:
    """The URL of a site is one that a client can use."""
    simulator = Simulator([], FastClock(1, START))
    try:
        await simulator.start("::1")
    finally:
        await simulator.stop()

    assert f"http://[::1]:{simulator.port}/a%20b/" == simulator.url("a b")


async def test_listens_over_tls_where_it_is_told_to(site: Site, tmp_path: Path) -> None:
    """A socket that is bound already serves the sites over https."""
    simulator = Simulator([site], FastClock(0, START))
    listening = socket.create_server(("127.0.0.1", 0))
    await simulator.listen(listening, Authority(tmp_path).server_context())
    url = f"https://127.0.0.1:{listening.getsockname()[1]}/{site.desk.name}/state"
    try:
        async with aiohttp.ClientSession() as session, session.get(url, ssl=False) as response:
            assert site.desk.state().active == (await response.json())["active"]
    finally:
        await simulator.stop()

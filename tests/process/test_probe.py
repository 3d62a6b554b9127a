"""Prometheus decides when: one site polled because it is asked for, as a process of its own."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from functools import partial
from typing import TYPE_CHECKING

import aiohttp

from exporter.web.sites import TIMEOUT_HEADER
from tests.exposition_check import check, value
from tests.process import configuration
from tests.process.page import Page, get, ready
from tests.process.program import ANYWHERE, Launcher, Program, eventually
from tests.process.truth import differences, expected, shown, without_site

if TYPE_CHECKING:
    from pathlib import Path

    from exporter.simulator.server import Simulator
    from exporter.simulator.site import Site

# The plan alone polls once in a test, and a poll that hangs outlasts it.
RARELY = {"interval": "10m", "timeout": "5m", "stale_after": "1h"}


def started(
    launcher: Launcher, simulator: Simulator, folder: Path, *names: str, **keys: str
) -> Program:
    """Start an exporter that polls rarely by itself."""
    pace = RARELY | keys
    sites = [configuration.site(simulator.url(name), name=name, **pace) for name in names]
    path = configuration.write(folder / "config.yml", *sites)
    return launcher.exporter(f"--config.file={path}", ANYWHERE)


async def probe(url: str, *, within: str = "10", **query: str) -> Page:
    """Scrape as Prometheus does, with its timeout in a header."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}/probe", params=query, headers={TIMEOUT_HEADER: within}) as response,
    ):
        return Page(response.status, response.headers["Content-Type"], await response.text())


async def test_a_probe_has_whmcs_polled(
    launcher: Launcher, simulator: Simulator, site: Site, tmp_path: Path
) -> None:
    """What staff has changed since is in the answer, departments too; others are left alone."""
    url = await ready(started(launcher, simulator, tmp_path, "acme", "globex"))
    site.desk.add_status("New")
    site.desk.remove_department(2)
    wanted = without_site(expected("acme", site.desk.state()))
    old = await probe(url, target="acme")
    assert wanted != shown(old.text)

    async def look() -> str:
        page = await probe(url, target="acme", max_age="1s")
        assert [] == differences(wanted, shown(page.text))
        assert 1 == value(page.text, "whmcs_up")
        return page.text

    text = await eventually(look)
    check(text)
    assert "site=" not in text
    assert 1 == simulator.calls["globex", "GetTicketCounts"]


async def test_many_probes_share_a_poll(
    launcher: Launcher, simulator: Simulator, tmp_path: Path
) -> None:
    """As many as may be scraped at once cost one call of WHMCS."""
    url = await ready(started(launcher, simulator, tmp_path, "acme"))
    simulator.fault("acme", "hang")

    async def look() -> None:
        asked = (probe(url, target="acme", max_age="0", within="1") for _ in range(40))
        assert {200} == {page.status for page in await asyncio.gather(*asked)}
        assert 2 == simulator.calls["acme", "GetTicketCounts"]

    await eventually(look)


async def test_probes_whose_clients_are_gone_hold_nothing(
    launcher: Launcher, simulator: Simulator, tmp_path: Path
) -> None:
    """Scrapes and probes of other sites go on after more closed probes than are allowed."""
    url = await ready(started(launcher, simulator, tmp_path, "acme", "globex"))
    simulator.fault("acme", "hang")
    host, port = url.removeprefix("http://").split(":")
    for turn in (1, 2):
        # What is known is young enough within the first second.
        await eventually(partial(_waits, url))
        for _ in range(100):
            with socket.create_connection((host, int(port))) as client:
                client.sendall(
                    b"GET /probe?target=acme&max_age=0 HTTP/1.1\r\nHost: exporter\r\n\r\n"
                )
        for _ in range(3 * turn):
            assert 200 == (await get(f"{url}/metrics")).status
            assert 200 == (await probe(url, target="globex")).status
        assert 200 == (await probe(url, target="acme", max_age="0", within="1")).status


async def _waits(url: str) -> None:
    """Expect a probe to wait for a poll until its time is over."""
    began = time.monotonic()
    assert 200 == (await probe(url, target="acme", max_age="0", within="1")).status
    assert time.monotonic() - began >= 0.5


async def test_when_the_scrape_is_over_what_is_known_is_the_answer(
    launcher: Launcher, simulator: Simulator, site: Site, tmp_path: Path
) -> None:
    """In time there are the last good numbers, and the success of the last poll that ended."""
    url = await ready(started(launcher, simulator, tmp_path, "acme"))
    simulator.fault("acme", "hang")
    wanted = without_site(expected("acme", site.desk.state()))

    async def polls() -> None:
        began = time.monotonic()
        page = await probe(url, target="acme", max_age="1s", within="1")
        assert 0.5 <= time.monotonic() - began <= 1.0
        assert 1 == value(page.text, "whmcs_up")
        assert [] == differences(wanted, shown(page.text))

    await eventually(polls)


async def test_after_a_poll_that_failed_what_was_known_is_the_answer(
    launcher: Launcher, simulator: Simulator, site: Site, tmp_path: Path
) -> None:
    """Who waits for the poll's end hears that it failed, and the last good numbers."""
    url = await ready(started(launcher, simulator, tmp_path, "acme", timeout="2s"))
    wanted = without_site(expected("acme", site.desk.state()))

    async def knows() -> None:
        assert [] == differences(
            wanted, shown((await probe(url, target="acme", max_age="1s")).text)
        )

    await eventually(knows)
    simulator.fault("acme", "hang")

    async def failed() -> None:
        page = await probe(url, target="acme", max_age="1s")
        assert 0 == value(page.text, "whmcs_up")
        assert 2 <= (value(page.text, "whmcs_api_failures_total", reason="timeout") or 0)
        assert [] == differences(wanted, shown(page.text))

    await eventually(failed)


async def test_a_stop_does_not_wait_for_whmcs(
    launcher: Launcher, simulator: Simulator, tmp_path: Path
) -> None:
    """SIGTERM while a probe waits: it is answered, and the exporter leaves with 0."""
    program = started(launcher, simulator, tmp_path, "acme")
    url = await ready(program)
    simulator.fault("acme", "hang")

    async def waits() -> asyncio.Task[Page]:
        waiting = asyncio.create_task(probe(url, target="acme", max_age="0", within="60"))

        async def either() -> None:
            assert waiting.done() or 2 == simulator.calls["acme", "GetTicketCounts"]

        await eventually(either)
        # What is known is young enough within the first second.
        assert not waiting.done()
        return waiting

    waiting = await eventually(waits)
    program.interrupt()
    assert 0 == await program.ended()
    assert 1 == value((await waiting).text, "whmcs_up")


async def test_discovery_names_every_site(
    launcher: Launcher, simulator: Simulator, tmp_path: Path
) -> None:
    """Each target of ``/sd`` is one that ``/probe`` knows."""
    url = await ready(started(launcher, simulator, tmp_path, "acme", "globex"))
    async with aiohttp.ClientSession() as session, session.get(f"{url}/sd") as response:
        groups = json.loads(await response.text())
    assert [["acme"], ["globex"]] == [group["targets"] for group in groups]
    for group in groups:
        assert 200 == (await probe(url, target=group["targets"][0])).status
    assert 404 == (await probe(url, target=simulator.url("acme"))).status

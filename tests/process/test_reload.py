"""Reloads of a running exporter: by signal, by request, by changed files; under load."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest

from exporter.sharding import shard_of
from tests.exposition_check import check, value
from tests.process import configuration
from tests.process.page import get, metrics, ready
from tests.process.program import ANYWHERE, Launcher, Program, eventually
from tests.process.truth import differences, expected, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exporter.simulator.server import Simulator

LIFECYCLE = "--web.enable-lifecycle"
ACTION = "GetTicketCounts"
CALLS = re.compile(
    rf'whmcs_api_requests_total{{action="{ACTION}",site="acme"}} (\d+)\.0\n', re.ASCII
)
TICKETS = '\nwhmcs_tickets_active{site="acme"} '
JUDGED_EVERY = 20
RELOADS = 200
SCRAPERS = 4
SUCCESSFUL = "whmcs_exporter_config_last_reload_successful"


def hang_up(program: Program) -> None:
    """Send SIGHUP to the exporter."""
    os.kill(program.pid, signal.SIGHUP)


def descriptors(program: Program) -> int:
    """Return how many files and sockets the exporter has open."""
    return len(list(Path(f"/proc/{program.pid}/fd").iterdir()))


async def post(url: str, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Ask for a reload over HTTP."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/-/reload", headers=headers) as response,
    ):
        return response.status, await response.text()


async def test_sighup_adds_and_removes_sites(
    launcher: Launcher, simulator: Simulator, config_file: str, tmp_path: Path
) -> None:
    """The page shows the desks of the new configuration, and nothing of the old one."""
    program = launcher.exporter(f"--config.file={config_file}", ANYWHERE)
    url = await ready(program)
    globex = configuration.site(simulator.url("globex"), name="globex")
    configuration.write(tmp_path / "config.yml", globex)
    hang_up(program)
    await program.said("msg=.configuration reloaded. sites=1")

    async def look() -> None:
        state = simulator.sites["globex"].desk.state()
        assert [] == differences(expected("globex", state), shown(await metrics(url)))

    await eventually(look)
    program.interrupt()
    assert 0 == await program.ended()


async def test_bad_file_changes_nothing(
    launcher: Launcher, config_file: str, tmp_path: Path
) -> None:
    """Log, answer and gauge tell of it; the sites go on; a good file mends it."""
    program = launcher.exporter(f"--config.file={config_file}", ANYWHERE, LIFECYCLE)
    url = await ready(program)
    path = tmp_path / "config.yml"
    good = path.read_text("utf-8")
    path.write_text("sites: [{name: acme}]", "utf-8")
    status, text = await post(url)
    assert 500 == status
    assert f"{path}:1:9: no `url`; give one\n" in text
    await program.said("configuration not reloaded")
    await eventually(partial(_told, url, 0))
    path.write_text(good, "utf-8")
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert 403 == (await post(url, headers))[0]
    assert 'msg="configuration reloaded"' not in program.stderr
    assert (200, "reloaded\n") == await post(url)
    await eventually(partial(_told, url, 1))


async def _told(url: str, successful: int) -> None:
    """Expect the gauge to say so, of which the exporter is sure for a second."""
    page = await metrics(url)
    assert (successful, 1) == (value(page, SUCCESSFUL), value(page, "whmcs_up", site="acme"))


async def test_changed_site_files_are_noticed(
    launcher: Launcher, simulator: Simulator, tmp_path: Path
) -> None:
    """A file of sites that appears is read without anybody asking."""
    path = tmp_path / "config.yml"
    acme = configuration.site(simulator.url("acme"))
    path.write_text(json.dumps({"sites": [acme], "site_files": ["more/*.yml"]}), "utf-8")
    program = launcher.exporter(f"--config.file={path}", ANYWHERE)
    url = await ready(program)
    (tmp_path / "more").mkdir()
    globex = configuration.site(simulator.url("globex"), name="globex")
    # Written beside and moved: the exporter may look at any moment.
    beside = tmp_path / "globex"
    beside.write_text(json.dumps([globex]), "utf-8")
    beside.rename(tmp_path / "more" / "globex.yml")

    async def look() -> None:
        assert 1 == value(await metrics(url), "whmcs_up", site="globex")

    await eventually(look)
    await program.said("site files have changed")


async def test_sighup_reads_the_environment_again(launcher: Launcher, simulator: Simulator) -> None:
    """A site from the environment is what it was, and keeps its counters."""
    environment = {
        "WHMCS_URL": simulator.url("acme"),
        "WHMCS_IDENTIFIER": "simulated",
        "WHMCS_SECRET": "simulated",
    }
    program = launcher.exporter(ANYWHERE, environment=environment)
    url = await ready(program)
    hang_up(program)
    await program.said("configuration reloaded")
    assert 1 == value(
        await metrics(url), "whmcs_api_requests_total", site="127.0.0.1", action=ACTION
    )


async def test_shard_keeps_its_sites_over_a_reload(
    launcher: Launcher, simulator: Simulator, tmp_path: Path
) -> None:
    """Of two shards each has one of the desks, before and after."""
    sites = [
        configuration.site(simulator.url(name), name=name, **configuration.UNHURRIED)
        for name in ("acme", "globex")
    ]
    config_file = configuration.write(tmp_path / "config.yml", *sites)
    told = []
    for pod in ("whmcs-exporter-0", "whmcs-exporter-1"):
        flags = (f"--config.file={config_file}", f"--shard={pod}", "--total-shards=2")
        program = launcher.exporter(*flags, ANYWHERE)
        url = await ready(program)
        before = set(shown(await metrics(url)))
        hang_up(program)
        await program.said("configuration reloaded")
        assert before == set(shown(await metrics(url)))
        told.append({dict(labels)["site"] for _, labels in before})
    assert [
        {name for name in ("acme", "globex") if shard_of(name, 2) == index} for index in (0, 1)
    ] == told


@pytest.mark.slow
async def test_two_hundred_reloads_under_load(
    launcher: Launcher, simulator: Simulator, tmp_path: Path
) -> None:
    """No scrape fails, no counter of an untouched site falls, no descriptor is left behind."""
    path = tmp_path / "config.yml"
    # The desk is in this process, and slow while the scrapers are at work.
    acme = configuration.site(simulator.url("acme"), stale_after="60s")
    configuration.write(path, acme)
    program = launcher.exporter(f"--config.file={path}", ANYWHERE, LIFECYCLE)
    url = await ready(program)
    await eventually(partial(_shows_tickets, url))
    before = descriptors(program)
    over = asyncio.Event()
    scrapers = [asyncio.create_task(scrape(url, over)) for _ in range(SCRAPERS)]
    for turn in range(RELOADS):
        changing = configuration.site(
            simulator.url("globex"), name="globex", timeout=f"{300 + turn}ms"
        )
        configuration.write(path, acme, *([changing] if turn % 3 else []))
        if turn % 2:
            hang_up(program)
        assert 200 == (await post(url))[0]
    over.set()
    assert all(count > SCRAPERS for count in await asyncio.gather(*scrapers))
    configuration.write(path, acme)
    assert 200 == (await post(url))[0]

    async def look() -> None:
        # One more may be on its way to the simulator at that moment.
        assert descriptors(program) <= before + 2

    await eventually(look)
    program.interrupt()
    assert 0 == await program.ended()


async def _shows_tickets(url: str) -> None:
    assert TICKETS in await metrics(url)


async def scrape(url: str, over: asyncio.Event) -> int:
    """Scrape until it is over; return how often."""
    count, last = 0, 0
    while not over.is_set():
        page = await get(f"{url}/metrics")
        assert 200 == page.status
        # Parsed now and then: in this process are the desk and all scrapers.
        if not count % JUDGED_EVERY:
            check(page.text)
        (calls,) = CALLS.findall(page.text)
        assert int(calls) >= last
        assert TICKETS in page.text
        count, last = count + 1, int(calls)
    return count

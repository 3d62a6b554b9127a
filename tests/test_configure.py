"""Other sites while the exporter runs: what stays, what begins anew, what is gone."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from exporter import app, assembly, config
from exporter.exposition.formats import TEXT
from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site
from exporter.whmcs.client import open_session
from tests.exposition_check import check, value
from tests.fake_clock import FakeClock
from tests.process import configuration
from tests.whmcs.authority import Authority

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from exporter.polling.site import Cycle
    from exporter.polling.source import Outcome

NAMES = ("acme", "globex", "initech", "hooli")
START = datetime(2026, 3, 4, 11, tzinfo=UTC)


class Bench:
    """An exporter that polls simulated desks, by a clock that stands still."""

    def __init__(self, folder: Path, simulator: Simulator) -> None:
        """Keep configuration files in ``folder``."""
        self.clock = FakeClock()
        self.simulator = simulator
        self.exporter: app.Exporter
        self._file = folder / "whmcs.yml"

    def sites(self, *names: str, **keys: Any) -> Sequence[config.Site]:  # noqa: ANN401 - any key
        """Configure sites, all with the same keys."""
        url, pace = self.simulator.url, configuration.UNHURRIED
        sites = [configuration.site(url(name), name=name, **pace) | keys for name in names]
        self._file.write_text(json.dumps({"sites": sites}), encoding="utf-8")
        return config.load(self._file, {}).sites

    @asynccontextmanager
    async def running(self, sites: Sequence[config.Site]) -> AsyncIterator[None]:
        """Run the exporter."""
        async with open_session("test/1") as session:
            self.exporter = app.Exporter(sites, session, clock=self.clock, process_metrics=False)
            run = asyncio.create_task(self.exporter.run())
            try:
                yield
            finally:
                run.cancel()
                await asyncio.gather(run, return_exceptions=True)

    async def polled(self) -> str:
        """Let every first poll end, and return the page."""
        while not all(snapshot.ready for snapshot in self.exporter.snapshots()):  # noqa: ASYNC110 - over real sockets
            await asyncio.sleep(0)
        await self.clock.settle()
        return self.page()

    def page(self) -> str:
        """Return the exposition, checked."""
        text = self.exporter.exposition.render(TEXT, compress=False).decode()
        check(text)
        return text

    def calls(self, site: str) -> int:
        """Return how many calls the simulated desk was asked."""
        return sum(calls for (name, _), calls in self.simulator.calls.items() if name == site)


@pytest.fixture(name="bench")
async def make_bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """Return a bench with four desks."""
    desks = [Site(desk=HelpDesk(name, seed=7, start=START)) for name in NAMES]
    async with Simulator(desks, FastClock(0, START)) as simulator:
        yield Bench(tmp_path, simulator)


async def test_what_is_configured_as_before_notices_nothing(bench: Bench) -> None:
    """The same pollers go on with the same readings and counters, and make no call for it."""
    async with bench.running(bench.sites("acme", "globex")):
        before = await bench.polled()
        pollers, calls = bench.exporter.pollers, bench.calls("acme")
        await bench.exporter.configure(bench.sites("acme", "globex"))
        assert pollers == bench.exporter.pollers
        assert before == bench.page()
        await bench.exporter.configure(bench.sites("acme", "globex", "initech"))
        await bench.polled()
        assert pollers == bench.exporter.pollers[: len(pollers)]
        assert calls == bench.calls("acme")


@pytest.mark.parametrize(("interval", "requests"), [("60s", 1), ("30s", 2)])
async def test_reload_ends_the_backoffs_of_changed_sites_only(
    bench: Bench, interval: str, requests: int
) -> None:
    """A site that is configured as before keeps its backoff; one that has changed tries again."""
    bench.simulator.fault("acme", "bad-credentials")
    keys = {"sources": ["ticket_counts"], "timeout": "10s"}
    async with bench.running(bench.sites("acme", **keys)):
        await bench.polled()
        await bench.exporter.configure(bench.sites("acme", "globex", interval=interval, **keys))
        await bench.polled()
        await bench.clock.advance(60)
        await bench.polled()
    assert requests == bench.calls("acme")


async def test_reloads_cause_no_third_rejected_login(bench: Bench) -> None:
    """WHMCS bans an address after three, however often the configuration changes."""
    bench.simulator.fault("acme", "bad-credentials")
    keys = {"sources": ["ticket_counts"], "timeout": "5s"}
    async with bench.running(bench.sites("acme", **keys)):
        for seconds in range(10, 60, 10):
            await bench.polled()
            await bench.exporter.configure(bench.sites("acme", interval=f"{seconds}s", **keys))
        await bench.polled()
    assert 2 == bench.calls("acme")


async def test_changed_certificates_are_a_change(bench: Bench, tmp_path: Path) -> None:
    """A site whose authority's file was written anew begins anew, and trusts the new one."""
    ca_file = Authority(tmp_path).ca_file
    tls_config = {"ca_file": str(ca_file)}

    def sites() -> Sequence[config.Site]:
        return bench.sites("acme", url="https://127.0.0.1:1/", tls_config=tls_config)

    async with bench.running(sites()):
        before = bench.exporter.pollers
        await bench.exporter.configure(sites())
        assert before == bench.exporter.pollers
        ca_file.write_bytes(ca_file.read_bytes() + b"\n")
        await bench.exporter.configure(sites())
        assert set(before).isdisjoint(bench.exporter.pollers)


async def test_removed_site_vanishes(bench: Bench) -> None:
    """Nothing is shown of it, and nothing asked, from that moment on."""
    async with bench.running(bench.sites("acme", "globex")):
        await bench.polled()
        await bench.exporter.configure(bench.sites("globex"))
        text = bench.page()
        assert 'site="acme"' not in text
        calls = bench.calls("acme")
        await bench.clock.advance(300)
        assert calls == bench.calls("acme")
        assert 1 == value(bench.page(), "whmcs_exporter_sites")


async def test_changed_site_begins_anew(bench: Bench) -> None:
    """It has no reading of before, is polled at once, and counts from nought."""
    async with bench.running(bench.sites("acme")):
        await bench.polled()
        await bench.exporter.configure(bench.sites("acme", sources=["ticket_counts"]))
        assert value(bench.page(), "whmcs_tickets_active", site="acme") is None
        text = await bench.polled()
        action = "GetTicketCounts"
        assert 1 == value(text, "whmcs_api_requests_total", site="acme", action=action)
        assert "whmcs_department_" not in text
        assert 1 == len(bench.exporter.pollers)


async def test_call_under_way_is_given_up(bench: Bench) -> None:
    """A site that hangs is removed without waiting for it, and publishes nothing later."""
    bench.simulator.fault("acme", "hang")
    async with bench.running(bench.sites("acme", "globex")):
        while not bench.calls("acme"):  # noqa: ASYNC110 - over real sockets there is no event
            await asyncio.sleep(0)
        await bench.exporter.configure(bench.sites("globex"))
        assert 'site="acme"' not in await bench.polled()


async def test_what_cannot_be_used_changes_nothing(bench: Bench, tmp_path: Path) -> None:
    """A file that vanished after the check leaves all as it was."""
    async with bench.running(bench.sites("acme")):
        before, pollers = await bench.polled(), bench.exporter.pollers
        good, bad = bench.sites("globex", "acme")
        vanished = config.TLSConfig(ca_file=tmp_path / "vanished.pem")
        bad = replace(bad, url="https://whmcs.example", tls_config=vanished)
        with pytest.raises(FileNotFoundError):
            await bench.exporter.configure([good, bad])
        assert pollers == bench.exporter.pollers
        assert before == bench.page()


async def test_each_site_yields_to_the_event_loop(bench: Bench) -> None:
    """Thousands of sites, changed or not, delay no scrape."""
    sites = bench.sites(*NAMES)
    async with bench.running(sites):
        await bench.polled()
        for configured in (sites, bench.sites(*NAMES, sources=["ticket_counts"])):
            turns = 0
            configuring = asyncio.create_task(bench.exporter.configure(configured))
            while not configuring.done():
                await asyncio.sleep(0)
                turns += 1
            assert turns > len(NAMES)
            await bench.polled()


async def test_ready_stays_ready(bench: Bench) -> None:
    """A new site that has not answered yet is no reason to send scrapes away."""
    async with bench.running(bench.sites("acme")):
        await bench.polled()
        assert bench.exporter.ready()
        bench.simulator.fault("globex", "hang")
        await bench.exporter.configure(bench.sites("acme", "globex"))
        assert bench.exporter.ready()


@pytest.mark.slow
async def test_two_hundred_reloads_leak_nothing(bench: Bench) -> None:
    """Sites come, change and go; in the end there are as many tasks as in the beginning."""
    async with bench.running(bench.sites("acme", "globex")):
        await bench.polled()
        tasks, acme = len(asyncio.all_tasks()), bench.exporter.pollers[:2]
        for turn in range(200):
            changing = bench.sites("globex", timeout=f"{300 + turn}ms")
            coming = bench.sites("initech", "hooli")[: turn % 3]
            await bench.exporter.configure([*bench.sites("acme"), *changing, *coming])
        await bench.exporter.configure(bench.sites("acme", "globex"))
        text = await bench.polled()
        assert acme == bench.exporter.pollers[:2]
        assert 1 == value(text, "whmcs_api_requests_total", site="acme", action="GetTicketCounts")
        await bench.clock.settle()
        # Some of the simulator's may have ended.
        assert tasks >= len(asyncio.all_tasks())


@dataclass(frozen=True)
class BrokenSource:
    """A source that fails in a way which is none of the known ones."""

    name: str = "ticket_counts"
    actions: tuple[str, ...] = ()

    async def poll(self, cycle: Cycle) -> Outcome:
        """Raise."""
        raise RuntimeError(cycle.source)


async def test_bug_of_a_later_site_ends_the_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A poller that came with a reload is watched as the first ones are."""
    async with open_session("test/1") as session:
        exporter = app.Exporter(
            bench.sites("acme"), session, clock=bench.clock, process_metrics=False
        )
        run = asyncio.create_task(exporter.run())
        await bench.clock.settle()
        monkeypatch.setattr(assembly, "sources", lambda _: (BrokenSource(),))
        await exporter.configure(bench.sites("acme", "globex"))
        with pytest.raises(ExceptionGroup):
            await run

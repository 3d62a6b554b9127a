"""The exporter's real parts with two scripted sites: one for a fault, and a calm one beside it."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from exporter import app, config
from exporter.exposition.formats import TEXT
from exporter.whmcs.client import open_session
from tests.fake_clock import FakeClock
from tests.faults.hosts import Hosts
from tests.faults.stand import HOST, Stand
from tests.faults.truth import Truth
from tests.loop_clock import hold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from exporter.snapshots import Snapshot
    from tests.faults.fault import Fault, SiteKind
    from tests.whmcs.authority import Authority

FAULTY = "faulty"
CALM = "calm"
INTERVAL = 60.0
STALE_AFTER = 180.0
NAME = "whmcs.test"
# Seconds. Long enough for a busy machine; where a site hangs it leaps by, a moment after the other
# one is done.
_PATIENCE = 50
_MOMENT = 0.1


class Stage:
    """An exporter whose clock stands still and whose polls are made by hand."""

    def __init__(self, fault: Fault, folder: Path, authority: Authority) -> None:
        """Set a stage for one fault; files go into ``folder``."""
        self.fault = fault
        self.clock = FakeClock()
        self.log: list[logging.LogRecord] = []
        self._playing: Fault | None = None
        self._folder = folder
        self._authority = authority
        self._hosts = Hosts(folder / "hosts.json")
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start the servers and wire the exporter."""
        enter = self._stack.enter_async_context
        self.elsewhere = await enter(Stand(Truth("elsewhere")))
        self.calm = await enter(Stand(Truth(CALM)))
        self.inner = await enter(Stand(Truth(FAULTY), self._authority))
        encrypted = self.fault.site == "tls"
        self.stand = await enter(
            Stand(
                Truth(FAULTY),
                self._authority if encrypted else None,
                elsewhere=self.elsewhere.own,
                inner=self.inner.port if self.fault.site == "tunnelled" else None,
            )
        )
        self._hosts.write({NAME: (HOST,)})
        self._stack.enter_context(self._hosts.patched())
        self._stack.enter_context(_listening(self.log))
        session = await enter(open_session("campaign/1"))
        self._exporter = app.Exporter(
            self._configuration().sites, session, clock=self.clock, process_metrics=False
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all of it; a resolver that hangs is let go first."""
        self._hosts.write({NAME: (HOST,)})
        await self._stack.aclose()

    async def play(self, fault: Fault | None) -> None:
        """Let the faulty site behave as a fault says; rightly when it is None."""
        self._playing = fault
        await self.stand.play(fault)
        self._hosts.write({NAME: fault.resolves if fault and fault.resolves else (HOST,)})

    def move_on(self) -> None:
        """Let every site have other numbers from now on."""
        for stand in (self.stand, self.inner, self.calm):
            stand.truth = replace(stand.truth, moment=stand.truth.moment + 1)

    async def poll(self) -> None:
        """Poll every source of every site once; then comes what a fault says unasked."""
        polls = {asyncio.create_task(self._poll(site)): site for site in (FAULTY, CALM)}
        if self._playing and self._playing.hangs:
            await asyncio.wait([task for task, site in polls.items() if site == CALM])
            await self._hang(polls)
        await asyncio.gather(*polls)
        if self._playing and self._playing.stray:
            self.stand.stray(self._playing.stray)
            # Something that loopback hands on at once, and the loop reads at its next turn.
            await self.clock.settle()

    async def _poll(self, site: str) -> None:
        """Poll the sources of a site in turn, as each has its own offset within the interval."""
        for poller in self._exporter.pollers:
            if poller.site == site:
                await poller.poll()

    async def _hang(self, polls: Collection[asyncio.Task[None]]) -> None:
        """Let the deadlines of those who wait for a site come, a moment after they have begun."""
        while (await asyncio.wait(polls, timeout=_MOMENT))[1]:
            hold().leap(_PATIENCE)

    def page(self) -> str:
        """Return the exposition as text."""
        return self._exporter.exposition.render(TEXT, compress=False).decode()

    def snapshot(self) -> Snapshot:
        """Return what the exporter knows of the faulty site."""
        return next(each for each in self._exporter.snapshots() if each.site == FAULTY)

    def lines(self) -> list[tuple[str, str]]:
        """Return what the log said since the last look: message and source, sorted.

        Anything that is not about a poll of the faulty site shows with its logger's name.
        """
        found = [
            (record.getMessage(), record.__dict__["source"])
            if record.__dict__.get("site") == FAULTY
            else (record.getMessage(), record.name)
            for record in self.log
        ]
        self.log.clear()
        return sorted(found)

    def _configuration(self) -> config.Config:
        keys = site_keys(self.fault.site, self.stand, self.inner, self._authority)
        sites = [
            {"name": FAULTY, "timeout": f"{_PATIENCE}s", **keys},
            {"name": CALM, "timeout": f"{_PATIENCE}s", "url": self.calm.own},
        ]
        login = {"identifier": "identifier47", "secret": "secret47"}
        path = self._folder / "whmcs.yml"
        path.write_text(json.dumps({"sites": [login | site for site in sites]}), encoding="utf-8")
        return config.load(path, {})


def site_keys(kind: SiteKind, stand: Stand, inner: Stand, authority: Authority) -> dict[str, Any]:
    """Return the keys of the configuration that lead to a kind of site."""
    trust = {"tls_config": {"ca_file": str(authority.ca_file)}}
    keys: dict[SiteKind, dict[str, Any]] = {
        "plain": {"url": stand.own},
        "fronted": {
            "url": stand.own,
            "host_header": "whmcs.example",
            "basic_auth": {"username": "front", "password": "password47"},
        },
        "tls": {"url": stand.own, **trust},
        "named": {"url": f"http://{NAME}:{stand.port}", "allow_http": True},
        "proxied": {"url": "http://whmcs.example", "allow_http": True, "proxy_url": stand.own},
        "tunnelled": {"url": inner.own, "proxy_url": stand.own, **trust},
    }
    return keys[kind]


class _Log(logging.Handler):
    """Keeps whatever anybody logs, from ``info`` on."""

    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__(logging.INFO)
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)


@contextmanager
def _listening(records: list[logging.LogRecord]) -> Iterator[None]:
    root, handler = logging.getLogger(), _Log(records)
    level = root.level
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)

"""One soak: a simulated WHMCS in bad weather, an exporter, scrapers, and what was seen."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

import aiohttp

from exporter.simulator.answers import Shape
from exporter.simulator.clock import FastClock
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site
from tests.process import configuration, page
from tests.process.program import ANYWHERE, launched
from tests.soak.delays import Delays
from tests.soak.figures import Usage
from tests.soak.history import WatchedDesk
from tests.soak.judge import INTERVAL, STALE_AFTER, Scrape, wrong
from tests.soak.weather import Weather

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from tests.process.program import Program

log = logging.getLogger(__name__)

# In between the fault `slow` is sometimes in time and sometimes not.
_SLOW_SECONDS = 0.4
_SCRAPE_EVERY = 1.0
_ACCEPTED = ("application/openmetrics-text; version=1.0.0", "text/plain; version=0.0.4")
_SHAPES = (
    Shape.PLAIN,
    Shape.STRING_NUMBERS | Shape.OBJECT_LISTS,
    Shape.ENCODED_NAMES | Shape.STATUS_LIST,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long and how hard; one scrape in ``judged_every`` is parsed and compared."""

    seconds: float
    seed: int
    sites: int
    departments: int
    speed: float
    scrapers: int
    judged_every: int
    looked_every: float


@dataclass(slots=True)
class Findings:
    """What was seen; ``took`` has the seconds of every scrape."""

    codes: Counter[int] = field(default_factory=Counter)
    judged: int = 0
    took: list[float] = field(default_factory=list)
    usages: list[Usage] = field(default_factory=list)
    own: list[Usage] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    violations: Counter[str] = field(default_factory=Counter)
    last_page: str = ""

    def violate(self, what: str, detail: str) -> None:
        """Count a violation and log it."""
        self.violations[what] += 1
        log.error("%s: %s", what, detail)


class Soak:
    """A soak under way."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        """Prepare; files go to ``folder``."""
        self.findings = Findings()
        self._delays = Delays()
        self._plan = plan
        self._folder = folder
        start = datetime.now(UTC)
        names = [f"site-{number}" for number in range(plan.sites)]
        self._desks = {
            name: WatchedDesk(name, seed=plan.seed, start=start, departments=plan.departments)
            for name in names
        }
        sites = [
            Site(desk=desk, shape=_SHAPES[number % len(_SHAPES)])
            for number, desk in enumerate(self._desks.values())
        ]
        clock = FastClock(plan.speed, start)
        self._simulator = Simulator(sites, clock, slow_seconds=_SLOW_SECONDS)

    async def run(self, stop: asyncio.Event) -> Findings:
        """Soak until the plan's time is over, ``stop`` is set, or the exporter has ended."""
        with launched(self._folder) as launcher:
            async with self._simulator:
                program = launcher.exporter(f"--config.file={self._configure()}", ANYWHERE)
                url = f"{await page.ready(program)}/metrics"
                async with self._everybody(url):
                    await self._watch(program, stop)
        self.findings.calls = sum(self._simulator.calls.values())
        return self.findings

    def _configure(self) -> str:
        keys = {"interval": f"{INTERVAL:.0f}s", "stale_after": f"{STALE_AFTER:.0f}s"}
        sites = [
            configuration.site(self._simulator.url(name), name=name, **keys) for name in self._desks
        ]
        return configuration.write(self._folder / "config.yml", *sites)

    @asynccontextmanager
    async def _everybody(self, url: str) -> AsyncIterator[None]:
        """Run weather and scrapers while the body runs."""
        weathers = [
            Weather(self._simulator, desk, self._plan.seed) for desk in self._desks.values()
        ]
        scrapers = [self._scraper(number, url) for number in range(self._plan.scrapers)]
        async with asyncio.TaskGroup() as group:
            work = (*(weather.run() for weather in weathers), *scrapers)
            tasks = [group.create_task(each) for each in work]
            yield
            for task in tasks:
                task.cancel()
        for weather in weathers:
            self.findings.faults += weather.faults

    async def _scraper(self, number: int, url: str) -> None:
        """Scrape once a second, at a moment of its own within it, over a connection of its own."""
        due = time.monotonic() + number / self._plan.scrapers * _SCRAPE_EVERY
        async with aiohttp.ClientSession() as session:
            for turn in count(number):
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                accept = _ACCEPTED[turn % len(_ACCEPTED)]
                judged = turn % self._plan.judged_every == 0
                await self._scrape(session.get(url, headers={"Accept": accept}), judged=judged)
                due = max(due + _SCRAPE_EVERY, time.monotonic())

    async def _scrape(
        self, request: AbstractAsyncContextManager[aiohttp.ClientResponse], *, judged: bool
    ) -> None:
        with self._delays.scrape() as asked:
            try:
                async with request as response:
                    text = await response.text()
            except (aiohttp.ClientError, TimeoutError) as error:
                self.findings.violate("scrape failed", repr(error))
                return
        scrape = Scrape(text, asked, time.monotonic(), self._delays.longest())
        self.findings.codes[response.status] += 1
        self.findings.took.append(scrape.answered - asked)
        if response.status != 200:
            self.findings.violate("status", str(response.status))
        elif judged:
            self._judge(scrape)

    def _judge(self, scrape: Scrape) -> None:
        self.findings.judged += 1
        self.findings.last_page = scrape.text
        try:
            for complaint in wrong(scrape, self._desks):
                self.findings.violate("wrong number", complaint)
        except (AssertionError, ValueError, KeyError) as error:
            self.findings.violate("no exposition", repr(error))

    async def _watch(self, program: Program, stop: asyncio.Event) -> None:
        """Look at the exporter until the end."""
        end = time.monotonic() + self._plan.seconds
        while time.monotonic() < end and not stop.is_set():
            try:
                self._look(program)
            except KeyError:
                # A process that has ended, and that nobody has waited for, has no memory.
                self.findings.violate("exporter ended", program.stderr[-2000:])
                return
            wait = min(self._plan.looked_every, max(0.0, end - time.monotonic()))
            try:
                async with asyncio.timeout(wait):
                    await stop.wait()
            except TimeoutError:
                continue

    def _look(self, program: Program) -> None:
        usage = Usage.of(program.pid)
        self.findings.usages.append(usage)
        self.findings.own.append(Usage.of(os.getpid()))
        log.info(
            "%.1f MB, %d descriptors, %d threads, %.1f s of CPU, %d scrapes, %d compared, %d bad",
            usage.memory / 1e6,
            usage.descriptors,
            usage.threads,
            usage.cpu,
            self.findings.codes.total(),
            self.findings.judged,
            self.findings.violations.total(),
        )

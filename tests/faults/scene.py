"""A site of a running exporter to which faults come and go, and the eyes on what is exposed."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tests.exposition_check import Series, samples
from tests.faults.stage import CALM, NAME
from tests.faults.stand import HOST, Stand
from tests.faults.truth import SOURCES, Truth
from tests.process.page import metrics
from tests.process.program import eventually
from tests.process.truth import series

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from pathlib import Path

    from tests.faults.fault import Fault
    from tests.faults.hosts import Hosts

# One interval, one deadline, and what a busy machine and the scrapes in between may take.
IN_TIME = 1.0 + 0.8 + 3.0
STALE_AFTER = 3.0
# How many of the faults last until numbers are stale.
_LASTING = 0.1
_SCRAPE = 0.2
_SERIES = {"ticket_counts": Truth.tickets, "departments": Truth.departments}
_TICKETS = ("whmcs_tickets", "whmcs_department")


@dataclass(slots=True)
class Watch:
    """The newest exposition of a running exporter, and how many there have been."""

    url: str = ""
    shown: dict[Series, float] = field(default_factory=dict)
    scrapes: int = 0

    async def open(self, url: str) -> None:
        """Look for the first time."""
        self.url = url
        self.shown = samples(await metrics(url))

    async def scrape(self) -> None:
        """Scrape for ever; the calm site is seen to be calm each time."""
        calm = Truth(CALM).tickets() | Truth(CALM).departments()
        while True:
            self.shown = samples(await metrics(self.url))
            assert calm == self.tickets(CALM)
            assert [1, 1] == [self.success(CALM, source) for source in SOURCES]
            self.scrapes += 1
            await asyncio.sleep(_SCRAPE)

    def tickets(self, site: str) -> dict[Series, float]:
        """Return what is shown of a site's tickets."""
        return {
            key: number
            for key, number in self.shown.items()
            if key[0].startswith(_TICKETS) and ("site", site) in key[1]
        }

    def success(self, site: str, source: str) -> float | None:
        """Return whether a source succeeds."""
        return self.shown.get(series("whmcs_source_success", site=site, source=source))

    def failures(self, site: str, reason: str) -> float:
        """Return how many calls have failed so."""
        return self.shown[series("whmcs_api_failures_total", site=site, reason=reason)]


@dataclass(slots=True, kw_only=True)
class Scene:
    """One site, and the faults that come to it; ``hosts`` leads to it by name."""

    name: str
    stand: Stand
    inner: Stand
    faults: Iterator[Fault]
    watch: Watch
    hosts: Hosts | None
    secret: Path
    chance: random.Random
    times: list[float] = field(default_factory=list)

    async def play(self) -> None:
        """Let one fault after another come and go, for ever."""
        for fault in self.faults:
            await self._come(fault)
            if fault.reason and self.chance.random() < _LASTING:
                await self._grow_old(fault)
            await self._go(fault)

    async def _come(self, fault: Fault) -> None:
        before = self.stand.truth
        counted = self.watch.failures(self.name, fault.reason) if fault.reason else 0
        await self._switch(fault)

        async def told() -> None:
            for source in fault.sources if fault.reason else ():
                assert self.watch.success(self.name, source) == 0, (self.name, fault.name)
            if fault.reason:
                assert self.watch.failures(self.name, fault.reason) > counted, fault.name
            else:
                now = self.stand.truth
                wanted = {} if fault.withheld else now.tickets(fault.shows)
                assert self.watch.tickets(self.name) == wanted | now.departments(), fault.name

        await self._in_time(told)
        if fault.reason:
            self._never_wrong(fault, before)

    def _never_wrong(self, fault: Fault, before: Truth) -> None:
        """What failed shows what it was before, or nothing; the rest may have new numbers."""
        now, shown = self.stand.truth, self.watch.tickets(self.name)
        for source, of in _SERIES.items():
            part = {key: shown[key] for key in of(before) if key in shown}
            allowed = [of(before), {} if source in fault.sources else of(now)]
            if source == "departments" and part != of(now):
                allowed.append(_nearest(part, of(before), of(now)))
            assert part in allowed, (self.name, fault.name, part)

    async def _grow_old(self, fault: Fault) -> None:
        async def gone() -> None:
            shown = self.watch.tickets(self.name).keys()
            for source in fault.sources:
                assert not shown & _SERIES[source](self.stand.truth).keys(), fault.name

        await eventually(gone, STALE_AFTER + IN_TIME)

    async def _go(self, fault: Fault) -> None:
        await self._switch(None)
        # What a refused credential waits for.
        self.secret.write_text(f"secret{self.chance.random()}", encoding="utf-8")

        async def recovered() -> None:
            now = self.stand.truth
            wanted = now.tickets() | now.departments()
            assert self.watch.tickets(self.name) == wanted, (self.name, fault.name)
            assert [1, 1] == [self.watch.success(self.name, source) for source in SOURCES]

        await self._in_time(recovered)

    async def _switch(self, fault: Fault | None) -> None:
        """Behave otherwise, and have other numbers: new ones are never told amid old ones."""
        if fault is None:
            self._move_on()
        if self.hosts is not None:
            self.hosts.write({NAME: fault.resolves if fault and fault.resolves else (HOST,)})
        await self.stand.play(fault)
        if fault is not None:
            self._move_on()

    def _move_on(self) -> None:
        for stand in (self.stand, self.inner):
            stand.truth = replace(stand.truth, moment=stand.truth.moment + 1)

    async def _in_time(self, check: Callable[[], Awaitable[None]]) -> None:
        started = time.monotonic()
        await eventually(check, IN_TIME)
        self.times.append(time.monotonic() - started)


def _nearest(
    part: Mapping[Series, float], before: dict[Series, float], now: Mapping[Series, float]
) -> dict[Series, float]:
    """Return what was, with what is now where that is shown.

    A poll of departments is several calls, of which the numbers may change in the midst.
    """
    return before | {key: number for key, number in now.items() if part.get(key) == number}

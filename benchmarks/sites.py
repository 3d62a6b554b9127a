"""What thousands of https sites cost: CPU, memory, how late polls begin, and whether all is right.

For each size, the exporter polls simulated sites (``desks.py``, a process of its own) and is
scraped as Prometheus does it. After a warm-up of an interval and a half it is measured for
``--seconds``; then time leaps in all desks, and an interval later every ticket series of the
exposition is compared with the desks. CPU is the kernel's accounting of the exporter alone, the
scrapes included. Lateness is a figure of a machine that is idle otherwise: look at the load.

    python benchmarks/sites.py --sites 100 1000 5000 --seconds 120
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import resource
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import desks
from accounting import cpu, memory

from tests.exposition_check import samples
from tests.process.page import base, get
from tests.process.program import ANYWHERE, EXPORTER, eventually, launched
from tests.process.truth import expected, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.exposition_check import Series
    from tests.process.program import Program

SCRAPE_SECONDS = 15
_LATENESS = "whmcs_exporter_poll_lateness_seconds"
_DESCRIPTORS = 20_000
_PATIENCE = 300.0
_GRACE = 3.0
# A machine that held a process up for seconds has put off its polls, too.
_HELD_UP = 20.0
_STEP = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """How many sites, how many of them hang, how often and for what they are polled."""

    sites: int
    hanging: int
    interval: int
    sources: Sequence[str]

    def configuration(self, port: int, folder: Path) -> dict[str, object]:
        """Return the exporter's configuration."""
        login = {"identifier": "simulated", "secret": "simulated"}
        tls = {"ca_file": str(folder / "ca.pem"), "server_name": desks.SERVER_NAME}
        defaults = {"interval": f"{self.interval}s", "sources": self.sources, "tls_config": tls}
        sites = [
            {"name": name, "url": desks.url(number, port)}
            for number, name in enumerate(desks.names(self.sites))
        ]
        return {"defaults": defaults | login, "sites": sites}

    def truth(self, leaps: int) -> Mapping[Series, float]:
        """Return every ticket series of the sites that answer, after so many leaps of time."""
        found: dict[Series, float] = {}
        for name in desks.names(self.sites)[self.hanging :]:
            desk = desks.desk(name)
            desk.advance(desks.START + leaps * desks.LEAP)
            found |= expected(name, desk.state())
        departments = "departments" in self.sources
        return {
            key: value
            for key, value in found.items()
            if departments or not key[0].startswith("whmcs_department_")
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What was seen: a share of one core, seconds, MB, and the series that were wrong."""

    ready: float
    started: float
    core: float
    memory: float
    lateness: str
    series: int
    wrong: int
    load: float


async def measure(fleet: Fleet, seconds: float, folder: Path) -> Measure:
    """Run one fleet."""
    with launched(folder) as launcher:
        command = (EXPORTER[0], desks.__file__, f"--sites={fleet.sites}", f"--folder={folder}")
        simulator = launcher.start(*command, f"--hanging={fleet.hanging}")
        port = await eventually(lambda: _port(simulator), _PATIENCE)
        file = folder / "exporter.yml"
        file.write_text(json.dumps(fleet.configuration(port, folder)), encoding="utf-8")
        exporter = launcher.exporter(f"--config.file={file}", ANYWHERE)
        return await Watch(fleet, simulator, exporter).measure(seconds)


async def _port(simulator: Program) -> int:
    said = simulator.stdout
    assert said, simulator.stderr  # noqa: S101 - `eventually` waits until it holds
    return int(said)


class Watch:
    """Watches one exporter while it runs."""

    def __init__(self, fleet: Fleet, simulator: Program, exporter: Program) -> None:
        """Watch ``exporter``, which polls ``fleet`` at ``simulator``."""
        self._fleet = fleet
        self._simulator = simulator
        self._exporter = exporter
        self._started = time.monotonic()

    async def measure(self, seconds: float) -> Measure:
        """Warm up, measure, compare."""
        url = await base(self._exporter)
        await eventually(lambda: _ready(url), _PATIENCE)
        ready = time.monotonic() - self._started
        started = cpu(self._exporter.pid)
        await self._scrape(url, 1.5 * self._fleet.interval)
        before, used, began = await _scraped(url), cpu(self._exporter.pid), time.monotonic()
        await self._scrape(url, seconds)
        after, passed = await _scraped(url), time.monotonic() - began
        used = cpu(self._exporter.pid) - used
        resident = memory(self._exporter.pid)
        series, wrong = await self._compared(url)
        return Measure(
            ready=ready,
            started=started,
            core=used / passed,
            memory=resident,
            lateness=_lateness(before, after),
            series=series,
            wrong=wrong,
            load=os.getloadavg()[0],
        )

    async def _scrape(self, url: str, seconds: float) -> None:
        """Be the Prometheus that scrapes meanwhile."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(SCRAPE_SECONDS, left))
            await get(f"{url}/metrics")

    async def _compared(self, url: str) -> tuple[int, int]:
        """Let time leap in the desks, and compare all series an interval later."""
        os.kill(self._simulator.pid, signal.SIGUSR1)
        await asyncio.sleep(self._fleet.interval + _GRACE)
        truth, until = self._fleet.truth(leaps=1), time.monotonic() + _HELD_UP
        while (wrong := await _wrong(url, truth)) and time.monotonic() < until:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(_STEP)
        return len(truth), wrong


async def _wrong(url: str, truth: Mapping[Series, float]) -> int:
    found = shown((await get(f"{url}/metrics")).text)
    return sum(1 for _ in found.items() ^ truth.items())


async def _ready(url: str) -> None:
    assert (await get(f"{url}/-/ready")).status == HTTPStatus.OK  # noqa: S101 - as above


async def _scraped(url: str) -> Mapping[Series, float]:
    return samples((await get(f"{url}/metrics?name[]={_LATENESS}_bucket")).text)


def _lateness(before: Mapping[Series, float], after: Mapping[Series, float]) -> str:
    """Tell the bucket that holds the 99th percentile of what was counted in between."""
    counts = {
        float(dict(labels)["le"]): count - before[name, labels]
        for (name, labels), count in after.items()
    }
    whole = counts[math.inf]
    return f"<= {min(le for le, count in counts.items() if count >= 0.99 * whole):g}"


def _table(fleets: Sequence[Fleet], measures: Sequence[Measure]) -> None:
    print(
        f"{'sites':>6}{'hanging':>8}{'core %':>8}{'MB':>7}{'late p99 s':>12}{'ready s':>9}"
        f"{'start CPU s':>12}{'series':>9}{'wrong':>7}{'load':>6}"
    )
    for fleet, seen in zip(fleets, measures, strict=True):
        print(
            f"{fleet.sites:>6}{fleet.hanging:>8}{seen.core * 100:>8.2f}{seen.memory:>7.0f}"
            f"{seen.lateness:>12}{seen.ready:>9.1f}{seen.started:>12.1f}{seen.series:>9}"
            f"{seen.wrong:>7}{seen.load:>6.1f}"
        )


def main() -> None:
    """Read the arguments, measure every size, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sites", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--hanging", type=int, default=0, help="how many of them never answer")
    parser.add_argument("--seconds", type=float, default=60.0, help="of measuring, at each size")
    parser.add_argument("--interval", type=int, default=30)
    parser.add_argument("--sources", nargs="+", default=["ticket_counts"])
    args = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (_DESCRIPTORS, _DESCRIPTORS))
    fleets = [
        Fleet(sites=n, hanging=args.hanging, interval=args.interval, sources=args.sources)
        for n in args.sites
    ]
    measures = []
    for fleet in fleets:
        with tempfile.TemporaryDirectory() as folder:
            measures.append(asyncio.run(measure(fleet, args.seconds, Path(folder))))
    _table(fleets, measures)
    if any(seen.wrong for seen in measures):
        sys.exit("series differ from what the simulated sites hold")


if __name__ == "__main__":
    main()

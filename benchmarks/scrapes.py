"""What a scrape costs: the exporter's read path beside client_python, client_golang and nginx.

All serve the same series over HTTP and are asked in turn, as Prometheus asks: kept connections,
gzip, OpenMetrics. A figure is CPU a request, by the kernel's accounting of the server's process,
the median of some rounds. Peers that are not installed are named as missing. Takes four minutes on
a Linux machine that is idle otherwise: ``python benchmarks/scrapes.py``.
"""

from __future__ import annotations

import os
import platform
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from fleet import DEPARTMENTS
from servers import AIOHTTP, GOLANG, NGINX, OURS, PYTHON, Peers, measured, ours

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Series, and the sites and departments of each that make about so many.
SIZES = {
    "20": (1, 0),
    "100": (1, DEPARTMENTS),
    "1k": (10, DEPARTMENTS),
    "10k": (100, DEPARTMENTS),
    "100k": (1000, DEPARTMENTS),
}
# How many times cheaper it must and should be, beside client_python and beside client_golang.
UNCHANGED: dict[str, dict[str, tuple[float, float]]] = {
    "100": {PYTHON: (12, 16), GOLANG: (2.5, 3.2)},
    "1k": {PYTHON: (80, 110), GOLANG: (20, 26)},
    "10k": {PYTHON: (750, 1000), GOLANG: (230, 280)},
    "100k": {PYTHON: (4000, 5700), GOLANG: (2800, 3200)},
}
ONE_CHANGED = {"10k": (40, 400), "100k": (40, 800)}
ALL_CHANGED = (4, 12)
# Of the peer's requests that one core answers.
SHARE = (0.28, 0.5)
GROWTH = (1.6, 1.3)
Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: CPU of both in ms, peer's by ours, and what it must be and should be."""

    name: str
    peer: str
    ours: float
    theirs: float
    wanted: tuple[float, float] | None

    @classmethod
    def of(
        cls, name: str, peer: str, cpu: Mapping[str, float], wanted: tuple[float, float] | None
    ) -> Row:
        """Take the figures of a run."""
        return cls(name, peer, cpu[OURS], cpu[peer], wanted)

    def __str__(self) -> str:
        """Write it as a row of Markdown."""
        ratio = self.theirs / self.ours
        limits = ["-", "-"] if self.wanted is None else [_number(limit) for limit in self.wanted]
        cells = [self.name, self.peer, f"{self.ours:.3f}", f"{self.theirs:.3f}", _number(ratio)]
        return f"| {' | '.join([*cells, *limits, self._verdict(ratio)])} |"

    def _verdict(self, ratio: float) -> str:
        if self.wanted is None:
            return "-"
        must, aim = self.wanted
        return "aim" if ratio >= aim else "must" if ratio >= must else "MISSED"


def _number(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2f}"  # noqa: PLR2004 - three digits of it


def unchanged(peers: Peers) -> Iterator[tuple[Row, Figures]]:
    """Scrape what does not change, in all sizes; yield each run's figures too."""
    for size, limits in UNCHANGED.items():
        there = peers.of(*SIZES[size])
        commands = {name: there[name] for name in (*limits, NGINX) if name in there}
        cpu = measured({OURS: ours(*SIZES[size]), **commands})
        for peer in commands:
            yield Row.of(f"unchanged, {size} series", peer, cpu, limits.get(peer)), cpu


def throughput(peers: Peers) -> Iterator[Row]:
    """Ask over 16 connections at once; the ratio is ours of the peer's requests a core."""
    for size in ("100", "10k"):
        there = peers.of(*SIZES[size])
        commands = {name: there[name] for name in (NGINX, AIOHTTP) if name in there}
        cpu = measured({OURS: ours(*SIZES[size]), **commands}, connections=16)
        for peer in commands:
            wanted = SHARE if peer == NGINX else None
            yield Row.of(f"16 connections, {size} series", peer, cpu, wanted)


def growth() -> Row:
    """Compare the smallest site alone with many; the ratio is below 1, as far as it grows."""
    cpu = measured({"20": ours(*SIZES["20"]), OURS: ours(*SIZES["10k"])})
    must, aim = (1 / limit for limit in GROWTH)
    return Row.of("unchanged, 10k series", "20", cpu, (must, aim))


def changed(python: Mapping[str, float]) -> Iterator[Row]:
    """Publish polls before each scrape; what client_python needs does not depend on changes."""
    for size, limits in ONE_CHANGED.items():
        cpu = {**measured({OURS: ours(*SIZES[size], 1)}), PYTHON: python[size]}
        yield Row.of(f"one site polled before each scrape, {size} series", PYTHON, cpu, limits)
    sites, departments = SIZES["10k"]
    cpu = {**measured({OURS: ours(sites, departments, 2 * sites)}), PYTHON: python["10k"]}
    yield Row.of("every series of every site changed, 10k", PYTHON, cpu, ALL_CHANGED)


def report(rows: Sequence[Row], missing: Sequence[str]) -> str:
    """Return the table, with what it was measured on."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("aiohttp", "prometheus-client"))
    lines = [
        "## Scrapes",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f},",
        f"Python {platform.python_version()}, {libraries}.",
        f"Missing: {', '.join(missing) or 'nobody'}. CPU in ms a request; ratio: peer's by ours.",
        "",
        "| what | beside | exporter | peer | ratio | must | aim | met |",
        "|---|---|---|---|---|---|---|---|",
        *map(str, rows),
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        peers = Peers(Path(folder))
        found = list(unchanged(peers))
        python = {
            size: next(cpu[PYTHON] for row, cpu in found if f" {size} " in row.name)
            for size in ONE_CHANGED
        }
        rows = [row for row, _ in found]
        rows += [*throughput(peers), growth(), *changed(python)]
    print(report(rows, peers.missing))


if __name__ == "__main__":
    main()

"""What it costs to start, and to be idle: the exporter beside the client library's own server.

Both are started in turn, several times. CPU is the process's own accounting (user and system, from
the kernel) up to the first 200 on /metrics, memory its resident set after some polls of one site.
Both run from bytecode, as they do where they are installed: to compile our modules takes 70 ms.
Run it on an otherwise idle Linux machine: ``make bench``.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
from accounting import cpu, free_port, memory

from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS = 7
IDLE_SECONDS = 3.0
_GIVE_UP_SECONDS = 20.0

# The smallest exporter that somebody would write with the client library.
PEER = """
import sys, threading
from prometheus_client import Gauge, start_http_server
Gauge("tickets", "Tickets.", ["status"]).labels("Open").set(1)
start_http_server(int(sys.argv[1]), "127.0.0.1")
threading.Event().wait()
"""
CONFIGURATION = """\
sites: [{{name: acme, url: {url}, identifier: simulated, secret: simulated, interval: 1s}}]
"""


@dataclass(frozen=True, slots=True)
class Measure:
    """One start: milliseconds of CPU up to the first 200, and MB resident when idle."""

    cpu: float
    memory: float


async def measure(command: Sequence[str], port: int, bytecode: Path) -> Measure:
    """Start a command, wait for its /metrics, let it idle, end it."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(bytecode)}
    # Where it is set, each start would compile.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    # No async process: its child watcher would be measured with nobody.
    process = subprocess.Popen(  # noqa: ASYNC220, S603 - started once, by us
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        await _first_200(port)
        used = cpu(process.pid)
        await asyncio.sleep(IDLE_SECONDS)
        return Measure(used * 1000, memory(process.pid))
    finally:
        process.terminate()
        process.wait()


async def _first_200(port: int) -> None:
    give_up = time.monotonic() + _GIVE_UP_SECONDS
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < give_up:
            try:
                async with session.get(f"http://127.0.0.1:{port}/metrics") as response:
                    response.raise_for_status()
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.005)
    raise TimeoutError("no 200 on /metrics")


async def run() -> None:
    """Measure both in turn and print a table."""
    start = datetime.now(UTC)
    site = Site(desk=HelpDesk("acme", seed=1, start=start))
    ours, peers = [], []
    async with Simulator([site], FastClock(1, start)) as simulator:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            configuration = CONFIGURATION.format(url=simulator.url("acme"))
            (folder / "whmcs.yml").write_text(configuration, encoding="utf-8")
            # The first start of each compiles.
            for _ in range(1 + ROUNDS):
                ours.append(await _start_ours(folder))
                peers.append(await _start_peer(folder))
    _table(ours[1:], peers[1:])


async def _start_ours(folder: Path) -> Measure:
    port = free_port()
    address = f"--web.listen-address=127.0.0.1:{port}"
    command = [sys.executable, "-m", "exporter", f"--config.file={folder}/whmcs.yml", address]
    return await measure(command, port, folder / "bytecode")


async def _start_peer(folder: Path) -> Measure:
    port = free_port()
    return await measure([sys.executable, "-c", PEER, str(port)], port, folder / "bytecode")


def _table(ours: Sequence[Measure], peers: Sequence[Measure]) -> None:
    print(f"{f'median (min-max) of {ROUNDS}':34}{'exporter':>22}{'client_python':>22}{'ratio':>8}")
    for name, field in (("CPU to the first 200, ms", "cpu"), ("resident when idle, MB", "memory")):
        left = [getattr(measured, field) for measured in ours]
        right = [getattr(measured, field) for measured in peers]
        ratio = statistics.median(left) / statistics.median(right)
        print(f"{name:34}{_cell(left):>22}{_cell(right):>22}{ratio:>8.2f}")


def _cell(figures: Sequence[float]) -> str:
    return f"{statistics.median(figures):.1f} ({min(figures):.1f}-{max(figures):.1f})"


if __name__ == "__main__":
    asyncio.run(run())

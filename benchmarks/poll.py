"""What one poll of a small site costs: fetch, decode and encode, beside a probe in Go.

The peer works as json_exporter does (``peers/prober``). Both ask the same simulated site over plain
HTTP, in turn, some hundred polls each time; the exporter's parts run in this very process. CPU is
the kernel's accounting. Needs Go; run it on an otherwise idle Linux machine: ``make bench``.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from accounting import cpu, free_port

from exporter import app, config
from exporter.exposition.formats import TEXT
from exporter.polling.clock import SystemClock
from exporter.whmcs.client import open_session
from tests.process.page import get
from tests.process.program import EXPORTER, Launcher, eventually, launched

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS = 11
POLLS = 300
_PEER = Path(__file__).parent / "peers" / "prober"
_FORM = {
    "action": "GetTicketCounts",
    "responsetype": "json",
    "identifier": "simulated",
    "secret": "simulated",
    "includeCountsByStatus": "1",
    "ignoreDepartmentAssignments": "1",
}
_MUST, _AIM = 1.5, 0.8


async def run(folder: Path) -> None:
    """Measure both in turn and print a table."""
    with launched(folder) as launcher:
        simulator = launcher.start(
            *(*EXPORTER, "simulate", "--sites=acme", "--web.listen-address=127.0.0.1:0")
        )
        url = (await simulator.said(r"(http://\S+/acme/)\n"))[1]
        peer = await _peer(launcher, folder, f"{url}includes/api.php")
        sites = _configured(folder, url)
        async with open_session("benchmark") as session:
            exporter = app.Exporter(sites, session, clock=SystemClock(), process_metrics=True)
            ours, peers = [], []
            # The first round warms up; and only what was asked for once is encoded.
            for _ in range(1 + ROUNDS):
                exporter.exposition.render(TEXT, compress=False)
                ours.append(await _polls(exporter))
                peers.append(_probes(*peer))
    _table(ours[1:], peers[1:])


def _configured(folder: Path, url: str) -> Sequence[config.Site]:
    file = folder / "exporter.yml"
    login = "identifier: simulated, secret: simulated"
    file.write_text(f"sites: [{{name: acme, url: {url}, {login}, sources: [ticket_counts]}}]\n")
    return config.load(file, {}).sites


async def _peer(launcher: Launcher, folder: Path, target: str) -> tuple[int, int]:
    """Build and start the peer; return its process and port."""
    program = folder / "prober"
    command = ["go", "build", "-o", str(program), "."]
    subprocess.run(command, cwd=_PEER, check=True)  # noqa: ASYNC221, S603 - nobody waits meanwhile
    port = free_port()
    process = launcher.start(str(program), f"127.0.0.1:{port}", target, urlencode(_FORM))
    page = await eventually(lambda: get(f"http://127.0.0.1:{port}/probe"))
    if "whmcs_tickets_active" not in page.text:
        raise ValueError(page.text)
    return process.pid, port


async def _polls(exporter: app.Exporter) -> float:
    """Poll, and return the milliseconds of CPU of one."""
    (poller,) = exporter.pollers
    before = cpu(os.getpid())
    for _ in range(POLLS):
        await poller.poll()
    if not all(snapshot.sources["ticket_counts"].success for snapshot in exporter.snapshots()):
        raise ValueError("the poll failed")
    return (cpu(os.getpid()) - before) * 1000 / POLLS


def _probes(pid: int, port: int) -> float:
    """Have the peer probed, and return the milliseconds of its CPU for one."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    before = cpu(pid)
    for _ in range(POLLS):
        connection.request("GET", "/probe")
        connection.getresponse().read()
    return (cpu(pid) - before) * 1000 / POLLS


def _table(ours: Sequence[float], peers: Sequence[float]) -> None:
    ratio = statistics.median(ours) / statistics.median(peers)
    print(f"{f'median (min-max) of {ROUNDS}':30}{'exporter':>20}{'probe in Go':>20}{'ratio':>7}")
    print(f"{'CPU of one poll, ms':30}{_cell(ours):>20}{_cell(peers):>20}{ratio:>7.2f}")
    print(f"must: {_MUST}, aim: {_AIM}")


def _cell(figures: Sequence[float]) -> str:
    return f"{statistics.median(figures):.2f} ({min(figures):.2f}-{max(figures):.2f})"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(run(Path(name)))

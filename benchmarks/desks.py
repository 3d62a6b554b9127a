"""Many simulated WHMCS sites behind TLS, each at an address of its own: a process for benchmarks.

``python benchmarks/desks.py --sites N --folder F`` writes ``F/ca.pem``, then one line with its
port. Every address of the loopback network leads to it, so that ``url`` gives each site a host of
its own, as real ones have. Time stands still in it, and leaps on at each SIGUSR1.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import trustme

from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.faults import find_fault
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site
from exporter.whmcs.tls import bound_buffers

# The one name in the certificate; an address for each site would make a certificate of 30 KB.
SERVER_NAME = "desks.example"
START = datetime(2026, 3, 4, 11, tzinfo=UTC)
LEAP = timedelta(hours=6)
_DEPARTMENTS = 4
_FIRST_ADDRESS = IPv4Address("127.1.0.1")


def names(sites: int) -> list[str]:
    """Return the sites' names."""
    return [f"site-{number}" for number in range(sites)]


def url(number: int, port: int) -> str:
    """Return the base URL of the site of this number."""
    return f"https://{_FIRST_ADDRESS + number}:{port}/site-{number}/"


def desk(name: str) -> HelpDesk:
    """Make a site's desk: the same one in every process."""
    return HelpDesk(name, seed=1, start=START, departments=_DEPARTMENTS)


async def serve(sites: int, hanging: int, folder: Path) -> None:
    """Serve until SIGTERM; the first ``hanging`` sites never answer."""
    leaps = 0

    def leap() -> None:
        nonlocal leaps
        leaps += 1

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, leap)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    desks = [desk(name) for name in names(sites)]
    # Their past is lived before anybody waits for an answer.
    for each in desks:
        each.state()
    simulated = [Site(desk=each) for each in desks]
    for site in simulated[:hanging]:
        site.fault = find_fault("hang")
    clock = FastClock(1.0, START, lambda: leaps * LEAP.total_seconds())
    simulator = Simulator(simulated, clock)
    listening = loopback()
    await simulator.listen(listening, _context(folder))
    print(listening.getsockname()[1], flush=True)
    await stop.wait()
    await simulator.stop()


def loopback() -> socket.socket:
    """Make a socket at every address, of which only those of the loopback network lead to it."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
    listening.bind(("", 0))
    return listening


def _context(folder: Path) -> ssl.SSLContext:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(SERVER_NAME).configure_cert(context)
    return context


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sites", type=int, required=True)
    parser.add_argument("--hanging", type=int, default=0)
    parser.add_argument("--folder", type=Path, required=True)
    args = parser.parse_args()
    bound_buffers()
    asyncio.run(serve(args.sites, args.hanging, args.folder))


if __name__ == "__main__":
    main()

"""Servers of the same series: how each is started, and what a request costs it."""

from __future__ import annotations

import gzip
import os
import shutil
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from accounting import cpu, free_port
from fleet import Fleet
from scraper import Scraper

from exporter.exposition.exposition import Exposition
from exporter.exposition.formats import TEXT
from exporter.exposition.telemetry import Telemetry
from exporter.polling.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Command: TypeAlias = "Callable[[int], list[str]]"
"""A port to the command that serves there."""

HERE = Path(__file__).parent
ROUNDS = 3
OURS, PYTHON, GOLANG, NGINX = "exporter", "client_python", "client_golang", "nginx"
AIOHTTP = "aiohttp alone"
# Of wall time, for each server in each round; whoever is slow answers a few times at least.
_SECONDS = 0.8
_LEAST_REQUESTS = 2
_NGINX_CONFIGURATION = """\
daemon off; master_process off; pid {folder}/pid; error_log /dev/null;
events {{ worker_connections 256; }}
http {{
  access_log off; keepalive_requests 1000000000; sendfile on; tcp_nopush on;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port};
    location / {{ root {folder}; gzip_static on; default_type text/plain; }}
  }}
}}
"""


def ours(sites: int, departments: int, polls: int = 0) -> Command:
    """Return the command of the exporter's read path, with polls published before each scrape."""
    arguments = [str(number) for number in (sites, departments, polls)]
    return lambda port: [sys.executable, str(HERE / "read_path.py"), str(port), *arguments]


class Peers:
    """The others, as far as they are installed; what they serve is in a folder of ours."""

    def __init__(self, folder: Path) -> None:
        """Look for nginx, and build the program in Go."""
        self._folder = folder
        self._golang = _built(folder)
        # Debian has it where only root's PATH leads.
        self._nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")

    @property
    def missing(self) -> list[str]:
        """The names of those that are not installed."""
        return [name for name, found in ((GOLANG, self._golang), (NGINX, self._nginx)) if not found]

    def of(self, sites: int, departments: int) -> dict[str, Command]:
        """Return the commands of those that are there, before the same series as ours."""
        folder = self._folder / f"{sites}-{departments}"
        folder.mkdir(exist_ok=True)
        plain, compressed = folder / "metrics", folder / "metrics.gz"
        plain.write_bytes(_text(sites, departments))
        compressed.write_bytes(gzip.compress(plain.read_bytes()))
        commands: dict[str, Command] = {
            PYTHON: _python("client_python.py", plain),
            AIOHTTP: _python("static_aiohttp.py", compressed),
        }
        if golang := self._golang:
            commands[GOLANG] = lambda port: [golang, f"127.0.0.1:{port}", str(plain)]
        if nginx := self._nginx:
            commands[NGINX] = lambda port: [nginx, "-c", _nginx_configuration(folder, port)]
        return commands


def _python(program: str, path: Path) -> Command:
    return lambda port: [sys.executable, str(HERE / "peers" / program), str(port), str(path)]


def _built(folder: Path) -> str | None:
    """Return the program in ``peers/golang``, built; None where Go is not."""
    go = shutil.which("go")
    if go is None:
        return None
    program = folder / "scrapes"
    command = [go, "build", "-o", str(program), "."]
    subprocess.run(command, cwd=HERE / "peers" / "golang", check=True)  # noqa: S603 - our own
    return str(program)


def _text(sites: int, departments: int) -> bytes:
    """Return the series of all sites, without the exporter's own."""
    telemetry = Telemetry("", "", process_metrics=False)
    exposition = Exposition(telemetry, SystemClock())
    for snapshot in Fleet(sites, departments).snapshots():
        exposition.update(snapshot)
    whole = exposition.render(TEXT, compress=False)
    return whole.removesuffix(TEXT.encode(telemetry.registry))


def _nginx_configuration(folder: Path, port: int) -> str:
    path = folder / "nginx.conf"
    # As root nginx would take another user, who may not look into our folder.
    user = "user root;\n" if os.geteuid() == 0 else ""
    text = user + _NGINX_CONFIGURATION.format(folder=folder, port=port)
    path.write_text(text, encoding="utf-8")
    return str(path)


@dataclass
class Served:
    """A server that answers, and its milliseconds of CPU a request, round by round."""

    process: subprocess.Popen[bytes]
    scraper: Scraper
    figures: list[float] = field(default_factory=list)

    def measure(self) -> None:
        """Ask for a while."""
        requests, before = 0, cpu(self.process.pid)
        end = time.monotonic() + _SECONDS
        while requests < _LEAST_REQUESTS or time.monotonic() < end:
            requests += self.scraper.scrape()
        self.figures.append(1000 * (cpu(self.process.pid) - before) / requests)


def measured(commands: Mapping[str, Command], connections: int = 1) -> dict[str, float]:
    """Start all, ask them in turn, and return the median milliseconds of CPU a request."""
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(_serving(command, connections))
            for name, command in commands.items()
        }
        for _ in range(ROUNDS):
            for server in servers.values():
                server.measure()
    return {name: statistics.median(server.figures) for name, server in servers.items()}


@contextmanager
def _serving(command: Command, connections: int) -> Iterator[Served]:
    """Start a server, wait until it answers rightly and is warm, end it."""
    port = free_port()
    process = subprocess.Popen(  # noqa: S603 - our own
        command(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with Scraper.of(port, connections) as scraper:
            for _ in range(_LEAST_REQUESTS):
                scraper.scrape()
            yield Served(process, scraper)
    finally:
        process.terminate()
        process.wait()

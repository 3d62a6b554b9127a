"""SIGTERM and SIGINT: what is under way ends well, and everything is over within five seconds."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.process import configuration
from tests.process.page import base, get, ready
from tests.process.program import ANYWHERE, Launcher, Program, eventually

if TYPE_CHECKING:
    from exporter.simulator.server import Simulator
    from exporter.simulator.site import Site

# On an idle machine all is over within five seconds. Each limit leaves a busy one its time, and is
# below what would end the waiting otherwise: the exporter's deadlines, 10 s for a head and 30 s for
# an answer that nobody takes, and a poll of most of a minute.
LIMIT = 20.0
LIMIT_OF_A_HEAD = 8.0
# How long the exporter waits for readers when it is told to stop.
PATIENCE = 2.0
PIPELINED = 20


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signal_ends_with_0(number: int, launcher: Launcher, config_file: str) -> None:
    """Being asked to stop is no failure."""
    program = launcher.exporter(f"--config.file={config_file}", ANYWHERE)
    await ready(program)
    program.interrupt(number)
    assert 0 == await program.ended(LIMIT)
    assert "msg=stopping" in program.stderr
    assert "Traceback" not in program.stderr


async def test_site_that_hangs_does_not_delay_the_end(
    launcher: Launcher, simulator: Simulator, tmp_path: Path
) -> None:
    """A call that would wait for most of a minute is given up."""
    simulator.fault("acme", "hang")
    unhurried = configuration.site(simulator.url("acme"), **configuration.UNHURRIED)
    config_file = configuration.write(tmp_path / "unhurried.yml", unhurried)
    program = launcher.exporter(f"--config.file={config_file}", ANYWHERE)

    async def called() -> None:
        assert simulator.calls["acme", "GetTicketCounts"]

    await eventually(called)
    program.interrupt()
    assert 0 == await program.ended(LIMIT)


async def test_silent_connection_does_not_delay_the_end(
    launcher: Launcher, config_file: str
) -> None:
    """A client that never finishes its request is cut off."""
    program = launcher.exporter(f"--config.file={config_file}", ANYWHERE)
    host, port = (await ready(program)).removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: exp")
    await writer.drain()
    program.interrupt()
    assert 0 == await program.ended(LIMIT_OF_A_HEAD)
    writer.close()


async def test_scrape_under_way_is_finished(
    launcher: Launcher, simulator: Simulator, site: Site, tmp_path: Path
) -> None:
    """A client that reads slowly gets the whole of the answer that was begun."""
    config_file = _large(simulator, site, tmp_path)
    received = await eventually(lambda: _read_after_the_signal(launcher, config_file))
    answers = _answers(received)
    assert 0 < len(answers) < PIPELINED
    assert all(length == size for length, size in answers)


async def _read_after_the_signal(launcher: Launcher, config_file: str) -> bytes:
    """Return what a client that was blocked reads after the signal, if nothing held it up."""
    program = await _with_large_exposition(launcher, config_file)
    url = await base(program)
    with _blocked_client(url) as client:
        await _scrape_is_under_way(client)
        began = time.monotonic()
        program.interrupt()
        await program.said("msg=stopping")
        received = await asyncio.to_thread(_read_all, client)
        seconds = time.monotonic() - began
    assert 0 == await program.ended(LIMIT)
    assert seconds < PATIENCE, "on a busy machine it was cut off, and rightly so"
    return received


async def test_scrape_that_nobody_reads_does_not_delay_the_end(
    launcher: Launcher, simulator: Simulator, site: Site, tmp_path: Path
) -> None:
    """A client that reads nothing at all is cut off after a few seconds."""
    program = await _with_large_exposition(launcher, _large(simulator, site, tmp_path))
    url = await base(program)
    with _blocked_client(url) as client:
        await _scrape_is_under_way(client)
        program.interrupt()
        assert 0 == await program.ended(LIMIT)


def _large(simulator: Simulator, site: Site, tmp_path: Path) -> str:
    """Configure the site with more to say than the system's buffers hold."""
    for number in range(2_000):
        site.desk.add_status(f"{number:0250}")
    large = configuration.site(
        simulator.url("acme"),
        sources=["ticket_counts"],
        limits={"statuses": 5_000, "response_bytes": "16MiB"},
        **configuration.UNHURRIED,
    )
    return configuration.write(tmp_path / "large.yml", large)


async def _with_large_exposition(launcher: Launcher, config_file: str) -> Program:
    """Start an exporter of that site and wait until it has all of it."""
    program = launcher.exporter(f"--config.file={config_file}", ANYWHERE)
    page = await get(f"{await ready(program)}/metrics")
    assert len(page.text) > 500_000
    return program


def _blocked_client(url: str) -> socket.socket:
    """Connect, ask many times and read nothing: the answers fill every buffer between."""
    host, port = url.removeprefix("http://").split(":")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(10)
    client.connect((host, int(port)))
    client.sendall(b"GET /metrics HTTP/1.1\r\nHost: exporter\r\n\r\n" * PIPELINED)
    return client


async def _scrape_is_under_way(client: socket.socket) -> None:
    """Wait until the exporter has sent a response that the client does not read."""

    async def look() -> None:
        assert _unread(client) > 0

    await eventually(look)


def _unread(client: socket.socket) -> int:
    """Return how many bytes wait in the exporter's system for this client to read."""
    port = f":{client.getsockname()[1]:04X}"
    lines = Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]
    _, _, remote, _, queues = zip(*(line.split()[:5] for line in lines), strict=True)
    return sum(
        int(queue.partition(":")[0], 16)
        for peer, queue in zip(remote, queues, strict=True)
        if peer.endswith(port)
    )


def _read_all(client: socket.socket) -> bytes:
    received = bytearray()
    while chunk := client.recv(65536):
        received += chunk
    return bytes(received)


def _answers(received: bytes) -> list[tuple[int, int]]:
    """Split answers that follow one another: the promised and the received length of each."""
    found = []
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        match = re.search(rb"Content-Length: ([0-9]+)", head)
        assert match
        length = int(match[1])
        found.append((length, len(rest[:length])))
        received = rest[length:]
    return found

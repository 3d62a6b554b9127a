"""The pages on real sockets, before an exporter that a test holds in its hands."""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp

from exporter.exposition.exposition import Exposition
from exporter.exposition.telemetry import Telemetry
from exporter.web.listen import Address
from exporter.web.pages import Pages, WebOptions
from exporter.web.server import Server
from tests.fake_clock import FakeClock
from tests.loop_clock import hold
from tests.web.sockets import Connection, connections

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from exporter.snapshots import Snapshot
    from exporter.web.connections import Deadlines
    from exporter.web.protection import Protection

HOST = "127.0.0.1"
# How many seconds of the machine one of the event loop takes, while clients wait for deadlines: who
# stands still for ten of them takes half a second from either.
SLOWNESS = 20
# So small that a client that does not read stops the server after a few kilobytes.
_BUFFER = 4096
SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@dataclass
class StandIn:
    """An exporter as the pages see it: what it says is set by the test."""

    shown: list[Snapshot] = field(default_factory=list)
    is_healthy: bool = True
    is_ready: bool = True
    version: str = "1.2.3"
    problem: str = ""
    reloads: int = 0
    looks: int = 0

    probes: list[tuple[str, float | None, float]] = field(default_factory=list)
    """What was asked: the site, the greatest age, the time there is to wait."""

    def __post_init__(self) -> None:
        """Make the parts that a real exporter has."""
        self.clock = FakeClock()
        self.telemetry = Telemetry(self.version, "abc", process_metrics=False)
        self.exposition = Exposition(self.telemetry, self.clock)
        for snapshot in self.shown:
            self.exposition.update(snapshot)

    def snapshots(self) -> list[Snapshot]:
        """Return every site's snapshot."""
        self.looks += 1
        return self.shown

    async def probe(self, site: str, max_age: float | None, seconds: float) -> Snapshot | None:
        """Keep what was asked, and return the site."""
        self.probes.append((site, max_age, seconds))
        return next((snapshot for snapshot in self.shown if snapshot.site == site), None)

    def due(self) -> dict[tuple[str, str], float | None]:
        """Return when each source is polled next: in half a minute, the first ones now."""
        return {
            (snapshot.site, state.name): self.clock.monotonic() + 30
            for snapshot in self.shown
            for state in snapshot.sources.values()
            if state.success is not None
        }

    def monotonic(self) -> float:
        """Return the time by which ages are told."""
        return self.clock.monotonic()

    def time(self) -> float:
        """Return Unix time."""
        return self.clock.time()

    def healthy(self) -> bool:
        """Tell what the test wants."""
        return self.is_healthy

    def ready(self) -> bool:
        """Tell what the test wants."""
        return self.is_ready

    async def reload(self) -> str:
        """Say what is wrong, as the test wants."""
        self.reloads += 1
        return self.problem

    def http_request(self, handler: str, code: int) -> None:
        """Count it where it really is counted."""
        self.telemetry.http_request(handler, code)

    def answered(self, handler: str, code: int) -> float | None:
        """Return how many requests were counted."""
        labels = {"handler": handler, "code": str(code)}
        return self.telemetry.registry.get_sample_value(
            "whmcs_exporter_http_requests_total", labels
        )


class Waiting(StandIn):
    """An exporter whose polls end when the test lets them."""

    def __post_init__(self) -> None:
        """Begin with a poll that has not ended."""
        super().__post_init__()
        self.polled = asyncio.Event()
        self.waiting = 0

    async def probe(self, site: str, max_age: float | None, seconds: float) -> Snapshot | None:
        """Return the site when the poll has ended."""
        snapshot = await super().probe(site, max_age, seconds)
        self.waiting += 1
        try:
            await self.polled.wait()
        finally:
            self.waiting -= 1
        return snapshot


def narrow() -> socket.socket:
    """Return a client's socket for which the system takes little, whatever it takes for others."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    return found


class Reader:
    """A scraper that reads only when it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak over a connection."""
        self._reader = reader
        self._writer = writer

    @classmethod
    @asynccontextmanager
    async def scraping(
        cls, port: int, said: bytes = SCRAPE, context: ssl.SSLContext | None = None
    ) -> AsyncIterator[Reader]:
        """Ask, for the metrics by default, and read no more than the answer's first byte."""
        with narrow() as connection:
            connection.setblocking(False)  # noqa: FBT003 - the library's own signature
            await asyncio.get_running_loop().sock_connect(connection, (HOST, port))
            scraper = cls(
                *await asyncio.open_connection(
                    sock=connection, limit=1, ssl=context, server_hostname=context and "localhost"
                )
            )
            try:
                scraper._writer.write(said)
                assert b"H" == await scraper._reader.readexactly(1)
                yield scraper
            finally:
                await scraper.leave()

    async def rest(self) -> bytes:
        """Read everything."""
        return await self._reader.read()

    async def some(self, most: int) -> bytes:
        """Read a part."""
        return await self._reader.read(most)

    async def answer(self) -> bytes:
        """Read the rest of an answer whose first byte was read; return its body."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += await self._reader.readexactly(1)
        (length,) = re.findall(rb"Content-Length: ([0-9]+)", head)
        return await self._reader.readexactly(int(length))

    def unsent(self) -> int:
        """Return how many bytes this side still holds back."""
        return self._writer.transport.get_write_buffer_size()

    def say(self, data: bytes) -> None:
        """Send more bytes."""
        self._writer.write(data)

    def say_no_more(self) -> None:
        """End this direction of the connection, beneath TLS if there is any."""
        self._writer.get_extra_info("socket").shutdown(socket.SHUT_WR)

    def vanish(self) -> None:
        """End the connection at once, with whatever is unread."""
        self._writer.transport.abort()

    async def leave(self) -> None:
        """Close the connection, read or not."""
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


@dataclass(frozen=True, kw_only=True)
class Served:
    """Pages that are served: who asks, where, and which server it is."""

    exporter: StandIn
    client: aiohttp.ClientSession
    server: Server
    port: int

    def connections(self) -> list[Connection]:
        """Return the connections that the server has."""
        return connections(self.port)


@asynccontextmanager
async def serving(
    exporter: StandIn | None = None,
    options: WebOptions | None = None,
    *,
    protection: Protection | None = None,
    max_connections: int = 240,
    deadlines: Deadlines | None = None,
    slowly: bool = True,
) -> AsyncIterator[Served]:
    """Serve an exporter's pages on loopback; ``slowly`` is how the loop's clock goes then."""
    if slowly:
        hold(SLOWNESS)
    exporter = exporter or StandIn()
    pages = Pages(exporter, exporter.exposition, options or WebOptions(), exporter.reload)
    listener = Address(HOST, 0).open()
    listener.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
    port = listener.address.port
    client = aiohttp.ClientSession(f"http://{HOST}:{port}", auto_decompress=False)
    server = Server(
        pages.application(),
        [listener.socket],
        protection=protection,
        max_connections=max_connections,
        deadlines=deadlines,
    )
    try:
        async with client, server:
            yield Served(exporter=exporter, client=client, server=server, port=port)
    finally:
        listener.close()

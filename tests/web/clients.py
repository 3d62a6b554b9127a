"""Clients that say and read what a test wants, and the healthy one beside them."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING

from tests.loop_clock import hold
from tests.web.serving import HOST, SLOWNESS, narrow

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

    from tests.web.serving import Served
    from tests.web.sockets import Connection

# The most that a healthy client waits, in seconds of the loop's slow clock: less than any deadline
# that a server ends it by.
HEALTHY = 5.0
GET = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
# Beyond this a stop hangs; systemd and Kubernetes would wait longer, people would not.
STOP_SECONDS = 5


class Client:
    """A connection that says what the test says."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak over a connection."""
        self._reader = reader
        self._writer = writer

    def say(self, data: bytes) -> None:
        """Send bytes."""
        self._writer.write(data)

    def reset(self) -> None:
        """End the connection without a word: the server reads an error, not an end."""
        connection = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.close()

    async def answer(self) -> bytes:
        """Read an answer of the health page's size: its head and "ok"."""
        return await self._reader.readuntil(b"ok\n")

    async def rest(self) -> bytes:
        """Read until the other side ends the connection; a reset is an end."""
        data = b""
        with suppress(ConnectionError):
            while part := await self._reader.read(65536):
                data += part
        return data


@asynccontextmanager
async def connected(served: Served, context: ssl.SSLContext | None = None) -> AsyncIterator[Client]:
    """Connect, over TLS if there is a context, and close at the end."""
    reader, writer = await asyncio.open_connection(
        HOST, served.port, ssl=context, server_hostname=context and "localhost"
    )
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@contextmanager
def crowd(served: Served, size: int, said: bytes = b"") -> Iterator[list[socket.socket]]:
    """Open many connections that say something, or nothing, and read nothing."""
    with ExitStack() as stack:
        found = [stack.enter_context(narrow()) for _ in range(size)]
        for connection in found:
            connection.connect((HOST, served.port))
        for connection in found:
            connection.send(said)
        yield found


def leap(seconds: float) -> None:
    """Make it later: what the loop was to do until then, it does next."""
    hold().leap(seconds)


async def turns() -> None:
    """Let all that was said be heard."""
    for _ in range(20):
        await asyncio.sleep(0)


async def in_time(waited_for: Coroutine[object, object, bytes], seconds: float) -> bytes:
    """Return what is waited for, while that many seconds pass with each look."""
    task = asyncio.create_task(waited_for)
    give_up = time.monotonic() + HEALTHY * SLOWNESS
    while not task.done():
        assert time.monotonic() < give_up
        await turns()
        leap(seconds)
    return await task


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, which has no event over real sockets."""
    async with asyncio.timeout(HEALTHY):
        while not condition():  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0)


async def assert_slow(served: Served, number: int) -> None:
    """Wait until so many connections wait for their readers: what is unsent stays the same."""
    async with asyncio.timeout(HEALTHY):
        before: list[Connection] = []
        while number != sum(0 < each.unsent for each in before) or before != served.connections():
            before = served.connections()
            await turns()


async def assert_open(served: Served, number: int) -> None:
    """Wait until so many connections are open."""
    async with asyncio.timeout(HEALTHY):
        while number != len(served.connections()):  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0)


async def assert_stops(served: Served) -> None:
    """Check that a server stops in time, though its clients do nothing meanwhile."""
    stopping = asyncio.create_task(served.server.__aexit__(None, None, None))
    for _ in range(STOP_SECONDS):
        await turns()
        leap(1)
    async with asyncio.timeout(1):
        await stopping


async def assert_healthy(served: Served) -> None:
    """Check that a client that knows what it wants is served at once."""
    async with asyncio.timeout(HEALTHY), connected(served) as client:
        client.say(GET)
        assert (await client.answer()).startswith(b"HTTP/1.1 200 OK")

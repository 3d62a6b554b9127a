"""Kept connections: used again while they are sound, and not a call longer."""

import asyncio
import time
import tracemalloc
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from exporter.whmcs.client import Client, open_session
from exporter.whmcs.errors import ConnectFailed
from exporter.whmcs.tls import client_context
from tests.whmcs.authority import Authority
from tests.whmcs.calls import ACTION, CREDENTIAL, PATIENCE
from tests.whmcs.server import (
    SUCCESS,
    Options,
    Script,
    Server,
    answer,
    read_request,
    reset,
    says,
    serving,
)

CONNECTIONS = 10
STRAY = answer(b'{"result": "success", "stray": true}')


class Kept:
    """Answers each request on a connection, and says something unasked when it is told to."""

    def __init__(self) -> None:
        """Begin without any connection."""
        self.writers: list[StreamWriter] = []
        self.answers = True

    async def converse(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Answer until the other side leaves."""
        self.writers.append(writer)
        try:
            while True:
                await read_request(reader)
                if not self.answers:
                    break
                writer.write(answer())
        except asyncio.IncompleteReadError:
            pass
        writer.close()

    async def say(self, raw: bytes) -> None:
        """Say something unasked on the newest connection, and let it be read."""
        self.writers[-1].write(raw)
        for _ in range(40):
            await asyncio.sleep(0)


@asynccontextmanager
async def calling(
    script: Script, authority: Authority | None = None
) -> AsyncIterator[Callable[[], Awaitable[object]]]:
    """Serve, over TLS where there is an authority, and hand out what makes a call there.

    Unlike ``serving`` it has a script answer more than one request of a connection.
    """
    tls = authority.server_context() if authority else None
    trusted = Options(ssl_context=client_context(ca_file=authority.ca_file)) if authority else {}
    server = await asyncio.start_server(script, "127.0.0.1", 0, ssl=tls)
    address = f"{'https' if tls else 'http'}://localhost:{server.sockets[0].getsockname()[1]}"
    async with server, open_session("test/1") as session:
        client = Client(session, Server(address, []).endpoint(**trusted))
        yield lambda: client.post(ACTION, {}, CREDENTIAL, limit=PATIENCE)


async def connections(unasked: bytes) -> int:
    """Call three times, with something unasked in between; return how often was connected."""
    kept = Kept()
    async with calling(kept.converse) as call:
        for _ in range(3):
            assert {"result": "success"} == await call()
            await kept.say(unasked)
    return len(kept.writers)


async def test_a_sound_connection_is_used_again() -> None:
    """Calls one after another share a connection."""
    assert 1 == await connections(b"")


@pytest.mark.parametrize(("minutes", "made"), [(3, 1), (4, 2)])
async def test_how_long_a_connection_is_kept(
    minutes: int, made: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the next poll of nearly every site, but not as long as gateways forget it after."""
    kept = Kept()
    async with calling(kept.converse) as call:
        await call()
        later = time.monotonic() + 60 * minutes
        monkeypatch.setattr("aiohttp.connector.monotonic", lambda: later)
        await call()
    assert made == len(kept.writers)


async def test_a_kept_tls_connection_has_no_large_buffer(authority: Authority) -> None:
    """Both ends together take less than half of what asyncio would reserve for one."""
    kept = Kept()
    async with calling(kept.converse, authority) as call:
        with traced() as size:
            await asyncio.gather(*(call() for _ in range(CONNECTIONS)))
            assert CONNECTIONS == len(kept.writers)
            assert size() < CONNECTIONS * 128 * 1024


@contextmanager
def traced() -> Iterator[Callable[[], int]]:
    """Hand out what tells the bytes that were allocated within the context and still are."""
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "unasked",
    [STRAY, STRAY * 2, STRAY[:-10], b"garbage", answer(SUCCESS, status="408 Request Timeout")],
    ids=["answer", "two answers", "half an answer", "garbage", "timeout"],
)
async def test_what_was_not_asked_for_is_no_answer(unasked: bytes) -> None:
    """A connection on which something came unasked is given up, and what came with it."""
    assert 3 == await connections(unasked)


class Once:
    """Answers the first request of each connection; the second one ends it without a word."""

    def __init__(self, end: Callable[[StreamWriter], None]) -> None:
        """End connections by ``end``."""
        self.end = end
        self.requests: list[int] = []
        self._connections = 0

    async def converse(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Note by number the connection on which each request came."""
        self._connections += 1
        number = self._connections
        for _ in range(2):
            await read_request(reader)
            self.requests.append(number)
            if self.requests.count(number) == 1:
                writer.write(answer())
        self.end(writer)


@pytest.mark.parametrize("end", [StreamWriter.close, reset], ids=["closed", "reset"])
async def test_a_call_outlives_the_kept_connection(end: Callable[[StreamWriter], None]) -> None:
    """A call whose kept connection ended meanwhile is sent again, over a new one."""
    once = Once(end)
    async with calling(once.converse) as call:
        for _ in range(3):
            assert {"result": "success"} == await call()
    assert [1, 1, 2, 2, 3] == once.requests


async def test_every_kept_connection_may_have_ended() -> None:
    """Two kept connections that ended cost a call two vain tries, and no failure."""
    once = Once(reset)
    async with calling(once.converse) as call:
        await asyncio.gather(call(), call())
        await call()
    assert [1, 1, 2, 2, 3] == sorted(once.requests)


async def test_a_connection_of_its_own_gets_no_second_try() -> None:
    """A call that a new connection failed is not sent again: its failure is the site's."""
    async with serving(says(b"")) as server, open_session("test/1") as session:
        with pytest.raises(ConnectFailed):
            await Client(session, server.endpoint()).post(ACTION, {}, CREDENTIAL, limit=PATIENCE)
    assert 1 == len(server.requests)


async def test_a_new_connection_in_place_of_an_unsound_one_gets_no_second_try() -> None:
    """Where a kept connection gave way to a new one, that one's failure counts."""
    kept = Kept()
    async with calling(kept.converse) as call:
        await call()
        await kept.say(STRAY)
        kept.answers = False
        with pytest.raises(ConnectFailed):
            await call()
    assert 2 == len(kept.writers)

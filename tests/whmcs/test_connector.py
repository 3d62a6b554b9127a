"""Kept connections: used again while they are sound, and not a call longer."""

import asyncio
import time
import tracemalloc
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from exporter.whmcs.client import Client, open_session
from exporter.whmcs.errors import ConnectFailed
from exporter.whmcs.tls import client_context
from tests.whmcs.authority import Authority
from tests.whmcs.calls import CREDENTIAL
from tests.whmcs.server import SUCCESS, Server, answer, read_request, reset, says, serving

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


async def connections(unasked: bytes) -> int:
    """Call three times, with something unasked in between; return how often was connected."""
    kept = Kept()
    server = await asyncio.start_server(kept.converse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_session("test/1") as session:
        client = Client(session, Server(f"http://127.0.0.1:{port}", []).endpoint())
        for _ in range(3):
            document = await client.post("GetTicketCounts", {}, CREDENTIAL, limit=10)
            assert {"result": "success"} == document
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
    server = await asyncio.start_server(kept.converse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_session("test/1") as session:
        client = Client(session, Server(f"http://127.0.0.1:{port}", []).endpoint())
        await client.post("GetTicketCounts", {}, CREDENTIAL, limit=10)
        later = time.monotonic() + 60 * minutes
        monkeypatch.setattr("aiohttp.connector.monotonic", lambda: later)
        await client.post("GetTicketCounts", {}, CREDENTIAL, limit=10)
    assert made == len(kept.writers)


async def test_a_kept_tls_connection_has_no_large_buffer(authority: Authority) -> None:
    """Both ends together take less than half of what asyncio would reserve for one."""
    kept = Kept()
    server = await asyncio.start_server(
        kept.converse, "127.0.0.1", 0, ssl=authority.server_context()
    )
    port = server.sockets[0].getsockname()[1]
    async with server, open_session("test/1") as session:
        endpoint = Server(f"https://localhost:{port}", []).endpoint(
            ssl_context=client_context(ca_file=authority.ca_file)
        )
        with traced() as size:
            client = Client(session, endpoint)
            calls = (client.post("A", {}, CREDENTIAL, limit=10) for _ in range(CONNECTIONS))
            await asyncio.gather(*calls)
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
    server = await asyncio.start_server(once.converse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_session("test/1") as session:
        client = Client(session, Server(f"http://127.0.0.1:{port}", []).endpoint())
        for _ in range(3):
            document = await client.post("GetTicketCounts", {}, CREDENTIAL, limit=10)
            assert {"result": "success"} == document
    assert [1, 1, 2, 2, 3] == once.requests


async def test_every_kept_connection_may_have_ended() -> None:
    """Two kept connections that ended cost a call two vain tries, and no failure."""
    once = Once(reset)
    server = await asyncio.start_server(once.converse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_session("test/1") as session:
        client = Client(session, Server(f"http://127.0.0.1:{port}", []).endpoint())
        calls = (client.post("GetTicketCounts", {}, CREDENTIAL, limit=10) for _ in range(2))
        await asyncio.gather(*calls)
        await client.post("GetTicketCounts", {}, CREDENTIAL, limit=10)
    assert [1, 1, 2, 2, 3] == sorted(once.requests)


async def test_a_connection_of_its_own_gets_no_second_try() -> None:
    """A call that a new connection failed is not sent again: its failure is the site's."""
    async with serving(says(b"")) as server, open_session("test/1") as session:
        with pytest.raises(ConnectFailed):
            await Client(session, server.endpoint()).post("A", {}, CREDENTIAL, limit=10)
    assert 1 == len(server.requests)


async def test_a_new_connection_in_place_of_an_unsound_one_gets_no_second_try() -> None:
    """Where a kept connection gave way to a new one, that one's failure counts."""
    kept = Kept()
    server = await asyncio.start_server(kept.converse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_session("test/1") as session:
        client = Client(session, Server(f"http://127.0.0.1:{port}", []).endpoint())
        await client.post("GetTicketCounts", {}, CREDENTIAL, limit=10)
        await kept.say(STRAY)
        kept.answers = False
        with pytest.raises(ConnectFailed):
            await client.post("GetTicketCounts", {}, CREDENTIAL, limit=10)
    assert 2 == len(kept.writers)

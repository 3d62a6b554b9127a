"""What slow readers of large answers cost: little while they are there, and nothing when gone."""

from __future__ import annotations

import asyncio
import gc
import ssl
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, cast

import pytest

from exporter.web.connection import Connection
from exporter.web.connections import Deadlines
from exporter.web.pieces import Pieces
from exporter.web.protection import Protection
from tests.exposition.sites import fresh_site, poll, tickets
from tests.exposition_check import check
from tests.web.clients import (
    GET,
    HEALTHY,
    assert_healthy,
    assert_open,
    assert_slow,
    assert_stops,
    leap,
    turns,
)
from tests.web.rules import ServedTLS, UnfitError, Written
from tests.web.serving import Reader, Served, StandIn, serving
from tests.web.test_limits import large_site
from tests.whmcs.authority import Authority

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DEADLINES = Deadlines()
SITES = 300
CROWD = 5
# Beyond a head.
FEW_BYTES = 1024
PIECE = 64 * 1024
# asyncio's TLS has a buffer more, and encrypts into one more.
TLS_PIECES = 4
LARGE = ["/metrics", "/api/v1/sites", "/sd"]
PATHS = [*LARGE, "/"]


def ask(path: str = "/metrics", *, times: int = 1) -> bytes:
    """Return requests that are sent at once."""
    return b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode() * times


def many_sites(count: int = SITES) -> StandIn:
    """Return an exporter of which every page is larger than a few pieces."""
    names = (f"site{number}-{'x' * 200}" for number in range(count))
    return StandIn(
        [
            fresh_site(name).after(poll(name, "ticket_counts", tickets({"Open": 1})))
            for name in names
        ]
    )


@asynccontextmanager
async def readers(
    served: Served, said: bytes, number: int = CROWD, context: ssl.SSLContext | None = None
) -> AsyncIterator[list[Reader]]:
    """Ask from some connections that read one byte, and vanish at the end."""
    async with AsyncExitStack() as stack:
        there = [
            await stack.enter_async_context(Reader.scraping(served.port, said, context))
            for _ in range(number)
        ]
        try:
            yield there
        finally:
            for reader in there:
                reader.vanish()


async def learn(served: Served) -> None:
    """Ask for the metrics, so that equal requests are answered by repeating the answer."""
    async with Reader.scraping(served.port, ask()) as reader:
        await assert_open(served, 1)
        reader.vanish()
    await assert_open(served, 0)
    await turns()
    assert served.server._connections.repeats.answer(ask())


def unsent(served: Served) -> list[int]:
    """Return how much each connection holds back, in bytes."""
    return [
        cast("asyncio.WriteTransport", connection.transport).get_write_buffer_size()
        for connection in served.server._connections._open
    ]


@pytest.mark.parametrize("path", PATHS)
async def test_a_slow_reader_holds_one_piece(path: str) -> None:
    """However large an answer is, no more than a piece of it is copied for whoever takes none."""
    async with serving(many_sites()) as served, readers(served, ask(path, times=9)):
        await assert_slow(served, CROWD)
        assert all(0 < size <= FEW_BYTES for size in unsent(served))


async def test_a_slow_reader_of_a_repeated_answer_holds_one_piece() -> None:
    """Nor is it where an answer is repeated."""
    async with serving(many_sites()) as served:
        await learn(served)
        async with readers(served, ask()):
            await assert_slow(served, CROWD)
            assert all(0 < size <= FEW_BYTES for size in unsent(served))
            assert {1} == {
                len({id(connection.body) for connection in served.server._connections._open})
            }


@pytest.mark.parametrize("is_cut", [False, True])
@pytest.mark.parametrize("path", [*PATHS, "/healthz", "repeated"])
async def test_slow_readers_leave_nothing(path: str, *, is_cut: bool) -> None:
    """Gone or cut off, they are free at once, not when the garbage is collected some day."""
    async with serving(many_sites()) as served:
        if path == "repeated":
            path = "/metrics"
            await learn(served)
        times = 200 if path == "/healthz" else 9
        await assert_nothing_is_left(served, ask(path, times=times), is_cut=is_cut)


async def assert_nothing_is_left(
    served: Served, said: bytes, context: ssl.SSLContext | None = None, *, is_cut: bool
) -> None:
    """Check that slow readers leave no connection, and no body, in a circle."""
    gc.collect()
    gc.disable()
    try:
        async with readers(served, said, context=context):
            await assert_slow(served, CROWD)
            if is_cut:
                leap(DEADLINES.write)
                await assert_open(served, 0)
        await assert_open(served, 0)
        await assert_healthy_over(served, context)
        await turns()
        # CPython can't make a tuple in a thread while somebody else looks at all objects.
        async with asyncio.timeout(HEALTHY):
            while asyncio.all_tasks() - {asyncio.current_task()}:  # noqa: ASYNC110 - no event
                await asyncio.sleep(0)
        kept = (Connection, Pieces)
        assert [] == [each for each in gc.get_objects() if isinstance(each, kept)]
    finally:
        gc.enable()


async def assert_healthy_over(served: Served, context: ssl.SSLContext | None) -> None:
    """Check that others are served meanwhile."""
    if context is None:
        await assert_healthy(served)


@pytest.mark.parametrize("path", ["/api/v1/sites", "/"])
async def test_who_leaves_before_the_answer_leaves_nothing(path: str) -> None:
    """What was made for somebody who is gone by then is not kept for him."""
    async with serving(many_sites()) as served:
        _, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(ask(path))
        await assert_busy(served)
        tasks = asyncio.all_tasks()
        writer.transport.abort()
        await assert_open(served, 0)
        async with asyncio.timeout(HEALTHY):
            await asyncio.wait(tasks - {asyncio.current_task()})


async def assert_busy(served: Served) -> None:
    """Wait until a connection is served."""
    async with asyncio.timeout(HEALTHY):
        while not any(each.is_busy for each in served.server._connections._open):  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0)


@asynccontextmanager
async def serving_tls(folder: Path) -> AsyncIterator[tuple[Served, ssl.SSLContext]]:
    """Serve over TLS."""
    authority = Authority(folder)
    tls = ServedTLS(context=authority.server_context())
    rules = Protection(lambda: Written(tls=tls), UnfitError)
    async with serving(many_sites(), protection=rules) as served:
        yield served, ssl.create_default_context(cafile=authority.ca_file)


# The smaller ones may all be between two clients' buffers for a moment.
@pytest.mark.parametrize(
    ("path", "is_cut"), [("/metrics", True), *((path, False) for path in LARGE)]
)
async def test_slow_readers_over_tls_leave_nothing(
    path: str, tmp_path: Path, *, is_cut: bool
) -> None:
    """Encrypted or not."""
    async with serving_tls(tmp_path) as (served, context):
        await assert_nothing_is_left(served, ask(path, times=9), context, is_cut=is_cut)


@pytest.mark.parametrize("path", LARGE)
async def test_a_slow_reader_over_tls_holds_few_pieces(path: str, tmp_path: Path) -> None:
    """Two layers hold more than one, and not all."""
    async with (
        serving_tls(tmp_path) as (served, context),
        readers(served, ask(path, times=9), context=context),
    ):
        await assert_slow(served, CROWD)
        for connection, size in zip(served.server._connections._open, unsent(served), strict=True):
            below = connection.transport._ssl_protocol._transport  # type: ignore[union-attr]
            assert size + below.get_write_buffer_size() <= TLS_PIECES * PIECE


@pytest.mark.parametrize("is_repeated", [False, True])
async def test_to_read_a_little_does_not_help(*, is_repeated: bool) -> None:
    """The deadline is for the whole answer: whoever takes a piece now and then is cut off, too."""
    async with serving(many_sites()) as served:
        if is_repeated:
            await learn(served)
        async with readers(served, ask(), 1) as (reader,):
            (connection,) = served.server._connections._open
            leap(DEADLINES.write * 0.6)
            await taken(reader, connection, 3 * PIECE)
            assert not cast("asyncio.Transport", connection.transport).is_closing()
            leap(DEADLINES.write * 0.6)
            await assert_open(served, 0)


async def test_an_idle_connection_keeps_no_body() -> None:
    """Whoever has read an answer, and asks for nothing more, costs as little as others."""
    async with serving(many_sites()) as served, readers(served, ask(), 1) as (reader,):
        (connection,) = served.server._connections._open
        await all_taken(reader, connection)
        (body,) = (each for each in gc.get_objects() if isinstance(each, Pieces))
        assert b"" == body._value


async def all_taken(reader: Reader, connection: Connection) -> None:
    """Read until an answer has left."""
    async with asyncio.timeout(HEALTHY):
        while connection.is_busy or connection.writing_paused:
            await reader.some(PIECE)


async def taken(reader: Reader, connection: Connection, size: int) -> None:
    """Read so much, in which several pieces leave."""
    async with asyncio.timeout(HEALTHY):
        while size > 0:
            size -= len(await reader.some(PIECE))
    # There is more of it; whether that is just now on its way is another matter.
    assert connection.body


@pytest.mark.parametrize("is_repeated", [False, True])
async def test_a_deadline_is_for_one_answer(*, is_repeated: bool) -> None:
    """Whoever takes an answer in time has the whole time for the next one."""
    async with serving(many_sites()) as served:
        if is_repeated:
            await learn(served)
        async with readers(served, ask(), 1) as (reader,):
            (connection,) = served.server._connections._open
            await all_taken(reader, connection)
            leap(DEADLINES.write)
            await turns()
            await assert_open(served, 1)
            assert connection._deadline is None


@pytest.mark.parametrize("said", [ask(), ask("/sd")])
async def test_what_follows_is_not_read(said: bytes) -> None:
    """Of what is asked behind an answer that nobody takes no more comes in than one read."""
    async with serving(many_sites()) as served, readers(served, said, 1) as (reader,):
        (connection,) = served.server._connections._open
        reader._writer.write((GET[:-2] + b"A: %b\r\n\r\n" % (b"a" * 8000)) * 100)
        await turns()
        await turns()
        assert len(connection._messages) <= 3


async def test_of_many_bodies_the_oldest_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers of ever new bodies keep a few; those of one body may be many."""
    monkeypatch.setattr("exporter.web.unread._MOST_BYTES", 1)
    exporter = StandIn([large_site()])
    async with serving(exporter) as served, AsyncExitStack() as stack:
        await stack.enter_async_context(readers(served, ask(), 2))
        oldest = list(served.server._connections._open)
        for number in range(1, 5):
            await assert_open(served, 1 + number)
            exporter.exposition.update(large_site(3000 + number))
            await stack.enter_async_context(readers(served, ask(), 1))
        await assert_open(served, 4)
        assert not set(oldest) & set(served.server._connections._open)


async def test_a_stop_lets_a_repeated_answer_be_read() -> None:
    """A scrape that is under way when the end comes gets all, repeated or not."""
    async with serving(StandIn([large_site()])) as served:
        await learn(served)
        async with readers(served, ask(), 1) as (reader,):
            stopping = asyncio.create_task(served.server.__aexit__(None, None, None))
            await turns()
            assert not stopping.done()
            check((await reader.rest()).partition(b"\r\n\r\n")[2].decode())
            await stopping


async def test_a_stop_does_not_wait_for_ever_for_a_repeated_answer() -> None:
    """A reader that never reads is cut off in time."""
    async with serving(StandIn([large_site()])) as served:
        await learn(served)
        async with readers(served, ask(), 1):
            await assert_stops(served)

"""What slow readers of large answers cost: little while they are there, and nothing when gone."""

from __future__ import annotations

import asyncio
import gc
import ssl
import time
import tracemalloc
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING

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
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from exporter.snapshots import Snapshot

DEADLINES = Deadlines()
SITES = 300
CROWD = 5
# What the server reads at once.
READ = 16 * 1024
PIECE = 64 * 1024
# asyncio's TLS has a buffer of 256 KiB to read into, and copies what it encrypts.
TLS_PIECES = 8
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


@contextmanager
def allocated() -> Iterator[Callable[[], int]]:
    """Count the bytes that are allocated and not freed from now on."""
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()

        def since() -> int:
            gc.collect()
            return tracemalloc.get_traced_memory()[0] - before

        yield since
    finally:
        tracemalloc.stop()


async def size_of(served: Served, path: str) -> int:
    """Return how large a page is, in bytes."""
    headers = {"Accept-Encoding": "identity", "Connection": "close"}
    async with served.client.get(path, headers=headers) as response:
        return len(await response.read())


@pytest.mark.parametrize("path", PATHS)
async def test_a_slow_reader_holds_one_answer(path: str) -> None:
    """Of many large answers that were asked for it holds one, and no copy of it."""
    async with serving(many_sites()) as served:
        size = await size_of(served, path)
        with allocated() as bytes_since:
            async with readers(served, ask(path, times=9)):
                await assert_slow(served, CROWD)
                assert bytes_since() < CROWD * (size + PIECE)


async def test_slow_readers_share_a_repeated_answer() -> None:
    """As many as read the same metrics hold them once."""
    async with serving(many_sites()) as served:
        await learn(served)
        size = await size_of(served, "/metrics")
        with allocated() as bytes_since:
            async with readers(served, ask()):
                await assert_slow(served, CROWD)
                assert bytes_since() < 2 * size + CROWD * PIECE


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
            give_up = time.monotonic() + HEALTHY
            # A deadline starts when writing pauses, which the queues do not show.
            while is_cut and served.connections():
                assert time.monotonic() < give_up
                leap(DEADLINES.write)
                await turns()
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
    """Wait until an answer is made."""
    async with asyncio.timeout(HEALTHY):
        while not served.exporter.looks:  # noqa: ASYNC110 - there is no event
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


@pytest.mark.slow
@pytest.mark.parametrize("path", LARGE)
async def test_a_slow_reader_over_tls_holds_few_pieces(path: str, tmp_path: Path) -> None:
    """Of many answers it holds one and what two layers of buffers copy of it, a few pieces."""
    async with serving_tls(tmp_path) as (served, context):
        async with serving(many_sites()) as plain:
            size = await size_of(plain, path)
        with allocated() as bytes_since:
            async with readers(served, ask(path, times=9), context=context):
                await assert_slow(served, CROWD)
                assert bytes_since() < CROWD * (2 * size + TLS_PIECES * PIECE)


@pytest.mark.parametrize("is_repeated", [False, True])
async def test_to_read_a_little_does_not_help(*, is_repeated: bool) -> None:
    """The deadline is for the whole answer: whoever takes a piece now and then is cut off, too."""
    async with serving(many_sites()) as served:
        if is_repeated:
            await learn(served)
        async with readers(served, ask(), 1) as (reader,):
            leap(DEADLINES.write * 0.6)
            await taken(reader, 3 * PIECE)
            await assert_slow(served, 1)
            leap(DEADLINES.write * 0.6)
            await assert_open(served, 0)


@pytest.mark.parametrize("path", LARGE)
async def test_an_idle_connection_keeps_no_body(path: str) -> None:
    """Some that have read an answer, and ask for nothing more, hold less than half of it."""
    async with serving(many_sites()) as served:
        size = await size_of(served, path)
        with allocated() as bytes_since:
            async with readers(served, ask(path)) as there:
                await asyncio.gather(*(reader.answer() for reader in there))
                await turns()
                await assert_open(served, CROWD)
                assert bytes_since() < CROWD * size / 2


async def taken(reader: Reader, size: int) -> None:
    """Read so much, in which several pieces leave."""
    async with asyncio.timeout(HEALTHY):
        while size > 0:
            size -= len(await reader.some(PIECE))


@pytest.mark.parametrize("is_repeated", [False, True])
async def test_a_deadline_is_for_one_answer(*, is_repeated: bool) -> None:
    """Whoever takes an answer in time has the whole time for the next one."""
    async with serving(many_sites()) as served:
        if is_repeated:
            await learn(served)
        async with readers(served, ask(), 1) as (reader,):
            for _ in range(2):
                leap(DEADLINES.write * 0.6)
                async with asyncio.timeout(HEALTHY):
                    await reader.answer()
                reader.say(ask())
                assert b"H" == await reader.some(1)
            await assert_open(served, 1)


@pytest.mark.parametrize("said", [ask(), ask("/sd")])
async def test_what_follows_is_not_read(said: bytes) -> None:
    """Of what is asked behind an answer that nobody takes no more comes in than one read."""
    async with serving(many_sites()) as served, readers(served, said, 1) as (reader,):
        # Few enough for the system to take all of them.
        more = (GET[:-2] + b"A: %b\r\n\r\n" % (b"a" * 7000)) * 8
        reader.say(more)
        async with asyncio.timeout(HEALTHY):
            while reader.unsent():  # noqa: ASYNC110 - there is no event
                await asyncio.sleep(0)
        for _ in range(3):
            await turns()
            (connection,) = served.connections()
            assert len(more) - READ <= connection.unread


def large_sites() -> list[Snapshot]:
    """Return sites with 6 MiB of metrics together: the server gives up bodies beyond 16 MiB."""
    counts = {f"{number}{'x' * 200}": 1 for number in range(1_000)}
    return [
        fresh_site(name).after(poll(name, "ticket_counts", tickets(counts)))
        for name in map(str, range(25))
    ]


async def test_of_many_bodies_the_oldest_are_given_up() -> None:
    """Readers of ever new bodies keep a few; those of one body may be many."""
    exporter = StandIn(large_sites())
    async with serving(exporter) as served, AsyncExitStack() as stack:
        oldest = await stack.enter_async_context(readers(served, ask(), 2))
        for number in range(1, 5):
            await assert_open(served, 1 + number)
            exporter.exposition.update(fresh_site(f"new {number}"))
            await stack.enter_async_context(readers(served, ask(), 1))
        await assert_open(served, 4)
        for reader in oldest:
            async with asyncio.timeout(HEALTHY):
                with suppress(ConnectionError):
                    await reader.rest()


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

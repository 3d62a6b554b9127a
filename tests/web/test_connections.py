"""Hostile clients on real sockets: who is waited for how long, and who makes room for whom."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import resource
import socket
import ssl
from asyncio.sslproto import SSLProtocol
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from exporter.web.connections import Deadlines
from exporter.web.protection import Protection
from tests.exposition.sites import globex
from tests.exposition_check import check
from tests.web.rules import ServedTLS, UnfitError, Written
from tests.web.serving import SCRAPE, Reader, Served, StandIn, Waiting, serving
from tests.web.test_limits import PROBE, large_site
from tests.whmcs.authority import Authority

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

from tests.web.clients import (
    GET,
    HEALTHY,
    assert_healthy,
    assert_open,
    assert_slow,
    connected,
    crowd,
    leap,
    turns,
    until,
)

DEADLINES = Deadlines()


@pytest.mark.parametrize(
    "said", [b"", b"GET", b"GET / HTTP/1.1\r\nA: b\r\n", b"GET /" + b"a" * 8000]
)
async def test_a_head_must_be_whole_in_time(said: bytes) -> None:
    """Who says nothing, or never comes to the end, is left without an answer."""
    async with serving() as served, connected(served) as client:
        client.say(said)
        await assert_open(served, 1)
        leap(DEADLINES.head)
        async with asyncio.timeout(HEALTHY):
            assert b"" == await client.rest()


async def test_little_is_received_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is sent, one read asks for no more memory than a head may take."""
    sizes = []
    received = web.RequestHandler.data_received

    def noted(connection: web.RequestHandler, data: bytes) -> None:
        sizes.append(len(data))
        received(connection, data)

    monkeypatch.setattr(web.RequestHandler, "data_received", noted)
    async with serving() as served, connected(served) as client:
        head = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n"
        client.say(head + bytes(200_000))
        async with asyncio.timeout(HEALTHY):
            assert (await client.rest()).startswith(b"HTTP/1.1 405 ")
    # How much there is at once, is up to the system.
    assert max(sizes) <= 16 * 1024


async def test_a_byte_now_and_then_does_not_help() -> None:
    """The deadline is for the whole head: a slow loris dies like a dead one."""
    async with serving() as served, connected(served) as client:
        ended = asyncio.create_task(client.rest())
        await assert_open(served, 1)
        client.say(b"GET /")
        for _ in range(9):
            client.say(b"x")
            await turns()
            assert not ended.done()
            leap(DEADLINES.head / 10)
        leap(DEADLINES.head / 10)
        async with asyncio.timeout(HEALTHY):
            assert b"" == await ended
        await assert_healthy(served)


async def test_a_later_head_has_the_same_deadline() -> None:
    """A second request on a connection begins its time with its first byte."""
    async with serving() as served, connected(served) as client:
        client.say(GET)
        await client.answer()
        leap(DEADLINES.idle / 2)
        client.say(b"GET /")
        await turns()
        leap(DEADLINES.head)
        async with asyncio.timeout(HEALTHY):
            assert b"" == await client.rest()


async def test_idle_connections_end() -> None:
    """Who has got an answer and asks for nothing more is left in the end, and not before."""
    async with serving() as served, connected(served) as client:
        for _ in range(2):
            client.say(GET)
            await client.answer()
            leap(DEADLINES.idle * 0.9)
            await turns()
        leap(DEADLINES.idle * 0.2)
        async with asyncio.timeout(HEALTHY):
            assert b"" == await client.rest()


async def test_readers_that_never_read_are_cut_off() -> None:
    """Connections whose clients read nothing end, and a client that reads is served."""
    plain = {"Accept-Encoding": "identity"}
    async with serving(StandIn([large_site()])) as served:
        with crowd(served, 1, SCRAPE):
            await assert_slow(served, 1)
            leap(DEADLINES.write)
            await assert_open(served, 0)
        async with served.client.get("/metrics", headers=plain) as response:
            assert 200 == response.status
            check((await response.read()).decode())


async def test_a_slow_reader_in_time_gets_everything() -> None:
    """The deadline is none for whoever reads."""
    exporter = StandIn([large_site()])
    async with serving(exporter) as served, Reader.scraping(served.port) as reader:
        head, _, body = (await reader.rest()).partition(b"\r\n\r\n")
        assert b"200 OK" in head
        check(body.decode())


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\n", GET])
async def test_the_longest_idle_makes_room(said: bytes) -> None:
    """However many connections sit there, a new one that asks is served, and few stay open."""
    limit = 10
    async with serving(max_connections=limit) as served:
        with crowd(served, 50, said):
            await assert_healthy(served)
            await turns()
            assert len(served.connections()) <= limit


async def test_a_request_that_is_handled_is_not_replaced() -> None:
    """Where every connection has a request that is being handled, a new one is refused."""
    exporter = Waiting([globex()])
    async with serving(exporter, max_connections=2) as served, asyncio.timeout(HEALTHY):
        async with connected(served) as first, connected(served) as second:
            for client in (first, second):
                client.say(PROBE)
            await until(lambda: exporter.waiting == 2)
            async with connected(served) as third:
                third.say(GET)
                assert b"" == await third.rest()
            exporter.polled.set()
            for client in (first, second):
                assert (await client.rest()).startswith(b"HTTP/1.1 200 OK")
        await assert_healthy(served)


async def test_a_slow_reader_is_replaced_after_the_idle() -> None:
    """Idle connections end first, and then the one whose client has been reading longest."""
    exporter = StandIn([large_site()])
    async with (
        serving(exporter, max_connections=3) as served,
        asyncio.timeout(HEALTHY),
        Reader.scraping(served.port) as first,
        Reader.scraping(served.port) as second,
    ):
        await assert_slow(served, 2)
        async with connected(served) as idle:
            await assert_open(served, 3)
            async with Reader.scraping(served.port) as third:
                assert b"" == await idle.rest()
                await assert_slow(served, 3)
                await assert_healthy(served)
                cut = await first.rest()
                for reader in (second, third):
                    whole = await reader.rest()
                    check(whole.partition(b"\r\n\r\n")[2].decode())
                    assert len(cut) < len(whole)


async def test_who_was_served_lately_makes_room_last() -> None:
    """A scraper's kept connection stays while older silence can go."""
    async with (
        serving(max_connections=3) as served,
        asyncio.timeout(HEALTHY),
        connected(served) as scraper,
    ):
        scraper.say(GET)
        await scraper.answer()
        async with connected(served) as silent:
            await assert_open(served, 2)
            scraper.say(GET)
            await scraper.answer()
            with crowd(served, 2):
                assert b"" == await silent.rest()
                scraper.say(GET)
                assert (await scraper.answer()).startswith(b"HTTP/1.1 200 OK")


async def test_pipelined_requests_are_answered_in_order() -> None:
    """Requests sent at once, more than are taken in at once, all get their answers."""
    async with serving() as served, connected(served) as client:
        client.say(GET * 200 + b"GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answers = (await client.rest()).split(b"HTTP/1.1 ")[1:]
        assert 200 == sum(answer.startswith(b"200") for answer in answers)
        assert answers[-1].startswith(b"404")


async def test_out_of_descriptors_it_waits(caplog: pytest.LogCaptureFixture) -> None:
    """Where the system has none left, a client waits until there is one, and the loop does not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with serving() as served:
        with socket.socket() as client:
            client.setblocking(False)  # noqa: FBT003 - the library's own signature
            free = os.dup(client.fileno())
            os.close(free)
            resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
            try:
                loop = asyncio.get_running_loop()
                await loop.sock_connect(client, ("127.0.0.1", served.port))
                await loop.sock_sendall(client, GET)
                for _ in range(1000):
                    await asyncio.sleep(0)
                with pytest.raises(BlockingIOError):
                    client.recv(1)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            # It tries again after a second.
            leap(2)
            async with asyncio.timeout(HEALTHY):
                assert (await loop.sock_recv(client, 1000)).startswith(b"HTTP/1.1 200 OK")
        await assert_healthy(served)
    assert [] == caplog.records


async def test_who_leaves_at_once_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    """Connections that are reset at any moment leave nothing behind."""
    with caplog.at_level(logging.INFO):
        async with serving() as served:
            for said in (b"", b"GET", GET, GET * 3):
                async with connected(served) as client:
                    client.say(said)
                    client.reset()
            await assert_healthy(served)
            await assert_open(served, 0)
    assert [] == caplog.records


@asynccontextmanager
async def serving_tls(folder: Path) -> AsyncIterator[Served]:
    """Serve over TLS, a few connections."""
    authority = Authority(folder)
    assert authority.ca_file.exists()
    tls = ServedTLS(context=authority.server_context())
    rules = Protection(lambda: Written(tls=tls), UnfitError)
    async with serving(protection=rules, max_connections=5) as served:
        yield served


async def test_tls_handshakes_have_a_deadline_and_a_limit(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Half handshakes end in time and count as connections; in no case are they logged."""
    with caplog.at_level(logging.INFO):
        async with serving_tls(tmp_path) as served:
            with crowd(served, 20):
                context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
                async with asyncio.timeout(HEALTHY), connected(served, context) as client:
                    client.say(GET)
                    assert (await client.answer()).startswith(b"HTTP/1.1 200 OK")
                    await turns()
                    assert len(served.connections()) <= 5
                leap(DEADLINES.head)
                await assert_open(served, 0)
    assert [] == caplog.records


@pytest.mark.parametrize("said", [GET, b"SSH-2.0-OpenSSH_9.2\r\n", bytes(1000)])
async def test_garbage_in_place_of_tls_is_no_news(
    said: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Plain HTTP and worse on a TLS port end the connection."""
    with caplog.at_level(logging.INFO):
        async with (
            serving_tls(tmp_path) as served,
            asyncio.timeout(HEALTHY),
            connected(served) as client,
        ):
            client.say(said)
            assert b"HTTP" not in await client.rest()
    assert [] == caplog.records


@pytest.mark.parametrize("said", [GET, b"\x16\x03\x01"])
async def test_a_failed_handshake_leaves_nothing(said: bytes, tmp_path: Path) -> None:
    """The 256 KiB of a handshake are free at once, not when the garbage is collected some day."""
    async with serving_tls(tmp_path) as served:
        gc.collect()
        gc.disable()
        try:
            async with connected(served) as client:
                client.say(said)
                await assert_open(served, 1)
                leap(DEADLINES.head)
                async with asyncio.timeout(HEALTHY):
                    await client.rest()
            await assert_open(served, 0)
            assert [] == [each for each in gc.get_objects() if isinstance(each, SSLProtocol)]
        finally:
            gc.enable()


async def test_a_stop_ends_handshakes(tmp_path: Path) -> None:
    """Who never began to speak TLS does not hold up the end."""
    async with serving_tls(tmp_path) as served, connected(served) as client:
        await assert_open(served, 1)
        async with asyncio.timeout(HEALTHY):
            await served.server.__aexit__(None, None, None)
            assert b"" == await client.rest()
        await assert_open(served, 0)

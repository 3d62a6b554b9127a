"""Clients that end before their answer does: they get all that they can, and nobody is told."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from exporter.web import pieces
from exporter.web.connections import Deadlines
from tests.web.clients import HEALTHY, assert_open, assert_slow, leap, turns
from tests.web.serving import HOST, Reader, Served, narrow, serving
from tests.web.test_slow_readers import PATHS, ask, learn, many_sites, serving_tls

if TYPE_CHECKING:
    from pathlib import Path

AT_ONCE = struct.pack("ii", 1, 0)
ONCE = b"GET %b HTTP/1.1\r\nHost: b\r\n\r\n"


def sizes(said: bytes) -> tuple[int, int]:
    """Return how long a body is, and was to be."""
    head, _, body = said.partition(b"\r\n\r\n")
    (length,) = (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
    return len(body), int(length.partition(b":")[2])


async def half_closed(served: Served, said: bytes) -> bytes:
    """Ask, say that this was all, and read to the end."""
    async with asyncio.timeout(HEALTHY):
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(said)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    return answer


@pytest.mark.parametrize("path", [*PATHS, "/healthz", "/nowhere"])
async def test_who_says_that_this_was_all_gets_all(path: str) -> None:
    """A request that ends its half of the connection is answered to the last byte, then closed."""
    async with serving(many_sites()) as served:
        for said in (ask(path), ONCE % path.encode()):
            length, expected = sizes(await half_closed(served, said))
            assert length == expected > 0
        await assert_open(served, 0)


async def test_all_of_several_are_answered() -> None:
    """So are several that came at once."""
    async with serving(many_sites()) as served:
        said = ask("/healthz", times=3) + ask("/sd")
        answer = await half_closed(served, said)
        assert 4 == answer.count(b"HTTP/1.1 200 OK")
        length, expected = sizes(answer[answer.rindex(b"HTTP/1.1 200 OK") :])
        assert length == expected
        await assert_open(served, 0)


async def test_who_says_nothing_but_goodbye_is_let_go() -> None:
    """A connection that ends with nothing, or half a request, is closed at once."""
    async with serving() as served:
        for said in (b"", b"GET / HTTP/1.1\r\nHo"):
            assert b"" == await half_closed(served, said)
        await assert_open(served, 0)


class Resetting:
    """The module ``os`` of a time when a client resets just before something is written."""

    def __init__(self, client: socket.socket) -> None:
        """Let this client do it."""
        self._client = client

    def write(self, descriptor: int, data: memoryview) -> int:
        """Reset, then write."""
        self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self._client.close()
        return os.write(descriptor, data)


@pytest.mark.parametrize("is_repeated", [False, True])
async def test_a_reset_while_more_is_sent(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, *, is_repeated: bool
) -> None:
    """A client that is gone between two pieces is no error of anybody's."""
    async with serving(many_sites()) as served:
        if is_repeated:
            await learn(served)
        client = narrow()
        client.connect((HOST, served.port))
        client.setblocking(False)  # noqa: FBT003 - the library's own signature
        client.sendall(ask())
        await assert_slow(served, 1)
        monkeypatch.setattr(pieces, "os", Resetting(client))
        async with asyncio.timeout(HEALTHY):
            while client.fileno() >= 0:
                with suppress(BlockingIOError):
                    client.recv(65536)
                await asyncio.sleep(0)
        await assert_open(served, 0)
        await turns()
    assert [] == caplog.records


@pytest.mark.parametrize("path", ["/metrics", "/api/v1/sites"])
async def test_goodbye_under_tls(
    path: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Over TLS whoever ends his half ends both, which is no news either."""
    async with serving_tls(tmp_path) as (served, context):
        # One of the smaller answers may be in the client's buffers as a whole.
        async with Reader.scraping(served.port, ask(path, times=9), context) as reader:
            await assert_slow(served, 1)
            reader.say_no_more()
            async with asyncio.timeout(HEALTHY):
                await reader.rest()
        await assert_open(served, 0)
        await turns()
    assert [] == caplog.records


async def test_silence_under_tls(tmp_path: Path) -> None:
    """Whoever shakes hands and says nothing has as long for it as without TLS."""
    async with serving_tls(tmp_path) as (served, context):
        _, writer = await asyncio.open_connection(
            "127.0.0.1", served.port, ssl=context, server_hostname="localhost"
        )
        await turns()
        leap(Deadlines().head * 0.9)
        await turns()
        await assert_open(served, 1)
        leap(Deadlines().head * 0.2)
        await assert_open(served, 0)
        writer.transport.abort()


@pytest.mark.parametrize("path", PATHS)
async def test_a_head_tells_the_size(path: str) -> None:
    """An answer without a body has the length of the body."""
    async with (
        serving(many_sites()) as served,
        served.client.head(path) as head,
        served.client.get(path) as got,
    ):
        assert head.headers["Content-Length"] == got.headers["Content-Length"]

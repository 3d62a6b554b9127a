"""Limits on what a server sends for one request, and on how much of it is parsed in one go."""

from __future__ import annotations

import asyncio
import gzip
import time
from typing import TYPE_CHECKING, Self

import aiohttp
import pytest

from exporter.whmcs.client import Client, Endpoint, open_session
from exporter.whmcs.errors import ApiError
from exporter.whmcs.tls import client_context
from tests.whmcs.calls import ACTION, CREDENTIAL, PATIENCE, call, failure
from tests.whmcs.floods import FLOODS, Flood
from tests.whmcs.server import OK, SUCCESS, answer, read_request, says, says_and_waits, serving

if TYPE_CHECKING:
    import ssl
    from asyncio import StreamReader, StreamWriter

    from tests.whmcs.authority import Authority

MIB = 1024 * 1024
SITES = 20
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
BODY = SUCCESS + b" " * (MIB - len(SUCCESS))
# Seconds of CPU; an idle iteration takes 0.00002.
LONGEST_ITERATION = 0.25
ENCRYPTED = pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "tls"])


class Iterations:
    """Measures the CPU time of each iteration of the event loop while it is entered."""

    def __init__(self) -> None:
        """Begin without a measurement."""
        self.longest = 0.0

    def __enter__(self) -> Self:
        """Begin to measure."""
        self._measures, self._last = True, time.thread_time()
        self._measure()
        return self

    def __exit__(self, *_: object) -> None:
        """End the measurement."""
        self._measures = False

    def _measure(self) -> None:
        now = time.thread_time()
        self.longest, self._last = max(self.longest, now - self._last), now
        if self._measures:
            asyncio.get_running_loop().call_soon(self._measure)


def endpoint(flood: Flood, context: ssl.SSLContext | None) -> Endpoint:
    """Return an endpoint with the default limit of a body."""
    return Endpoint(url=f"{flood.url}/", response_bytes=MIB, ssl_context=context)


@ENCRYPTED
@pytest.mark.parametrize("kind", FLOODS)
async def test_flood(kind: str, authority: Authority, *, encrypted: bool) -> None:
    """A response without end is too large, and 20 of them do not block the event loop."""
    tls = authority.server_context() if encrypted else None
    context = client_context(ca_file=authority.ca_file) if encrypted else None
    async with Flood(kind, tls) as flood, open_session("test/1") as session:
        with Iterations() as iterations:
            client = Client(session, endpoint(flood, context))
            calls = (client.post(ACTION, {}, CREDENTIAL, limit=PATIENCE) for _ in range(SITES))
            errors = await asyncio.gather(*calls, return_exceptions=True)
    assert {"too_large"} == {error.reason for error in errors if isinstance(error, ApiError)}
    assert SITES == sum(isinstance(error, ApiError) for error in errors)
    assert iterations.longest < LONGEST_ITERATION


@pytest.mark.parametrize(
    "kind", ["interim responses", "chunks of one byte", "an extension", "chunks with an extension"]
)
async def test_message(kind: str) -> None:
    """The message names what was too large."""
    async with Flood(kind) as flood:
        error = await failure(endpoint(flood, None))
    expected = (
        "the response has more than 65536 bytes of headers, interim responses and chunk framing"
    )
    assert expected == str(error)


def chunked(size: int) -> bytes:
    """Return a response in chunks of this size."""
    parts = [BODY[start : start + size] for start in range(0, MIB, size)]
    return CHUNKED + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        answer(BODY),
        OK + b"\r\n" + BODY,
        chunked(100),
        chunked(MIB),
        answer(gzip.compress(BODY), "Content-Encoding: gzip"),
        CONTINUE * 500 + answer(BODY),
        answer(BODY, *("X: " + "x" * 1000 for _ in range(30))),
    ],
    ids=["length", "end", "small chunks", "one chunk", "gzip", "interim responses", "headers"],
)
async def test_large_response(raw: bytes) -> None:
    """A body of the largest size is accepted in every framing."""
    async with serving(says(raw)) as server:
        assert {"result": "success"} == await call(server.endpoint(response_bytes=MIB))


async def test_limit_per_request() -> None:
    """Each request on a kept connection has its own limit."""
    requests = []

    async def script(reader: StreamReader, writer: StreamWriter) -> None:
        while True:
            requests.append(await read_request(reader))
            writer.write(CONTINUE * 1000 + answer())

    async with serving(script, listens=False) as server, open_session("test/1") as session:
        client = Client(session, server.endpoint())
        for _ in range(5):
            await client.post(ACTION, {}, CREDENTIAL, limit=PATIENCE)
    assert 5 == len(requests)


@ENCRYPTED
@pytest.mark.parametrize("stray", [answer(), answer()[:9], CONTINUE], ids=repr)
async def test_stray_bytes(stray: bytes, authority: Authority, *, encrypted: bool) -> None:
    """A kept connection on which the server sends something is closed, before any request."""
    answered, ended = asyncio.Event(), asyncio.Event()

    async def script(reader: StreamReader, writer: StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer())
        await answered.wait()
        writer.write(stray)
        await reader.read()
        ended.set()

    tls = authority.server_context() if encrypted else None
    context = client_context(ca_file=authority.ca_file) if encrypted else None
    async with (
        asyncio.timeout(PATIENCE),
        serving(script, tls=tls, listens=False) as server,
        open_session("test/1") as session,
    ):
        client = Client(
            session, Endpoint(url=server.address, response_bytes=MIB, ssl_context=context)
        )
        await client.post(ACTION, {}, CREDENTIAL, limit=PATIENCE)
        answered.set()
        await ended.wait()


async def test_response_before_the_request() -> None:
    """What a server sends before the request is no response to it."""

    async def wait(*_: object) -> None:
        for _turn in range(40):
            await asyncio.sleep(0)

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(wait)
    script = says_and_waits(answer())
    async with serving(script, listens=False) as server, open_session("test/1", [trace]) as session:
        with pytest.raises(ApiError, match="the answer is not HTTP: it came before the request"):
            await Client(session, server.endpoint()).post(ACTION, {}, CREDENTIAL, limit=PATIENCE)

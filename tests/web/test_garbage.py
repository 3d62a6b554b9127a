"""What is no request, or more than one: refused, without a word in the log."""

from __future__ import annotations

import asyncio
import logging
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.web.clients import GET, HEALTHY, assert_healthy, connected, in_time
from tests.web.serving import serving

OVER_LINE = b"GET /" + b"a" * 10_000
OVER_FIELD = b"GET / HTTP/1.1\r\nA: " + b"a" * 10_000
OVER_COUNT = b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 1000


@pytest.mark.parametrize("said", [OVER_LINE, OVER_FIELD, OVER_COUNT], ids=["line", "field", "all"])
async def test_huge_heads_are_refused(said: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """A head beyond the limits is refused as soon as it is, without a word in the log."""
    async with serving() as served, connected(served) as client:
        client.say(said)
        async with asyncio.timeout(HEALTHY):
            answer = await client.rest()
    assert answer.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))
    assert b"Server: whmcs-exporter\r\n" in answer
    assert b"a" * 100 not in answer
    assert [] == caplog.records


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 1000000000\r\n\r\n" + b"x" * 100_000,
        b"Transfer-Encoding: chunked\r\n\r\n" + b"ffff\r\n" + b"x" * 65535 + b"\r\n",
        b"Content-Encoding: gzip\r\nContent-Length: 100000\r\n\r\n" + b"\x1f\x8b\x08" + b"x" * 99,
        b"Content-Length: 10\r\nContent-Length: 11\r\n\r\n",
        b"Content-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n",
        b"Upgrade: websocket\r\nConnection: upgrade\r\n\r\n" + b"x" * 100_000,
    ],
)
async def test_bodies_are_not_taken(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """A request with a body gets its answer or a refusal, and soon the end of the connection."""
    async with serving() as served, connected(served) as client:
        client.say(b"POST /metrics HTTP/1.1\r\nHost: a\r\n" + body)
        await in_time(client.rest(), 1)
        await assert_healthy(served)
    assert [] == caplog.records


GARBAGE = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"\x00" * 1000,
    b"\r\n\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET http://[::1 HTTP/1.1\r\n\r\n",
    b"GET /%zz%00?%ff HTTP/1.1\r\nHost: a\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\nA\x00: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"GET / HTTP/1.1\r\nCookie: $x=\r\nAccept: ;;;q=\r\nAccept-Encoding: ;q\r\n\r\n",
    b"GET /../../etc/passwd HTTP/1.0\r\n\r\n",
    *(random.Random(seed).randbytes(500) for seed in range(20)),  # noqa: S311 - no secret
]


@pytest.mark.parametrize("said", GARBAGE, ids=range(len(GARBAGE)))
async def test_garbage_is_no_news(said: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """What port scanners send is refused, and the log stays as it is."""
    with caplog.at_level(logging.INFO):
        async with serving() as served:
            async with connected(served) as client:
                client.say(said)
                assert b" 500 " not in await in_time(client.rest(), 10)
            await assert_healthy(served)
    assert [] == caplog.records


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=1, max_size=200), st.sampled_from([b"", b"GET ", GET[:-4], GET]))
@example(b"\r\n\r\n", GET[:-4])
async def test_any_bytes_leave_the_server_alone(noise: bytes, start: bytes) -> None:
    """Whatever follows whatever, others are served."""
    async with serving() as served:
        async with connected(served) as client:
            client.say(start + noise)
            assert b" 500 " not in await in_time(client.rest(), 10)
        await assert_healthy(served)

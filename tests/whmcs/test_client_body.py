"""Bodies: whole, compressed, broken, or larger than anybody should hold."""

import asyncio
import gzip
import tracemalloc
import zlib

import pytest

from exporter.whmcs.client import Client, open_session
from exporter.whmcs.errors import TooLarge
from tests.whmcs.calls import ACTION, CREDENTIAL, PATIENCE, call, failure, failure_of
from tests.whmcs.server import LIMIT, OK, SUCCESS, answer, says, says_for_ever, serving

MIB = 1024 * 1024
ZIPPED = gzip.compress(SUCCESS, mtime=0)
NOT_JSON = "the answer is not one JSON document in UTF-8"


def zipped(body: bytes, name: str = "gzip") -> bytes:
    """Return an answer whose body is said to be gzip."""
    return answer(body, f"Content-Encoding: {name}")


def padded(size: int) -> bytes:
    """Return a success of exactly this size."""
    return SUCCESS + b" " * (size - len(SUCCESS))


@pytest.mark.parametrize(
    "raw",
    [
        answer(),
        OK + b"\r\n" + SUCCESS,
        b"HTTP/1.0 200 OK\r\n\r\n" + SUCCESS,
        OK + b"Transfer-Encoding: chunked\r\n\r\n15;x=1\r\n" + SUCCESS + b"\r\n0\r\nT: 1\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + answer(),
        answer(SUCCESS, "Content-Type: text/html; charset=latin1"),
        answer(SUCCESS, 'Set-Cookie: (;=a"=b; Expires=never'),
        answer(SUCCESS, "Content-Encoding: identity"),
        answer(padded(LIMIT)),
        zipped(ZIPPED),
        zipped(ZIPPED, " GZIP "),
        zipped(ZIPPED, "x-gzip"),
        zipped(gzip.compress(padded(LIMIT), mtime=0)),
        zipped(gzip.compress(SUCCESS[:9], mtime=0) + gzip.compress(SUCCESS[9:], mtime=0)),
        zipped(ZIPPED + bytes(3)),
        zipped(SUCCESS),
    ],
    ids=lambda raw: repr(raw[9:50]),
)
async def test_success(raw: bytes) -> None:
    """A success is understood in each way that HTTP can carry it."""
    async with serving(says(raw)) as server:
        assert {"result": "success"} == await call(server.endpoint())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x1f\x8b",
        ZIPPED[:-1],
        ZIPPED[:-9],
        ZIPPED[:12],
        ZIPPED[:-8] + b"\x00" * 8,
        b"\x1f\x8b\x08" + b"\xff" * 40,
        ZIPPED + b"x",
        zlib.compress(SUCCESS),
    ],
    ids=lambda body: repr(body[-12:]),
)
async def test_broken_gzip(body: bytes) -> None:
    """A body that is incomplete or corrupt gzip is no JSON, and the message says why."""
    error = await failure_of(says(zipped(body)))
    assert "not_json" == error.reason
    assert f"{NOT_JSON}: its gzip data is incomplete or corrupt" == str(error)


async def test_gzip_in_gzip() -> None:
    """A body is decompressed once, as its header says."""
    error = await failure_of(says(zipped(gzip.compress(ZIPPED, mtime=0))))
    assert ("not_json", NOT_JSON) == (error.reason, str(error))


@pytest.mark.parametrize("name", ["br", "deflate", "zstd", "gzip, gzip"])
async def test_unasked_encoding(name: str) -> None:
    """An encoding that was not asked for is no JSON."""
    assert "not_json" == (await failure_of(says(zipped(ZIPPED, name)))).reason


async def test_reason_in_a_compressed_refusal() -> None:
    """The body of a refusal is decompressed too."""
    body = gzip.compress(b'{"result": "error", "message": "Invalid IP 127.0.0.1"}', mtime=0)
    error = await failure_of(says(answer(body, "Content-Encoding: gzip", status="403 Forbidden")))
    assert ("ip_denied", "WHMCS says: Invalid IP 127.0.0.1") == (error.reason, str(error))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (answer(padded(LIMIT + 1)), f"the answer is larger than {LIMIT} bytes"),
        (OK + b"\r\n" + b"x" * 10 * LIMIT, f"the answer is larger than {LIMIT} bytes"),
        (
            answer(padded(LIMIT + 1), status="302 Found"),
            f"the answer is larger than {LIMIT} bytes",
        ),
        (
            zipped(gzip.compress(padded(LIMIT + 1), mtime=0)),
            f"the answer is larger than {LIMIT} bytes when decompressed",
        ),
        (answer(b"[" * 70 + b"]" * 70), "the answer is nested deeper than 64 levels"),
    ],
    ids=["one byte", "much", "redirect", "decompressed", "depth"],
)
async def test_too_large(raw: bytes, expected: str) -> None:
    """A body beyond its limit is refused, before anything else of the answer is looked at."""
    error = await failure_of(says(raw))
    assert ("too_large", expected) == (error.reason, str(error))


@pytest.mark.parametrize(
    "start", [OK + b"\r\n", OK + b"Content-Length: 999999999999\r\n\r\n"], ids=["open", "promised"]
)
async def test_endless_body(start: bytes) -> None:
    """A body without end is left at the limit, and its connection is closed at once."""
    script = says_for_ever(start, b"x" * 1000)
    async with (
        asyncio.timeout(PATIENCE),
        open_session("test/1") as session,
        serving(script) as server,
    ):
        with pytest.raises(TooLarge):
            await Client(session, server.endpoint()).post(ACTION, {}, CREDENTIAL, limit=PATIENCE)


async def test_bomb() -> None:
    """Of a small body that would grow to 64 MiB no more than the limit is held."""
    bomb = zlib.compressobj(9, wbits=31)
    raw = zipped(b"".join(bomb.compress(bytes(MIB)) for _ in range(64)) + bomb.flush())
    async with serving(says(raw)) as server:
        tracemalloc.start()
        try:
            error = await failure(server.endpoint(response_bytes=MIB))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert "too_large" == error.reason
    assert peak < 4 * MIB

"""Everything that can happen between the question and the answer."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.reserved import reserved
from tests.whmcs.calls import failure, failure_of
from tests.whmcs.server import (
    OK,
    SUCCESS,
    Script,
    Server,
    answer,
    says,
    says_and_resets,
    says_and_waits,
    says_for_ever,
    serving,
)

LONG = b"x" * 10_000
FIELDS = b"X: 1\r\n" * 1000
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ENDED = "the connection ended before the answer did"
LARGE_HEAD = "the answer's head is too large"
NOT_HTTP = "the answer is not HTTP"
NOWHERE = Server("http://localhost:1", [])


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (says(b""), ENDED),
        (says(OK), ENDED),
        (says(OK + b"Content-Length: 99\r\n\r\n" + SUCCESS), ENDED),
        (says(CHUNKED + b"15\r\n" + SUCCESS), ENDED),
        (says(CHUNKED + b"63\r\n" + SUCCESS), ENDED),
        (says_and_resets(b""), ENDED),
        (says_and_resets(OK), ENDED),
        (says_and_resets(OK + b"Content-Length: 99\r\n\r\n{"), ENDED),
        (says(b"garbage\r\n\r\n"), NOT_HTTP),
        (says(b"\x00\x01\x02"), NOT_HTTP),
        (says(b"SSH-2.0-OpenSSH_9.2\r\n"), NOT_HTTP),
        (says(b"HTTP/1.1 abc\r\n\r\n"), NOT_HTTP),
        (says(SUCCESS), NOT_HTTP),
        (says(OK + b"Content-Length: abc\r\n\r\n" + SUCCESS), NOT_HTTP),
        (says(OK + b"Content-Length: -1\r\n\r\n" + SUCCESS), NOT_HTTP),
        (says(OK + b"X: a\x00b\r\n\r\n"), NOT_HTTP),
        (says(CHUNKED + b"zz\r\n" + SUCCESS), NOT_HTTP),
    ],
    ids=[
        *("nothing", "half a head", "short body", "no last chunk", "half a chunk"),
        *("reset", "reset in head", "reset in body"),
        *("garbage", "binary", "ssh", "no status", "no head"),
        *("odd length", "negative length", "odd field", "odd chunk"),
    ],
)
async def test_no_whole_answer(script: Script, expected: str) -> None:
    """An answer that ends too early, or is no HTTP, is a failed connection."""
    error = await failure_of(script)
    assert ("connect", expected) == (error.reason, str(error))


@pytest.mark.parametrize(
    "script",
    [
        says(b"HTTP/1.1 200 " + LONG + b"\r\n\r\n"),
        says(OK + LONG + b": 1\r\n\r\n"),
        says(OK + b"X: " + LONG + b"\r\n\r\n"),
        says(OK + FIELDS + b"\r\n"),
        says_for_ever(b"HTTP/1.1 200 ", LONG),
        says_for_ever(OK + b"X: ", LONG),
        says_for_ever(OK, FIELDS),
        says_for_ever(CHUNKED + b"0\r\n", FIELDS),
    ],
    ids=[
        *("status line", "field name", "field value", "many fields"),
        *("endless status line", "endless value", "endless fields", "endless trailer"),
    ],
)
async def test_head_beyond_its_limit(script: Script) -> None:
    """A head with too long or too many lines is too large."""
    error = await failure_of(script)
    assert ("too_large", LARGE_HEAD) == (error.reason, str(error))


async def test_refused() -> None:
    """A port where nobody listens is told in the system's words."""
    with reserved() as address:
        error = await failure(NOWHERE.endpoint(url=f"http://{address}/"))
    assert ("connect", "cannot connect: Connection refused") == (error.reason, str(error))


async def test_unknown_name() -> None:
    """A name that does not resolve is told in the resolver's words."""
    error = await failure(NOWHERE.endpoint(url="http://host.invalid/"), limit=60)
    assert "connect" == error.reason
    assert str(error).startswith("cannot connect: ")
    assert "Unknown error" not in str(error)


@pytest.mark.parametrize(
    "url",
    ["http://a..b/", "http://./", f"http://{'a' * 64}.example/", "http://[::1/", "http://:80/", ""],
)
async def test_no_name(url: str) -> None:
    """A host that cannot be a name at all is told as such."""
    error = await failure(NOWHERE.endpoint(url=url))
    expected = "cannot connect: the host is no valid name"
    assert ("connect", expected) == (error.reason, str(error))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(status: int) -> None:
    """The credential never reaches the address that a redirect names."""
    async with serving(says(answer())) as other:
        raw = answer(SUCCESS, f"Location: {other.address}/", status=f"{status} Elsewhere")
        error = await failure_of(says(raw))
    expected = f"HTTP status {status} to {other.address}/: redirects are not followed"
    assert ("redirect", expected) == (error.reason, str(error))
    assert [] == other.requests


async def test_exactly_one_request() -> None:
    """A call that failed is not made again, for it may have been a refused login."""
    async with serving(says(b"")) as server:
        await failure(server.endpoint())
    assert 1 == len(server.requests)


@pytest.mark.parametrize("value", ["30", "Wed, 04 Mar 1970 12:02:00 GMT"])
async def test_retry_after(value: str) -> None:
    """The header `Retry-After` makes a rate limit of a 503."""
    raw = answer(b"", f"Retry-After: {value}", status="503 Service Unavailable")
    error = await failure_of(says(raw))
    assert ("rate_limited", "HTTP status 503") == (error.reason, str(error))


@pytest.fixture
def full_port() -> Iterator[int]:
    """Listen on a port whose queue is full, so that connecting takes for ever."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        with closing(socket.create_connection(address)), closing(socket.socket()) as second:
            second.setblocking(False)  # noqa: FBT003 - the standard library's signature
            second.connect_ex(address)
            yield address[1]


async def test_deadline_while_connecting(full_port: int) -> None:
    """The deadline covers the connection."""
    error = await failure(NOWHERE.endpoint(url=f"http://127.0.0.1:{full_port}/"), limit=0.05)
    assert ("timeout", "no whole answer within 0.05 s") == (error.reason, str(error))


async def test_deadline_in_the_handshake() -> None:
    """The deadline covers the TLS handshake."""
    async with serving(says_and_waits(b""), listens=False) as server:
        url = server.address.replace("http:", "https:")
        error = await failure(server.endpoint(url=url), limit=0.05)
    assert "timeout" == error.reason


@pytest.mark.parametrize(
    "script",
    [
        says_and_waits(b""),
        says_and_waits(OK),
        says_and_waits(OK + b"Content-Length: 99\r\n\r\n"),
        says_and_waits(OK + b"\r\n" + SUCCESS),
        says_and_waits(CHUNKED + b"15\r\n" + SUCCESS + b"\r\n"),
    ],
    ids=["nothing", "head", "body", "open body", "chunk"],
)
async def test_deadline_in_the_answer(script: Script) -> None:
    """The deadline covers the answer to its last byte."""
    error = await failure_of(script, limit=0.05)
    assert ("timeout", "no whole answer within 0.05 s") == (error.reason, str(error))

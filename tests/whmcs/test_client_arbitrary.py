"""Whatever bytes a server answers, a call ends in time: with a document or an error of ours."""

import asyncio
import gzip

from hypothesis import given
from hypothesis import strategies as st

from exporter.whmcs.errors import ApiError
from tests.whmcs.calls import call
from tests.whmcs.server import OK, SUCCESS, answer, says, serving

TOKENS = [
    OK,
    b"HTTP/1.0 403 Forbidden\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n",
    b"HTTP/1.1 204 No Content\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: \xff\r\n",
    b"HTTP/1.1 429 \xff\r\nRetry-After: \xff\r\n",
    b"Content-Length: 21\r\n",
    b"Content-Length: 0\r\n",
    b"Content-Encoding: gzip\r\n",
    b"Content-Encoding: deflate\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"Set-Cookie: \xff=;=; Expires=\x01\r\n",
    b"Retry-After: Wed, 99\r\n",
    b"Content-Type: text/html; charset=\xff\r\n",
    b" folded\r\n",
    b"\r\n",
    b"\n",
    b": ",
    b"15\r\n",
    b"0\r\n\r\n",
    SUCCESS,
    gzip.compress(SUCCESS),
    answer(),
]


@given(st.lists(st.sampled_from(TOKENS) | st.binary(max_size=8), max_size=10).map(b"".join))
async def test_any_bytes(raw: bytes) -> None:
    """Pieces of HTTP in any order, and any bytes between them."""
    # The machine may pause for longer than the call may take, but not for ever.
    async with asyncio.timeout(60), serving(says(raw)) as server:
        try:
            document = await call(server.endpoint(), limit=1)
        except ApiError as error:
            assert str(error).isprintable()  # noqa: PT017 - either outcome is right
        else:
            assert {"result": "success"} == document

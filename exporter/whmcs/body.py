"""Read and decode the body of one response, within its limits."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exporter.whmcs import errors
from exporter.whmcs.transport import ENDED

if TYPE_CHECKING:
    import asyncio

    import aiohttp

    from exporter.whmcs.transfer import Transfer

_WBITS = 16 + zlib.MAX_WBITS
_GZIP = {"gzip", "x-gzip"}
_PLAIN = {"", "identity"}


@dataclass(frozen=True, slots=True)
class Body:
    """A body, decoded unless ``problem`` says why that was not possible."""

    data: bytes
    problem: str = ""


async def read(response: aiohttp.ClientResponse, limit: int, transfer: Transfer) -> Body:
    """Read a body of at most ``limit`` bytes, as received and as decoded.

    Raises:
        TooLarge: The body exceeds the limit, or its transfer does.
        ConnectFailed: The connection was reset where its end is the end of the body.
    """
    end = _end(response)
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    gzip = _Gzip(limit) if encoding in _GZIP else None
    raw = bytearray()
    async for data in response.content.iter_any():
        raw += data
        if len(raw) > limit:
            raise errors.TooLarge(f"the answer is larger than {limit} bytes")
        transfer.allow(len(raw))
        if gzip is not None:
            gzip.feed(data)
    transfer.check()
    if end is not None and end.done() and end.exception() is not None:
        raise errors.ConnectFailed(ENDED)
    if gzip is not None:
        return gzip.body(bytes(raw))
    problem = "" if encoding in _PLAIN else ": its Content-Encoding was not requested"
    return Body(bytes(raw), problem)


class _Gzip:
    """Decodes gzip, of one or more members, piece by piece."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._plain = bytearray()
        self._inflater = zlib.decompressobj(_WBITS)
        self._is_corrupt = False

    def feed(self, data: bytes) -> None:
        """Decode a piece.

        Raises:
            TooLarge: The decoded body exceeds the limit.
        """
        while data and not self._is_corrupt:
            if self._inflater.eof:
                # Padding with zeros may follow the last member.
                data = data.lstrip(b"\0")
                if not data:
                    break
                self._inflater = zlib.decompressobj(_WBITS)
            data = self._inflate(data)

    def _inflate(self, data: bytes) -> bytes:
        """Decode up to the end of a member, and return what follows it."""
        try:
            self._plain += self._inflater.decompress(data, self._limit + 1 - len(self._plain))
        except zlib.error:
            self._is_corrupt = True
        if len(self._plain) > self._limit:
            message = f"the answer is larger than {self._limit} bytes when decompressed"
            raise errors.TooLarge(message)
        return self._inflater.unused_data

    def body(self, raw: bytes) -> Body:
        """Return the decoded body; some servers announce gzip and send the body as it is."""
        if self._inflater.eof and not self._is_corrupt:
            return Body(bytes(self._plain))
        return Body(raw, ": its gzip data is incomplete or corrupt")


def _end(response: aiohttp.ClientResponse) -> asyncio.Future[None] | None:
    """Return the connection's end where it is the body's end too: a reset then is no end of it."""
    framed = {"Content-Length", "Transfer-Encoding"} & response.headers.keys()
    if framed or response.connection is None or response.connection.protocol is None:
        return None
    closed = response.connection.protocol.closed
    if closed is not None:
        # Not awaited when the response is too large or too late: asyncio would log its exception.
        closed.add_done_callback(_consume_exception)
    return closed


def _consume_exception(end: asyncio.Future[None]) -> None:
    if not end.cancelled():
        end.exception()

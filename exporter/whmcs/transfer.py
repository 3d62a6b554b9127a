"""Limits on the bytes that a server sends for one request, enforced while they arrive.

aiohttp parses all that one read returns, up to 256 KiB with asyncio: 10,000 interim responses or
40,000 chunks of one byte. It limits neither their total number nor the size of chunk extensions.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exporter.whmcs import errors

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler

# Small enough that 20 connections can be read in one iteration of the event loop. One MiB takes
# 128 reads, 6 ms of CPU instead of 5.
READ_BYTES = 8 * 1024
# For interim responses, headers, chunk framing, and the part of the body that is received but not
# consumed yet. aiohttp stops reading when that part exceeds twice READ_BYTES.
_OVERHEAD_BYTES = 64 * 1024
# Chunks of 100 bytes add this part of the body. Web servers send chunks of several KiB.
_FRAMING = 16


@dataclass(slots=True)
class Transfer:
    """The bytes that a server has sent, and may send, for one request.

    Attributes:
        reused: Whether the connection had been used before.
        received: The number of bytes received, after decryption.
        limit: The number of bytes beyond which the connection is closed.
    """

    reused: bool = False
    received: int = 0
    limit: int = _OVERHEAD_BYTES

    @property
    def exceeded(self) -> bool:
        """Whether the server has sent more than allowed."""
        return self.received > self.limit

    def check(self) -> None:
        """Raise ``TooLarge`` if the server has sent more than allowed."""
        if self.exceeded:
            raise errors.TooLarge(
                f"the response has more than {_OVERHEAD_BYTES} bytes of headers, interim responses"
                " and chunk framing"
            )

    def allow(self, body: int) -> None:
        """Allow the overhead of a body of which ``body`` bytes have been consumed."""
        self.limit = _OVERHEAD_BYTES + body + body // _FRAMING

    def finish(self) -> None:
        """Allow no further byte: it would not belong to the response."""
        self.limit = self.received


current: ContextVar[Transfer] = ContextVar("current")
"""The transfer of the request that the running task makes."""


class LimitedProtocol(asyncio.BufferedProtocol):
    """Reads small pieces for a protocol of aiohttp, and closes the connection at a limit."""

    def __init__(self, protocol: ResponseHandler, buffer: memoryview, transfer: Transfer) -> None:
        """Read into ``buffer``, which all connections of an event loop can share."""
        self.transfer = transfer
        self._protocol = protocol
        self._buffer = buffer

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the buffer; its size limits how much is parsed in one go."""
        del sizehint
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Forward received bytes, or close the connection if they exceed the limit."""
        transport = self._protocol.transport
        # TLS delivers what was already decrypted after aiohttp has closed the connection.
        if transport is None or transport.is_closing():
            return
        self.transfer.received += nbytes
        if self.transfer.exceeded:
            transport.abort()
        else:
            self._protocol.data_received(self._buffer[:nbytes].tobytes())

    def eof_received(self) -> None:
        """Forward the end of the stream."""
        self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forward the end of the connection."""
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """Forward that the write buffer is full."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Forward that the write buffer has space again."""
        self._protocol.resume_writing()

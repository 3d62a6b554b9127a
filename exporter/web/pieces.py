"""Large bodies, sent so that a slow reader costs next to nothing, and not a copy of all.

What the system does not take at once asyncio copies. So it gets no more than it needs to tell when
there is room again; the body itself all its readers share.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from aiohttp import hdrs, web
from aiohttp.payload import Payload

if TYPE_CHECKING:
    import asyncio

    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.http_writer import StreamWriter

    from exporter.web.connection import Connection

# Head and body leave together where that, which copies both, costs less than a second call.
SMALL = 16 * 1024
# Of what is encrypted, and then copied, at once.
_TLS_BYTES = 64 * 1024
# So little that Python takes it from its own memory: among the bodies, which come and go, the C
# library's would be left in holes of which none is large enough for the next body.
_WAITING_BYTES = 256


def is_tls(transport: asyncio.Transport) -> bool:
    """Tell whether what is written is encrypted."""
    return transport.get_extra_info("sslcontext") is not None


def sent(transport: asyncio.Transport, body: memoryview) -> int:
    """Return how many bytes of a body are on their way now, of which few are still waiting."""
    if is_tls(transport):
        taken, waiting = 0, _TLS_BYTES
    else:
        taken, waiting = _taken(transport, body), _WAITING_BYTES
    piece = body[taken : taken + waiting]
    transport.write(piece)
    return taken + len(piece)


def _taken(transport: asyncio.Transport, body: memoryview) -> int:
    """Return how many bytes the system has taken."""
    if transport.get_write_buffer_size():
        return 0
    try:
        return os.write(transport.get_extra_info("socket").fileno(), body)
    except OSError:
        # There is no room, or nobody any more, as the transport will find.
        return 0


class Pieces(Payload):
    """A body that the connection writes, and not aiohttp."""

    def __init__(self, body: bytes, size: int) -> None:
        """Write ``body``, and say that it has this ``size``: of a HEAD there is no more to it."""
        super().__init__(body)
        self._size = size

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the body as text."""
        return str(self._value, encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write it, and let it go: aiohttp keeps an answer until the connection's next one."""
        writer.send_headers()
        body, self._value = self._value, b""
        await cast("Connection", cast("StreamWriter", writer).protocol).send(body)


async def in_pieces(request: web.Request, response: web.StreamResponse) -> None:
    """Let a large body be written in pieces; aiohttp calls this before it writes an answer."""
    if isinstance(response, web.Response):
        body = response.body
        if isinstance(body, bytes) and len(body) >= SMALL:
            kept = b"" if request.method == hdrs.METH_HEAD else body
            response.body = Pieces(kept, len(body))

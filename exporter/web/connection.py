"""One client's connection: its deadlines, and its answers, some of which it gives by itself."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from exporter.web.repeats import HEAD_END, is_whole

if TYPE_CHECKING:
    from aiohttp.web_request import BaseRequest

    from exporter.web.connections import Connections
    from exporter.web.repeats import Turns

log = logging.getLogger(__name__)

# More than any head may have. For each read asyncio asks for memory of this size, and by itself of
# 256 KiB, which the C library may take from the system, and give back, each time: 20 us a scrape.
_READ_BYTES = 16 * 1024
# The body of a request is nothing that anybody here reads.
_BODY_SECONDS = 1.0


class Connection(web.RequestHandler):
    """One client's connection; it ends by itself when the client is too slow."""

    __slots__ = (
        "_connections",
        "_deadline",
        "_is_between",
        "_unread",
        "asked",
        "is_busy",
        "opening",
        "repeats",
    )

    def __init__(self, server: web.Server, connections: Connections) -> None:
        """Serve the requests of one client with ``server``."""
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type] # None is the library's own word for none
            auto_decompress=False,
            keepalive_timeout=connections.deadlines.idle,
            lingering_time=_BODY_SECONDS,
        )
        self._connections = connections
        self.opening: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        # Whether the last bytes ended a request; whose turn it is while a repeated answer is read.
        self._is_between = True
        self._unread: Turns | None = None
        self.is_busy = False
        self.repeats = connections.repeats
        # The bytes of the request that is answered now, where it came by itself.
        self.asked: bytes | None = None

    def cut(self) -> None:
        """End at once, whatever is under way."""
        if self.transport is not None:
            self.transport.abort()
        elif self.opening is not None:
            self.opening.cancel()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request."""
        transport.max_size = _READ_BYTES  # type: ignore[attr-defined] # asyncio's own, undocumented
        super().connection_made(transport)
        if self._connections.admits(transport):
            self._expect(self._connections.deadlines.head)
        else:
            self.cut()

    def data_received(self, data: bytes) -> None:
        """Take a part of a request, whose head must be whole in time."""
        is_idle = self._is_idle
        if is_idle and self._has_repeated(data):
            return
        self.asked = data if is_idle and is_whole(data) else None
        # Nearly every request comes whole, and needs no deadline.
        self._is_between = data.endswith(HEAD_END)
        if self._deadline is None and not self.is_busy and not self._is_between:
            self._expect(self._connections.deadlines.head)
        super().data_received(data)

    @property
    def _is_idle(self) -> bool:
        """Whether aiohttp waits for a request, has nothing of it yet, and is not about to end."""
        waiter = self._waiter
        return self._is_between and waiter is not None and not waiter.done()

    def _has_repeated(self, asked: bytes) -> bool:
        """Answer at once what is the same as before, if it is, and tell so."""
        answer = self.repeats.answer(asked)
        if answer is None or self.transport is None or (parts := answer.parts()) is None:
            return False
        self.begin()
        answer.turns.begin()
        self._unread = answer.turns
        for part in parts:
            self.transport.write(part)
        # aiohttp's own, by which it ends who has been idle too long.
        self._next_keepalive_close_time = self._loop.time() + self._connections.deadlines.idle
        if self.writing_paused:
            # What it asks for next is heard when it has read this.
            self.transport.pause_reading()
        else:
            self._read()
        return True

    def _read(self) -> None:
        """End the turn of a repeated answer, which its reader has taken."""
        if self._unread is not None:
            self._unread.end()
            self._unread = None
            self.end()
            if self.transport is not None:
                self.transport.resume_reading()

    def pause_writing(self) -> None:
        """Give the reader its time."""
        super().pause_writing()
        self._expect(self._connections.deadlines.write)

    def resume_writing(self) -> None:
        """Note that the reader has taken nearly everything."""
        super().resume_writing()
        self._met()
        self._read()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection."""
        self._met()
        self._read()
        self._connections.lost(self)
        super().connection_lost(exc)

    def begin(self) -> None:
        """Note that a request is whole: the client is no longer waited for."""
        self.is_busy = True
        self._met()

    def end(self) -> None:
        """Note that the client's next request is waited for."""
        self.is_busy = False
        if self.transport is not None:
            self._connections.waiting(self)

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP in a word; only a bug is worth a traceback in the log."""
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return super().handle_error(request, status, exc, message)
        log.debug("not HTTP", extra={"remote": request.remote, "error": type(exc).__name__})
        response = web.Response(
            status=status,
            text=f"{HTTPStatus(status).phrase}\n",
            headers=self._connections.headers,
        )
        response.force_close()
        return response

    def _expect(self, seconds: float) -> None:
        self._met()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(seconds, self.cut)

    def _met(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

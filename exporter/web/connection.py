"""One client's connection: its deadlines, and its answers, some of which it gives by itself."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from aiohttp import web

from exporter.web.pieces import is_tls, sent
from exporter.web.repeats import HEAD_END, is_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.web_request import BaseRequest

    from exporter.web.connections import Connections

log = logging.getLogger(__name__)

# More than any head may have. For each read asyncio asks for memory of this size, and by itself of
# 256 KiB, which the C library may take from the system, and give back, each time: 20 us a scrape.
_READ_BYTES = 16 * 1024
_BODY_SECONDS = 1.0
_NOTHING = memoryview(b"")
# Writing pauses as soon as something has to wait, and goes on when it is gone. TLS would take zero
# for "always".
_LIMITS = {"high": 1, "low": 0}


class Connection(web.RequestHandler):
    """One client's connection; it ends by itself when the client is too slow."""

    __slots__ = (
        "_connections",
        "_deadline",
        "_has_ended",
        "_is_between",
        "_is_repeating",
        "_rest",
        "_taken",
        "_when_gone",
        "asked",
        "awaits_reader",
        "body",
        "failed_logins",
        "is_busy",
        "opening",
        "repeats",
    )

    def __init__(self, server: web.Server, connections: Connections) -> None:
        """Serve the requests of one client with ``server``."""
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type] # aiohttp's value for none
            auto_decompress=False,
            keepalive_timeout=connections.deadlines.idle,
            lingering_time=_BODY_SECONDS,
        )
        self._connections = connections
        self.opening: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self.awaits_reader = False
        self._is_between = True
        self._has_ended = False
        self._rest = _NOTHING
        self._taken: asyncio.Future[None] | None = None
        self._is_repeating = False
        self._when_gone: Callable[[], object] | None = None
        self.is_busy = False
        self.failed_logins = 0
        self.repeats = connections.repeats
        # The bytes of the request that is answered now, where it came by itself.
        self.asked: bytes | None = None
        self.body = b""

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
        cast("asyncio.WriteTransport", transport).set_write_buffer_limits(**_LIMITS)
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
        if (self.is_busy or self.body) and self.transport is not None and not self._is_tls:
            # What it asks for next is heard when this is answered. Over TLS, asyncio would not say
            # that the client is gone, nor send anything more.
            self.transport.pause_reading()

    def eof_received(self) -> bool:  # type: ignore[override] # asyncio's: whether to stay open
        """Answer what was asked, if the client can still read: only TLS ends both ways at once."""
        self._has_ended = True
        if self._is_waiting or self._is_tls or self._when_gone is not None:
            return False
        self._end_if_last()
        return True

    @property
    def _is_waiting(self) -> bool:
        """Whether aiohttp waits for a request, and is not about to end."""
        return self._waiter is not None and not self._waiter.done()

    @property
    def _is_idle(self) -> bool:
        """Whether aiohttp waits for a request, and has nothing of it yet."""
        return self._is_between and self._is_waiting

    @property
    def _is_tls(self) -> bool:
        return self.transport is not None and is_tls(self.transport)

    def _end_if_last(self) -> None:
        """End after this answer, if the client has said its last word, and this was it."""
        if self._has_ended and not self._messages:
            self.close()

    def _has_repeated(self, asked: bytes) -> bool:
        """Answer at once what is the same as before, if it is, and tell so."""
        answer = self.repeats.answer(asked)
        if answer is None or self.transport is None or (parts := answer.parts()) is None:
            return False
        self.begin()
        self._is_repeating = True
        # aiohttp's own, by which it ends who has been idle too long.
        self._next_keepalive_close_time = self._loop.time() + self._connections.deadlines.idle
        head, body = parts
        self.transport.write(head)
        self._begin_to_send(body)
        if self._is_repeating:
            self.transport.pause_reading()
        return True

    async def send(self, body: bytes) -> None:
        """Send a body behind its head; return when it was taken, or never will be.

        Raises:
            ConnectionResetError: The client was gone before.
        """
        if self.transport is None:
            raise ConnectionResetError
        self._begin_to_send(body)
        if self.body:
            self._taken = self._loop.create_future()
            await self._taken

    def _begin_to_send(self, body: bytes) -> None:
        self.body, self._rest = body, memoryview(body)
        self._push()
        if self.body:
            self._connections.unread.add(self, body)

    @property
    def _is_sending(self) -> bool:
        """Whether an answer that is not aiohttp's to send is under way."""
        return bool(self.body) or self._is_repeating

    def _push(self) -> None:
        """Send what is taken at once; the rest follows when this has left."""
        transport = self.transport
        if not self._is_sending or transport is None:
            return
        if transport.is_closing() or (self._has_ended and self._is_tls):
            return
        if self._rest and not self.writing_paused:
            self._rest = self._rest[sent(transport, self._rest) :]
        if self.writing_paused:
            return
        if self._rest:
            self._loop.call_soon(self._push)
        else:
            self.taken()

    def pause_writing(self) -> None:
        """Give the reader its time, which is one for all of an answer."""
        super().pause_writing()
        if self._deadline is None:
            self._expect(self._connections.deadlines.write)
            self.awaits_reader = True

    def resume_writing(self) -> None:
        """Note that the reader has taken what there was, and send more."""
        super().resume_writing()
        if self._is_sending:
            # Not at once: a connection that is lost says so in a turn of its own, and asyncio,
            # which is in the midst of writing, would say so twice.
            self._loop.call_soon(self._push)
        elif self.awaits_reader:
            self._met()

    def connection_lost(self, exc: BaseException | None) -> None:  # noqa: ARG002 - see below
        """Forget the connection."""
        # That a client is gone is no error: raised in whoever writes, it would hold itself, the
        # connection and the body until the next full garbage collection.
        super().connection_lost(None)
        self.taken()
        self._connections.lost(self)
        self._gone()

    def when_gone(self, call: Callable[[], object] | None) -> None:
        """Call back when the client disconnects or stops sending; with None, do not."""
        self._when_gone = call
        if self._has_ended or self.transport is None:
            self._loop.call_soon(self._gone)

    def _gone(self) -> None:
        if self._when_gone is not None:
            self.cut()
            self._when_gone()

    async def shutdown(self, timeout: float | None = 15.0) -> None:  # noqa: ASYNC109 - aiohttp's
        """End, after an answer that is under way; a repeated one is under way, too."""
        if self._is_repeating:
            self._taken = self._loop.create_future()
            await asyncio.wait([self._taken], timeout=timeout)
        await super().shutdown(timeout)

    def begin(self) -> None:
        """Note that a request is whole: the client is no longer waited for."""
        self.is_busy = True
        self._met()

    def end(self) -> None:
        """Note that the client's next request is waited for."""
        self.is_busy = False
        self._end_if_last()
        self._hear()
        if self.transport is not None:
            self._connections.waiting(self)

    def taken(self) -> None:
        """Note that an answer was taken, or never will be."""
        self._met()
        self.body, self._rest = b"", _NOTHING
        self._connections.unread.remove(self)
        if self._is_repeating:
            self._is_repeating = False
            self.end()
        self._hear()
        if self._taken is not None and not self._taken.done():
            self._taken.set_result(None)

    def _hear(self) -> None:
        """Go on to read, unless there is something to be answered, or aiohttp has reasons."""
        is_held = self.is_busy or self.body or self._reading_paused or self._buffer_paused
        if self.transport is not None and not is_held:
            self.transport.resume_reading()

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
        text, headers = f"{HTTPStatus(status).phrase}\n", self._connections.headers
        response = web.Response(status=status, text=text, headers=headers)
        response.force_close()
        return response

    def _expect(self, seconds: float) -> None:
        self._met()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(seconds, self.cut)

    def _met(self) -> None:
        self.awaits_reader = False
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

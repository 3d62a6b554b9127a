"""The server that listens on the configured sockets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from aiohttp import web

from exporter.web.connections import Connections, Deadlines
from exporter.web.pages import WebOptions
from exporter.web.pieces import in_pieces
from exporter.web.repeats import Repeats

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Self

    from exporter.web.connection import Connection
    from exporter.web.pages import Handler
    from exporter.web.protection import Protection

# Scrapes under way may finish; a client slower than this is cut off, so that all is over in 5 s:
# aiohttp waits this long twice, for the end of the answer and for the end of its handler.
_SHUTDOWN_SECONDS = 2.0
# Between them those who are connected get their turn.
_ACCEPTED_AT_ONCE = 16
# Without a descriptor left, this long for others to end.
_OUT_OF_DESCRIPTORS_SECONDS = 1.0
_SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; img-src 'self'; "
    "script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Server": "whmcs-exporter",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Server:
    """Serves an application on sockets that are open already; an async context manager."""

    def __init__(
        self,
        application: web.Application,
        sockets: Iterable[socket.socket],
        *,
        protection: Protection | None = None,
        max_connections: int = WebOptions().max_connections,
        deadlines: Deadlines | None = None,
    ) -> None:
        """Serve ``application``, to everybody over plain HTTP unless there is a ``protection``."""
        application.middlewares.insert(0, _mark)
        application.on_response_prepare.extend((self._secure, in_pieces))
        if protection is not None:
            application.middlewares.append(protection.guard)
        self._protection = protection
        self._runner = web.AppRunner(application, shutdown_timeout=_SHUTDOWN_SECONDS)
        self._sockets = list(sockets)
        self._connections = Connections(
            max_connections,
            admits=protection.admits if protection else lambda _: True,
            headers=_SECURITY_HEADERS,
            deadlines=deadlines or Deadlines(),
            # Users come and go while it runs, so each request of theirs is looked at.
            repeats=Repeats() if protection is None else Repeats(most=0),
        )

    async def __aenter__(self) -> Self:
        """Start to serve."""
        await self._runner.setup()
        for listening in self._sockets:
            listening.setblocking(False)  # noqa: FBT003 - the library's own signature
            self._listen(listening)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the sockets, let answers under way finish, and end."""
        while self._sockets:
            listening = self._sockets.pop()
            asyncio.get_running_loop().remove_reader(listening)
            listening.close()
        self._connections.stop()
        await self._runner.cleanup()

    def _listen(self, listening: socket.socket) -> None:
        if listening in self._sockets:
            asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        """Take those who wait, a few: the loop comes back while there are more."""
        context = self._protection.context if self._protection else None
        try:
            for _ in range(_ACCEPTED_AT_ONCE):
                client, _ = listening.accept()
                client.setblocking(False)  # noqa: FBT003 - the library's own signature
                self._connections.open(cast("web.Server", self._runner.server), client, context)
        except (BlockingIOError, ConnectionAbortedError):
            pass
        except OSError:
            # No descriptor, no memory: without a pause the loop would do nothing else.
            loop = asyncio.get_running_loop()
            loop.remove_reader(listening)
            loop.call_later(_OUT_OF_DESCRIPTORS_SECONDS, self._listen, listening)

    async def _secure(self, _request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(_SECURITY_HEADERS)
        for name, value in self._protection.rules.headers.items() if self._protection else ():
            response.headers[name] = value
            if not value:
                del response.headers[name]


@web.middleware
async def _mark(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tell the connection that its client is not waited for meanwhile."""
    connection = cast("Connection", request.protocol)
    connection.begin()
    try:
        return await handler(request)
    finally:
        connection.end()

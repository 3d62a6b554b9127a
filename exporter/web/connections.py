"""Connections that nobody may hold for nothing: deadlines, and a limit that keeps the newest.

aiohttp has no deadline for the head of a request, nor for a reader that does not read, and no limit
of connections. So each connection here has two deadlines. Beyond the limit, a new connection
replaces the one that has been idle longest, or else the one whose client has been reading longest.
A request that is being handled is never replaced.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exporter.web.connection import Connection
from exporter.web.unread import Unread

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Mapping

    from aiohttp import web

    from exporter.web.repeats import Repeats


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How long a client is waited for, in seconds.

    ``head``: for a TLS handshake, and for the head of a request from its first byte (of the first
    one: from the connection's beginning). ``write``: until an answer is taken; Prometheus itself
    gives up after 10 by default. ``idle``: for the next request; Prometheus closes its connections
    after 300, and shall be the first.
    """

    head: float = 10.0
    write: float = 30.0
    idle: float = 330.0


class Connections:
    """All open connections, at most ``limit``, in the order in which clients were last seen."""

    def __init__(
        self,
        limit: int,
        *,
        admits: Callable[[asyncio.BaseTransport], bool],
        headers: Mapping[str, str],
        deadlines: Deadlines,
        repeats: Repeats,
    ) -> None:
        """Let in whom ``admits`` lets in; ``headers`` go with answers to what is no request."""
        self.deadlines = deadlines
        self.admits = admits
        self.headers = headers
        self.repeats = repeats
        self.unread = Unread()
        self._limit = limit
        self._open: dict[Connection, None] = {}

    def __len__(self) -> int:
        """Return how many are open, those in their handshake included."""
        return len(self._open)

    def open(
        self, server: web.Server, client: socket.socket, context: ssl.SSLContext | None
    ) -> None:
        """Serve a client that was accepted, after a TLS handshake when there is a ``context``."""
        if len(self._open) >= self._limit and not self._make_room():
            client.close()
            return
        connection = Connection(server, self)
        self.waiting(connection)
        opening = asyncio.get_running_loop().create_task(
            _open(connection, client, context, self.deadlines.head)
        )
        connection.opening = opening

        def opened(_: asyncio.Task[None]) -> None:
            connection.opening = None
            if connection.transport is None:
                self.lost(connection)
                client.close()

        opening.add_done_callback(opened)

    def stop(self) -> None:
        """End the handshakes under way."""
        for connection in tuple(self._open):
            if connection.transport is None:
                connection.cut()

    def waiting(self, connection: Connection) -> None:
        """Note that the client is waited for, from now on."""
        self._open.pop(connection, None)
        self._open[connection] = None

    def lost(self, connection: Connection) -> None:
        """Forget a connection."""
        self._open.pop(connection, None)

    def _make_room(self) -> bool:
        """Close a connection that waits for its client: an idle one first, then a slow reader."""
        slow = [each for each in self._open if each.awaits_reader]
        idle = (each for each in self._open if not each.is_busy and not each.awaits_reader)
        oldest = next(idle, slow[0] if slow else None)
        if oldest is None:
            return False
        oldest.cut()
        self.lost(oldest)
        return True


async def _open(
    connection: Connection, client: socket.socket, context: ssl.SSLContext | None, seconds: float
) -> None:
    try:
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: connection,
            client,
            ssl=context,
            ssl_handshake_timeout=seconds if context else None,
        )
    except OSError as error:
        # Whoever gives up, or speaks no TLS, is no news. With its traceback the error would hold
        # itself, and 256 KiB, until the next full garbage collection.
        error.with_traceback(None)

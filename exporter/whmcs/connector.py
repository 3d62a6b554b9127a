"""Connections to WHMCS, kept open between polls, and what must not be believed of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp

from exporter.whmcs import errors
from exporter.whmcs.resolver import Resolver
from exporter.whmcs.transfer import READ_BYTES, LimitedProtocol, Transfer, current
from exporter.whmcs.transport import ENDED

if TYPE_CHECKING:
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace


# Beyond the interval of nearly every site, so that its next poll makes no connection; a new one
# takes four times the CPU of a poll, which matters little every few minutes. Some gateways forget
# a connection after four minutes without a word, and the poll that used it then would time out.
KEPT_SECONDS = 200.0


class Connector(aiohttp.TCPConnector):
    """Hands out no kept connection on which an answer came that nobody had asked for.

    aiohttp would take it for the answer to the next call, and each later one for that to the call
    behind it: right numbers of another time, another action or, behind one proxy, another site.
    """

    def __init__(self) -> None:
        """Bound nothing here: how many calls there are is bounded where they are made."""
        # Every new connection looks its name up: a site that has moved would otherwise fail until
        # a cache forgot its old address. Calls that come meanwhile share one lookup even so.
        super().__init__(
            limit=0, resolver=Resolver(), ttl_dns_cache=0, keepalive_timeout=KEPT_SECONDS
        )
        # Each read is passed on before the next one, so one buffer is enough.
        self._read_buffer = memoryview(bytearray(READ_BYTES))

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the signature is aiohttp's
    ) -> Connection:
        """Return a sound connection, a kept one if possible, limited by the current transfer.

        Raises:
            ConnectFailed: A new connection has ended, or had a response before the request.
        """
        transfer = current.get(None) or Transfer()
        while _has_answer(connection := await super().connect(req, traces, timeout)):
            connection.close()
        limited = _limited(connection)
        if limited is None:
            _limit(connection, transfer, self._read_buffer)
        else:
            limited.transfer = transfer
            transfer.reused = True
        return connection


def _limit(connection: Connection, transfer: Transfer, buffer: memoryview) -> None:
    """Read a new connection through a ``LimitedProtocol`` from now on."""
    protocol, transport = connection.protocol, connection.transport
    if protocol is None or transport is None:
        connection.close()
        raise errors.ConnectFailed(ENDED)
    if protocol.should_close:
        connection.close()
        raise errors.ConnectFailed("the answer is not HTTP: it came before the request")
    transport.set_protocol(LimitedProtocol(protocol, buffer, transfer))


def _limited(connection: Connection) -> LimitedProtocol | None:
    """Return what reads a connection that has been used before."""
    protocol = connection.transport.get_protocol() if connection.transport else None
    return protocol if isinstance(protocol, LimitedProtocol) else None


def _has_answer(connection: Connection) -> bool:
    """Tell whether an answer was read before anything was asked; never true of a new connection."""
    return connection.protocol is not None and len(connection.protocol) > 0

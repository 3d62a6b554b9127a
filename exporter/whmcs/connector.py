"""Connections to WHMCS, kept open between polls, and what must not be believed of them."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING
from weakref import WeakSet

import aiohttp

from exporter.whmcs.resolver import Resolver

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace


# Beyond the interval of nearly every site, so that its next poll makes no connection; a new one
# takes four times the CPU of a poll, which matters little every few minutes. Some gateways forget
# a connection after four minutes without a word, and the poll that used it then would time out.
KEPT_SECONDS = 200.0


# Whether the connection that the running task was handed last had been used before; False while it
# waits for one. aiohttp has tracing for that, which would cost each call a dozen awaits.
is_kept: ContextVar[bool] = ContextVar("is_kept", default=False)


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
        self._used: WeakSet[ResponseHandler] = WeakSet()

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the signature is aiohttp's
    ) -> Connection:
        """Return a connection, a kept one when there is a sound one; set ``is_kept``."""
        is_kept.set(False)
        while _has_answer(connection := await super().connect(req, traces, timeout)):
            connection.close()
        if (protocol := connection.protocol) is not None:
            is_kept.set(protocol in self._used)
            self._used.add(protocol)
        return connection


def _has_answer(connection: Connection) -> bool:
    """Tell whether an answer was read before anything was asked; never true of a new connection."""
    return connection.protocol is not None and len(connection.protocol) > 0

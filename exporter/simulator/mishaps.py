"""How each fault answers instead of WHMCS; `faults` names them."""

import asyncio
import gzip
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeAlias

from aiohttp import web

from exporter.simulator.access import FORBIDDEN, Refusal, not_allowed
from exporter.simulator.answers import Fields
from exporter.simulator.reply import Reply, refuse

HUGE_BYTES = 8 * 1024 * 1024
BOMB_BYTES = 16 * 1024 * 1024
DEPTH = 100_000

_COUNTS = frozenset(
    {"allActive", "awaitingReply", "flaggedTickets", "count", "awaitingreply", "opentickets"}
)
_PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
# Closing without lingering sends a reset, not an orderly end.
_NO_LINGER = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One API request that a fault answers.

    Attributes:
        request: As it came.
        action: Which one was asked.
        reply: The right answer.
        stopping: Set when the simulator stops; nothing waits beyond it.
        slow_seconds: How long a slow answer takes, in real time.
    """

    request: web.Request
    action: str
    reply: Reply
    stopping: asyncio.Event
    slow_seconds: float


Handler: TypeAlias = Callable[[Exchange], Awaitable[web.StreamResponse]]


async def hang(exchange: Exchange) -> web.StreamResponse:
    """Answer never."""
    await exchange.stopping.wait()
    return await reset(exchange)


async def slow(exchange: Exchange) -> web.StreamResponse:
    """Answer rightly, but late."""
    with suppress(TimeoutError):
        async with asyncio.timeout(exchange.slow_seconds):
            await exchange.stopping.wait()
    return exchange.reply.response()


async def reset(exchange: Exchange) -> web.StreamResponse:
    """Reset the connection."""
    transport = exchange.request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
    return web.Response()


async def truncate(exchange: Exchange) -> web.StreamResponse:
    """Promise the whole body and end the connection after half of it."""
    body = exchange.reply.body
    response = web.StreamResponse()
    response.content_type = "application/json"
    response.content_length = len(body)
    await response.prepare(exchange.request)
    await response.write(body[: len(body) // 2])
    if exchange.request.transport is not None:
        exchange.request.transport.close()
    return response


async def text(exchange: Exchange) -> web.StreamResponse:
    """Answer with text although JSON was asked."""
    return replace(exchange.reply, as_json=False).response()


async def gzip_bomb(exchange: Exchange) -> web.StreamResponse:
    """Answer with little that unpacks to very much."""
    response = exchange.reply.response(_bomb())
    response.headers["Content-Encoding"] = "gzip"
    return response


async def redirect(exchange: Exchange) -> web.StreamResponse:
    """Lead to a page of the site, as maintenance or a moved site does."""
    location = f"/{exchange.request.match_info['site']}/index.php"
    return await page(302, "Found", {"Location": location})(exchange)


async def invalid_ip(exchange: Exchange) -> web.StreamResponse:
    """Refuse the address."""
    message = f"Invalid IP {exchange.request.remote}"
    return refuse(Refusal(FORBIDDEN, message)).response()


async def invalid_ip_text(exchange: Exchange) -> web.StreamResponse:
    """Refuse the address, as text."""
    message = f"Invalid IP {exchange.request.remote}"
    return refuse(Refusal(FORBIDDEN, message), as_json=False).response()


async def no_permission(exchange: Exchange) -> web.StreamResponse:
    """Refuse the action."""
    return refuse(not_allowed(exchange.action)).response()


def refusal(status: int, message: str) -> Handler:
    """Make a handler that refuses with this HTTP status and message."""

    async def handler(_: Exchange) -> web.StreamResponse:
        return refuse(Refusal(status, message)).response()

    return handler


def page(status: int, title: str, headers: Mapping[str, str] | None = None) -> Handler:
    """Make a handler that answers with an HTML page."""

    async def handler(_: Exchange) -> web.StreamResponse:
        html = _PAGE.format(title)
        return web.Response(status=status, text=html, content_type="text/html", headers=headers)

    return handler


def body(change: Callable[[bytes], bytes]) -> Handler:
    """Make a handler that sends the right answer with a changed body."""

    async def handler(exchange: Exchange) -> web.StreamResponse:
        return exchange.reply.response(change(exchange.reply.body))

    return handler


def counts(change: Callable[[object], object | None]) -> Handler:
    """Make a handler that changes every count of the answer; None leaves it out."""

    def changed(fields: Fields) -> Fields:
        new = {key: change(each) if key in _COUNTS else each for key, each in fields.items()}
        return {key: each for key, each in new.items() if each is not None}

    async def handler(exchange: Exchange) -> web.StreamResponse:
        answer = json.dumps(exchange.reply.fields)
        return exchange.reply.response(
            json.dumps(json.loads(answer, object_hook=changed)).encode(),
        )

    return handler


@cache
def _bomb() -> bytes:
    return gzip.compress(b'{"result": "success", "note": "%s"}' % (b" " * BOMB_BYTES), 1)

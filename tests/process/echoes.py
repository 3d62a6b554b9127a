"""A WHMCS that repeats what it was sent, secrets included, wherever an answer has room for it."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING

from aiohttp import web

from exporter.simulator.faults import Fault
from exporter.simulator.mishaps import reset

if TYPE_CHECKING:
    from exporter.simulator.mishaps import Exchange


async def _sent(exchange: Exchange) -> str:
    """Return every value of the form, and the name and password of the basic authentication."""
    form = await exchange.request.post()
    _, _, encoded = exchange.request.headers.get("Authorization", "").partition(" ")
    return " ".join([*map(str, form.values()), b64decode(encoded).decode()])


async def _message(exchange: Exchange) -> web.StreamResponse:
    message = f"Invalid or missing credentials: {await _sent(exchange)}"
    return web.json_response({"result": "error", "message": message}, status=403)


async def _text(exchange: Exchange) -> web.StreamResponse:
    return web.Response(text=f"result=error;message=Invalid IP {await _sent(exchange)}", status=403)


async def _page(exchange: Exchange) -> web.StreamResponse:
    text = f"<h1>Oops!</h1><pre>Fatal error: login({await _sent(exchange)})</pre>"
    return web.Response(text=text, status=500, content_type="text/html")


async def _page_of_a_ban(exchange: Exchange) -> web.StreamResponse:
    return web.Response(text=f"<p>Your IP, {await _sent(exchange)}, is banned", status=200)


async def _head(exchange: Exchange) -> web.StreamResponse:
    sent = await _sent(exchange)
    headers = {"Location": f"https://elsewhere.example/?{sent}", "Retry-After": sent}
    return web.Response(status=302, reason=f"Found {sent}", headers=headers)


async def _limit(exchange: Exchange) -> web.StreamResponse:
    return web.Response(status=429, headers={"Retry-After": await _sent(exchange)})


async def _number(exchange: Exchange) -> web.StreamResponse:
    sent = await _sent(exchange)
    return web.json_response({"result": "success", "allActive": sent, "departments": sent})


async def _equal_keys(exchange: Exchange) -> web.StreamResponse:
    key = json.dumps(await _sent(exchange))
    return web.Response(text=f'{{"result": "success", {key}: 1, {key}: 2}}')


async def _broken_head(exchange: Exchange) -> web.StreamResponse:
    if exchange.request.transport is not None:
        head = f"HTTP/1.1 200 OK\r\n{await _sent(exchange)}\r\n\r\n"
        exchange.request.transport.write(head.encode())
        exchange.request.transport.close()
    return await reset(exchange)


_HANDLERS = {
    "message": _message,
    "text": _text,
    "page": _page,
    "page of a ban": _page_of_a_ban,
    "head": _head,
    "limit": _limit,
    "number": _number,
    "equal keys": _equal_keys,
    "broken head": _broken_head,
}
ECHOES = {name: Fault(name, "repeats secrets", handler) for name, handler in _HANDLERS.items()}

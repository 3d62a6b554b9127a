"""A WHMCS that repeats what it was sent, secrets included, wherever an answer has room for it."""

from __future__ import annotations

import html
import json
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote

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


async def _sent_encoded(exchange: Exchange) -> str:
    """Return the form and the header of basic authentication as they came, and encoded."""
    body = (await exchange.request.read()).decode()
    header = exchange.request.headers.get("Authorization", "")
    sent = await _sent(exchange)
    ways = (header, body, quote(body), html.escape(html.escape(sent)), b64encode(sent.encode()))
    return json.dumps([str(way) for way in ways])


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


async def _encoded_message(exchange: Exchange) -> web.StreamResponse:
    sent = await _sent_encoded(exchange)
    return web.json_response({"result": "error", "message": f"Debug: {sent}"})


async def _title(exchange: Exchange) -> web.StreamResponse:
    header = exchange.request.headers.get("Authorization", "")
    text = f"<title>Not let in: {header}</title>"
    return web.Response(text=text, status=500, content_type="text/html")


async def _login(exchange: Exchange) -> web.StreamResponse:
    location = f"https://elsewhere.example/{quote(quote(await _sent(exchange), safe=''), safe='')}"
    return web.Response(status=302, headers={"Location": location})


async def _names(exchange: Exchange) -> web.StreamResponse:
    sent = (await _sent(exchange)).split()
    numbers = {"awaitingreply": 1, "opentickets": 1}
    rows = [{"id": number, "name": name} | numbers for number, name in enumerate(sent, 1)]
    titles = [{"title": title, "count": 1} for title in sent]
    return web.json_response(
        {
            "result": "success",
            **dict.fromkeys(("allActive", "awaitingReply", "flaggedTickets"), 1),
            "status": titles,
            "departments": {"department": rows},
            "statuses": {"status": titles},
        }
    )


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
    "encoded message": _encoded_message,
    "title": _title,
    "login": _login,
}
ECHOES = {name: Fault(name, "repeats secrets", handler) for name, handler in _HANDLERS.items()}
NAMES = Fault("names", "calls everything by secrets", _names)

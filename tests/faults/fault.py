"""What a fault is: how a site answers instead of rightly, and what the exporter must make of it."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from tests.faults.truth import SOURCES
from tests.whmcs.server import answer

if TYPE_CHECKING:
    import ssl
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Awaitable, Callable, Mapping

    from tests.whmcs.authority import Authority

SiteKind = Literal["plain", "fronted", "tls", "named", "proxied", "tunnelled"]
Door = Literal["open", "refused", "full"]

# Closing without lingering sends a reset, not an orderly end.
_NO_LINGER = struct.pack("ii", 1, 0)
_PAUSE = 0.02
_MOMENT = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request that a fault answers; ``document`` is what would have been right.

    ``elsewhere`` is the address of a server that must never be spoken to.
    """

    reader: StreamReader
    writer: StreamWriter
    action: str
    document: dict[str, Any]
    own: str
    elsewhere: str

    @property
    def good(self) -> bytes:
        """The right body."""
        return json.dumps(self.document).encode()


Says: TypeAlias = "bytes | Callable[[Exchange], bytes]"
End: TypeAlias = "Callable[[Exchange], Awaitable[None]]"


async def keep(_: Exchange) -> None:
    """Leave the connection open for the next request."""


async def close(exchange: Exchange) -> None:
    """End the connection in order."""
    exchange.writer.close()


async def reset(exchange: Exchange) -> None:
    """Reset the connection."""
    found = exchange.writer.get_extra_info("socket")
    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    exchange.writer.transport.abort()


async def wait(exchange: Exchange) -> None:
    """Say nothing more until the other side leaves."""
    while await exchange.reader.read(65536):
        pass
    exchange.writer.close()


def after_a_moment(end: End) -> End:
    """End so when what was said has been read: a reset overtakes what it finds on the way."""

    async def later(exchange: Exchange) -> None:
        await asyncio.sleep(_MOMENT)
        await end(exchange)

    return later


def drip(more: bytes) -> End:
    """Send bytes one by one, again and again, until the other side leaves."""

    async def end(exchange: Exchange) -> None:
        while not exchange.writer.is_closing():
            for byte in more:
                exchange.writer.write(bytes([byte]))
                await exchange.writer.drain()
                await asyncio.sleep(_PAUSE)

    return end


def flood(more: bytes, times: int = 1_000_000) -> End:
    """Send the same bytes many times, then end the connection."""

    async def end(exchange: Exchange) -> None:
        for _ in range(times):
            exchange.writer.write(more)
            await exchange.writer.drain()
        exchange.writer.close()

    return end


def said(says: Says, exchange: Exchange) -> bytes:
    """Return what is said in an exchange."""
    return says if isinstance(says, bytes) else says(exchange)


def ok(body: bytes, *fields: str) -> bytes:
    """Return a whole answer with status 200."""
    return answer(body, *fields)


def status(line: str, body: bytes = b"<html>Oops</html>", *fields: str) -> bytes:
    """Return a whole answer with another status."""
    return answer(body, *fields, status=line)


def body(change: Callable[[bytes], bytes], *fields: str, status_line: str = "200 OK") -> Says:
    """Say the right body, changed."""
    return lambda exchange: answer(change(exchange.good), *fields, status=status_line)


def document(**fields: object) -> Says:
    """Say the right document with other fields; ``...`` leaves one out."""

    def says(exchange: Exchange) -> bytes:
        changed = {**exchange.document, **fields}
        kept = {key: value for key, value in changed.items() if value is not ...}
        return ok(json.dumps(kept).encode())

    return says


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A way to fail, or to be odd, and what must come of it.

    Attributes:
        name: What happens, for people and for the table.
        reason: The reason of the failure; None when the answer is to be accepted.
        says: What is sent instead of the right answer.
        end: What happens to the connection then.
        site: Which kind of site it happens to.
        sources: Which of the site's sources meet it.
        actions: Which calls meet it; all when empty.
        asked: Whether a request is read before anything is said.
        door: Whether connections are accepted at all.
        tls: The server's context instead of the right one.
        bare: Whether the port of a TLS site speaks without TLS.
        resolves: What the site's name leads to: addresses, or how the resolver fails.
        moved: The address where the site is found meanwhile.
        waits: For how many seconds the exporter asks nothing more.
        shows: The tickets by status that an odd but acceptable answer means.
        withheld: Whether the answer is accepted but too large to be published.
        noted: Whether the log says a line about it although nothing fails.
        stray: What is said on the open connections when the answers have been read.
    """

    name: str
    reason: str | None
    says: Says = b""
    end: End = keep
    site: SiteKind = "plain"
    sources: tuple[str, ...] = SOURCES
    actions: tuple[str, ...] = ()
    asked: bool = True
    door: Door = "open"
    tls: Callable[[Authority], ssl.SSLContext] | None = None
    bare: bool = False
    resolves: tuple[str, ...] = ()
    moved: str = ""
    waits: float = 0.0
    shows: Mapping[str, float] | None = None
    withheld: bool = False
    noted: bool = False
    stray: bytes = b""

    @property
    def hangs(self) -> bool:
        """Whether nothing but the deadline ends a call."""
        return self.reason == "timeout"

    @property
    def needs_new_connections(self) -> bool:
        """Whether it is met only by who connects anew."""
        at_the_door = not self.asked or self.door != "open" or self.bare
        on_the_way = bool(self.resolves) or self.site == "tunnelled"
        return at_the_door or on_the_way or self.tls is not None

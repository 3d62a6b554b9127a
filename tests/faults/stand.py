"""A scripted WHMCS on one port of loopback, whose behaviour is switched while it runs."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from tests.faults.fault import Exchange, Fault, ok, said
from tests.whmcs.server import Request, read_request

if TYPE_CHECKING:
    import ssl
    from asyncio import StreamReader, StreamWriter

    from tests.faults.truth import Truth
    from tests.whmcs.authority import Authority

HOST = "127.0.0.1"


async def _pump(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.close()


@dataclass(slots=True)
class Stand:
    """Answers rightly, or as the fault that is played says.

    With ``inner``, the port of another server, it is a proxy that tunnels there. ``requests`` are
    those that came whole, ``connections`` the number of all so far.
    """

    truth: Truth
    authority: Authority | None = None
    elsewhere: str = ""
    inner: int | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _fault: Fault | None = None
    _server: asyncio.Server | None = None
    _conversations: dict[asyncio.Task[None], StreamWriter] = field(default_factory=dict)
    _keeper: ExitStack = field(default_factory=ExitStack)
    _full: ExitStack = field(default_factory=ExitStack)

    @property
    def own(self) -> str:
        """The address of the site."""
        return f"{'https' if self.authority else 'http'}://{HOST}:{self.port}"

    async def __aenter__(self) -> Self:
        """Take a port and serve on it."""
        # Bound and never listening, it keeps the port while no server does.
        keeper = self._keeper.enter_context(socket.socket())
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        keeper.bind((HOST, self.port))
        self.port = keeper.getsockname()[1]
        await self._open()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave the port, and end every conversation."""
        await self._shut()
        self._keeper.close()

    async def play(self, fault: Fault | None) -> None:
        """Behave as a fault says from now on; rightly when it is None."""
        anew = any(each and each.needs_new_connections for each in (self._fault, fault))
        if anew:
            await self._shut()
        self._fault = fault
        if anew:
            await self._open()

    def stray(self, answer: bytes) -> None:
        """Say something on every open connection although nobody has asked."""
        for writer in self._conversations.values():
            writer.write(answer)

    async def _open(self) -> None:
        fault = self._fault
        host = fault.moved if fault and fault.moved else HOST
        door = fault.door if fault else "open"
        if door == "open":
            self._server = await asyncio.start_server(
                self._connected, host, self.port, ssl=self._tls(), reuse_port=True
            )
        elif door == "full":
            self._fill()

    def _tls(self) -> ssl.SSLContext | None:
        if self.authority is None or (self._fault and self._fault.bare):
            return None
        make = self._fault.tls if self._fault else None
        return make(self.authority) if make else self.authority.server_context(HOST)

    def _fill(self) -> None:
        """Listen without accepting, with as many connections waiting as there is room for."""
        listener = self._full.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((HOST, self.port))
        listener.listen(0)
        for _ in range(3):
            waiting = self._full.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - the standard library's signature
            waiting.connect_ex((HOST, self.port))

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self._full.close()
        for writer in self._conversations.values():
            writer.transport.abort()
        while self._conversations:
            await asyncio.wait(tuple(self._conversations))

    def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._converse(reader, writer))
        self._conversations[task] = writer
        task.add_done_callback(self._conversations.pop)

    async def _converse(self, reader: StreamReader, writer: StreamWriter) -> None:
        # The client may leave whenever it likes.
        with suppress(OSError, asyncio.IncompleteReadError):
            if self._fault and not self._fault.asked:
                await self._misbehave(self._fault, self._exchange(reader, writer, None))
            while not writer.is_closing():
                request = await read_request(reader)
                self.requests.append(request)
                await self._answer(request, reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def _answer(self, request: Request, reader: StreamReader, writer: StreamWriter) -> None:
        exchange = self._exchange(reader, writer, request)
        fault = self._fault
        if fault and (not fault.actions or exchange.action in fault.actions):
            await self._misbehave(fault, exchange)
        elif self.inner is not None:
            await self._tunnel(exchange)
        else:
            writer.write(ok(exchange.good))

    def _exchange(
        self, reader: StreamReader, writer: StreamWriter, request: Request | None
    ) -> Exchange:
        form = dict(request.form) if request and request.body else {}
        action = form.get("action", "")
        return Exchange(
            reader=reader,
            writer=writer,
            action=action,
            document=self.truth.document(action, form.get("deptid", "")),
            own=self.own,
            elsewhere=self.elsewhere,
        )

    async def _misbehave(self, fault: Fault, exchange: Exchange) -> None:
        exchange.writer.write(said(fault.says, exchange))
        await fault.end(exchange)

    async def _tunnel(self, exchange: Exchange) -> None:
        reader, writer = await asyncio.open_connection(HOST, self.inner)
        exchange.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pump(exchange.reader, writer), _pump(reader, exchange.writer))

"""Servers that send without end, in threads, each in a way that is costly to parse."""

from __future__ import annotations

import asyncio
import socket
import threading
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from tests.whmcs.server import OK

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

_CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
_BLOCK_BYTES = 64 * 1024
_packer = zlib.compressobj(wbits=31)
_GZIP = OK + b"Content-Encoding: gzip\r\n\r\n" + _packer.flush(zlib.Z_SYNC_FLUSH)
# Refers to nothing before it, so it can be repeated.
_ZEROS = _packer.compress(bytes(_BLOCK_BYTES)) + _packer.flush(zlib.Z_FULL_FLUSH)

# What is sent once, and what is then repeated.
FLOODS = {
    "interim responses": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "early hints": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    "chunks of one byte": (_CHUNKED, b"1\r\n \r\n"),
    "chunks with an extension": (_CHUNKED, b"1;" + b"a" * 40 + b"\r\n \r\n"),
    "an extension": (_CHUNKED + b"1;", b"a=b;"),
    "headers": (OK, b"X: 1\r\n"),
    "a header": (OK + b"X: ", b"x"),
    "trailers": (_CHUNKED + b"0\r\n", b"X: 1\r\n"),
    "a body": (OK + b"\r\n", b" "),
    "a body of gzip": (_GZIP, _ZEROS),
}


class Flood:
    """Reads the request of each connection, then sends until the client closes it."""

    def __init__(
        self,
        kind: str,
        tls: ssl.SSLContext | None = None,
        begin: Callable[[], object] = lambda: None,
    ) -> None:
        """Send one of the ``FLOODS``, as soon as ``begin`` has returned."""
        self._first, unit = FLOODS[kind]
        self._block = unit * (_BLOCK_BYTES // len(unit))
        self._tls = tls
        self._begin = begin
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        """The address of the server."""
        scheme = "https" if self._tls else "http"
        return f"{scheme}://localhost:{self._listener.getsockname()[1]}"

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._run(self._accept)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening, and wait until the clients have closed all connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)
        self._listener.close()

    def _run(self, work: Callable[..., None], *arguments: object) -> None:
        self._threads.append(threading.Thread(target=work, args=arguments, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                self._run(self._serve, self._listener.accept()[0])

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), self._wrapped(connection) as stream:
            received = b""
            while b"secret=" not in received:
                received += stream.recv(4096) or b"secret="
            self._begin()
            stream.sendall(self._first)
            while True:
                stream.sendall(self._block)

    def _wrapped(self, connection: socket.socket) -> socket.socket:
        return self._tls.wrap_socket(connection, server_side=True) if self._tls else connection

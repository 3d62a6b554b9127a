"""A scraper that costs little itself: raw sockets, kept open where the server keeps them."""

from __future__ import annotations

import gzip
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

# As Prometheus 2 asks.
_REQUEST = (
    b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Prometheus/2.42.0\r\n"
    b"Accept: application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
    b"version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n"
    b"Accept-Encoding: gzip\r\nX-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n"
)
_CHUNK = 1 << 18
_GIVE_UP_SECONDS = 60.0


class Scraper:
    """Asks one server over some connections at once."""

    def __init__(self, port: int, connections: int) -> None:
        """Prepare; nothing is connected yet."""
        self._address = ("127.0.0.1", port)
        self._sockets: list[socket.socket | None] = [None] * connections

    @classmethod
    def of(cls, port: int, connections: int) -> Self:
        """Return one whose server has begun to answer, with tickets and in gzip."""
        give_up = time.monotonic() + _GIVE_UP_SECONDS
        while time.monotonic() < give_up:
            scraper = cls(port, connections)
            with suppress(ConnectionError):
                body = scraper._receive(0, scraper._ask(0))
                text = gzip.decompress(body)
                if b"whmcs_up{" not in text:
                    raise ValueError(f"not the series that were to be served: {text[:200]!r}")
                return scraper
            time.sleep(0.05)
        raise TimeoutError("no answer")

    def __enter__(self) -> Self:
        """Do nothing."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connections."""
        for connection in filter(None, self._sockets):
            connection.close()

    def scrape(self) -> int:
        """Ask over all connections, then read all answers; return how many."""
        asked = [self._ask(number) for number in range(len(self._sockets))]
        for number, connection in enumerate(asked):
            self._receive(number, connection)
        return len(asked)

    def _ask(self, number: int) -> socket.socket:
        connection = self._sockets[number] or socket.create_connection(self._address)
        self._sockets[number] = connection
        connection.sendall(_REQUEST)
        return connection

    def _receive(self, number: int, connection: socket.socket) -> bytes:
        head, body = self._head(connection)
        if not head.split(b" ", 2)[1] == b"200":
            raise ValueError(f"not a 200: {head[:80]!r}")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if b"content-length" in fields:
            left = int(fields[b"content-length"]) - len(body)
            body += self._exactly(connection, left)
        elif fields.get(b"transfer-encoding") == b"chunked":
            body = self._chunked(connection, body)
        else:
            body += self._to_the_end(connection)
        if head.startswith(b"HTTP/1.0") or fields.get(b"connection") == b"close":
            connection.close()
            self._sockets[number] = None
        return body

    def _head(self, connection: socket.socket) -> tuple[bytes, bytes]:
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._some(connection)
        head, _, body = received.partition(b"\r\n\r\n")
        return head, body

    def _exactly(self, connection: socket.socket, size: int) -> bytes:
        parts = []
        while size > 0:
            parts.append(self._some(connection))
            size -= len(parts[-1])
        return b"".join(parts)

    def _chunked(self, connection: socket.socket, received: bytes) -> bytes:
        """Read until the last chunk, whose size is 0, and take the others apart."""
        while not received.endswith(b"\r\n0\r\n\r\n"):
            received += self._some(connection)
        body = b""
        while True:
            size, _, received = received.partition(b"\r\n")
            if not int(size, 16):
                return body
            body += received[: int(size, 16)]
            received = received[int(size, 16) + 2 :]

    def _to_the_end(self, connection: socket.socket) -> bytes:
        parts = []
        while part := connection.recv(_CHUNK):
            parts.append(part)
        return b"".join(parts)

    def _some(self, connection: socket.socket) -> bytes:
        received = connection.recv(_CHUNK)
        if not received:
            raise ConnectionResetError("closed before the answer's end")
        return received

"""A server of scripted bytes on loopback, which keeps what it was sent."""

import asyncio
import re
import socket
import ssl
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TypedDict, Unpack
from urllib.parse import parse_qsl

from exporter.whmcs.client import Credential, Endpoint, Password

Script = Callable[[StreamReader, StreamWriter], Awaitable[None]]

LIMIT = 4096
OK = b"HTTP/1.1 200 OK\r\n"
SUCCESS = b'{"result": "success"}'
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class Options(TypedDict, total=False):
    """What an endpoint may have beside its address."""

    url: str
    response_bytes: int
    ssl_context: ssl.SSLContext
    server_name: str
    host_header: str
    proxy_url: str
    basic_auth: tuple[str, Password]
    credentials: tuple[Credential, ...]


@dataclass(frozen=True)
class Request:
    """What one connection was sent: a head, and a body as long as the head says."""

    head: bytes
    body: bytes

    @property
    def start(self) -> str:
        """The request line."""
        return self.head.decode().partition("\r\n")[0]

    @property
    def headers(self) -> dict[str, str]:
        """The header fields, their names in lower case."""
        lines = self.head.decode().strip().split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    @property
    def form(self) -> list[tuple[str, str]]:
        """The posted fields, in their order."""
        return parse_qsl(self.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)


@dataclass(frozen=True)
class Server:
    """A listening server, and each request that came whole."""

    address: str
    requests: list[Request]

    def endpoint(self, **options: Unpack[Options]) -> Endpoint:
        """Make an endpoint of WHMCS's API there, unless the options lead elsewhere."""
        here: Options = {
            "url": f"{self.address}/includes/api.php",
            "response_bytes": LIMIT,
        }
        return Endpoint(**(here | options))


def answer(body: bytes = SUCCESS, *fields: str, status: str = "200 OK") -> bytes:
    """Return a whole HTTP answer."""
    head = [f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(head).encode() + body


def says(raw: bytes) -> Script:
    """Make a script that sends these bytes and ends the connection."""

    async def script(_: StreamReader, writer: StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    return script


def says_and_waits(raw: bytes) -> Script:
    """Make a script that sends these bytes and then nothing, until the other side leaves."""

    async def script(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(raw)
        await reader.read()

    return script


def says_and_resets(raw: bytes) -> Script:
    """Make a script that sends these bytes and resets the connection."""

    async def script(_: StreamReader, writer: StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        reset(writer)

    return script


def reset(writer: StreamWriter) -> None:
    """Reset a connection."""
    at_once = struct.pack("ii", 1, 0)
    found = writer.get_extra_info("socket")
    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    writer.transport.abort()


def says_for_ever(raw: bytes, more: bytes) -> Script:
    """Make a script that sends bytes, then others again and again."""

    async def script(_: StreamReader, writer: StreamWriter) -> None:
        writer.write(raw)
        while True:
            writer.write(more)
            await writer.drain()

    return script


@asynccontextmanager
async def serving(
    script: Script,
    *,
    tls: ssl.SSLContext | None = None,
    listens: bool = True,
    requests: list[Request] | None = None,
) -> AsyncIterator[Server]:
    """Serve on a free port; each connection sees the script, after its request if it listens.

    ``requests`` is where they are kept, for a script that looks there.
    """
    requests = [] if requests is None else requests
    connections: list[asyncio.Task[None]] = []

    async def converse(reader: StreamReader, writer: StreamWriter) -> None:
        # The client may leave whenever it likes.
        with suppress(OSError, asyncio.IncompleteReadError):
            if listens:
                requests.append(await read_request(reader))
            await script(reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    def connected(reader: StreamReader, writer: StreamWriter) -> None:
        connections.append(asyncio.create_task(converse(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield Server(f"{'https' if tls else 'http'}://localhost:{port}", requests)
        await asyncio.gather(*connections)


async def read_request(reader: StreamReader) -> Request:
    """Read one request whole."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return Request(head, await reader.readexactly(int(length[1]) if length else 0))

"""The system's name resolution, which nobody has to wait for.

The system's resolver cannot be interrupted, and asks a silent name server for ten seconds and
more. asyncio's threads are few, so that such names would delay all others, and are waited for at
the end; each lookup here has a thread of its own that simply ends with the process.
"""

from __future__ import annotations

import socket
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

from exporter import threads

if TYPE_CHECKING:
    from collections.abc import Sequence

Found: TypeAlias = (
    "tuple[socket.AddressFamily, socket.SocketKind, int, str,"
    " tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]"
)


# Each is tried when those before it fail, and costs 15 KB by then: a name server that gives a name
# thousands of addresses could otherwise have a fleet's memory, and have us knock at all of them.
_MOST_ADDRESSES = 32


class Resolver(AbstractResolver):
    """getaddrinfo(3), as aiohttp asks for it: at most one lookup of a name is under way."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return a name's addresses, the first of them in the system's order of preference.

        Raises:
            OSError: The name is unknown, or nobody could say.
            UnicodeError: It cannot be a name.
        """
        addresses = await _look_up(host, port, family)
        if not addresses:
            # aiohttp takes it for granted that there is one, and fails in no way that is an error.
            raise socket.gaierror(socket.EAI_NONAME, "the name has no address")
        return [_result(host, each) for each in addresses[:_MOST_ADDRESSES]]

    async def close(self) -> None:
        """Have nothing to close."""


async def _look_up(host: str, port: int, family: socket.AddressFamily) -> Sequence[Found]:
    """Look a name up in a thread; without one fail like a lookup, for it passes like one.

    A silent name server holds a thread for each name, and containers bound how many there are.
    """
    look_up = partial(
        socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    )
    try:
        return await threads.run(look_up)
    except threads.NoThread:
        raise socket.gaierror(socket.EAI_AGAIN, "no thread is left to look the name up") from None


def _result(name: str, found: Found) -> ResolveResult:
    family, _, protocol, _, (host, port, *rest) = found
    # An address of one link alone, in IPv6, needs the link: the last of its four parts.
    scope = f"%{rest[-1]}" if rest and rest[-1] else ""
    return ResolveResult(
        hostname=name,
        host=f"{host!s}{scope}",
        port=int(port),
        family=family,
        proto=protocol,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )

"""A server's connections as the system sees them: how many it has, and what waits in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_LISTENING = "0A"
_NO_DESCRIPTOR = "0"


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection that a program has accepted and not closed."""

    unsent: int
    """Bytes that the system has taken and the client has not."""

    unread: int
    """Bytes that the client has sent and the program has not read."""


def connections(port: int) -> list[Connection]:
    """Return the connections of the server that listens on a port of 127.0.0.1."""
    found = []
    for line in Path("/proc/net/tcp").read_text(encoding="utf-8").splitlines()[1:]:
        # The kernel's documentation, proc_net_tcp. Numbers are hexadecimal, except the inode.
        _, local, _, state, queues, _, _, _, _, inode, *_ = line.split()
        is_of_port = local == f"0100007F:{port:04X}"
        if is_of_port and state != _LISTENING and inode != _NO_DESCRIPTOR:
            unsent, unread = (int(size, 16) for size in queues.split(":"))
            found.append(Connection(unsent, unread))
    return found

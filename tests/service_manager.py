"""The other end of ``$NOTIFY_SOCKET``: a socket as systemd's, and what it was told."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class ServiceManager:
    """Listens where ``$NOTIFY_SOCKET`` points."""

    def __init__(self, listener: socket.socket, address: str) -> None:
        """Take the bound socket and its name in the environment."""
        self._listener = listener
        self.address = address
        self._messages: list[dict[str, str]] = []

    @property
    def messages(self) -> list[dict[str, str]]:
        """What it was told so far: the assignments of each datagram."""
        while True:
            try:
                datagram = self._listener.recv(4096)
            except BlockingIOError:
                return self._messages
            self._messages.append(
                dict(line.split("=", 1) for line in datagram.decode().splitlines())
            )


@contextmanager
def listening(address: str) -> Iterator[ServiceManager]:
    """Listen on a path, or in the abstract namespace when ``address`` begins with @."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.settimeout(0)
        listener.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        yield ServiceManager(listener, address)

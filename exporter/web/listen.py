"""Where the exporter listens: addresses as the exporters of the field write them, and sockets."""

from __future__ import annotations

import contextlib
import errno
import re
import socket
import stat
from dataclasses import dataclass
from pathlib import Path

_UNIX = "unix:"
# A colon belongs to IPv6 alone, and IPv6 alone into brackets.
_HOST_AND_PORT = re.compile(r"(\[(?P<ipv6>[^][]*:[^][]*)\]|(?P<host>[^][:]*)):(?P<port>[0-9]{1,5})")
_LARGEST_PORT = 65535
# Clients that wait to be taken: what is beyond it tries again after a second, a scraper too.
_BACKLOG = 1024


@dataclass(frozen=True, slots=True)
class Address:
    """A place to listen: a ``host`` (empty: all) and a ``port``, or a Unix socket's path."""

    host: str = ""
    port: int = 0
    path: Path | None = None

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read ``:PORT``, ``HOST:PORT``, ``[IPv6]:PORT`` or ``unix:PATH``.

        Raises:
            ValueError: It is none of these.
        """
        if text.startswith(_UNIX) and text != _UNIX:
            return cls(path=Path(text.removeprefix(_UNIX)))
        match = _HOST_AND_PORT.fullmatch(text)
        if match is None or int(match["port"]) > _LARGEST_PORT:
            raise ValueError(f"{text!r} is not :PORT, HOST:PORT, [IPv6]:PORT or unix:PATH")
        return cls(match["ipv6"] or match["host"], int(match["port"]))

    def __str__(self) -> str:
        """Return the address as ``parse`` reads it."""
        if self.path is not None:
            return f"{_UNIX}{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def open(self) -> Listener:
        """Listen.

        Raises:
            OSError: The address is taken, not this machine's, or not allowed.
        """
        return Listener(self._socket(), self)

    def _socket(self) -> socket.socket:
        if self.path is not None:
            return _open_unix(self.path)
        if not self.host:
            return _open_every(self.port)
        return _open_host(self.host, self.port)


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that listens where ``wanted``; whoever opened it closes it."""

    socket: socket.socket
    wanted: Address

    @property
    def address(self) -> Address:
        """Where it listens, with the port that the system picked for 0."""
        if self.wanted.path is not None:
            return self.wanted
        return Address(self.wanted.host, self.socket.getsockname()[1])

    def close(self) -> None:
        """Close the socket; the path of a Unix socket goes with it."""
        self.socket.close()
        if self.wanted.path is not None:
            self.wanted.path.unlink(missing_ok=True)


def _open_every(port: int) -> socket.socket:
    """Listen on all addresses of this machine, IPv4's too: one socket, so one port for 0."""
    if socket.has_dualstack_ipv6():
        return socket.create_server(
            ("", port), family=socket.AF_INET6, backlog=_BACKLOG, dualstack_ipv6=True
        )
    return socket.create_server(("", port), backlog=_BACKLOG)


def _open_host(host: str, port: int) -> socket.socket:
    """Listen as Go's listeners do: on a name's first address, IPv4 before IPv6."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except UnicodeError:
        raise OSError(errno.EINVAL, f"{host!r} cannot be the name of a host") from None
    family, *_, address = min(found, key=lambda info: info[0] != socket.AF_INET)
    return socket.create_server(address, family=family, backlog=_BACKLOG)


def _open_unix(path: Path) -> socket.socket:
    if _is_left_over(path):
        path.unlink()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with contextlib.ExitStack() as on_failure:
        on_failure.callback(listening.close)
        listening.bind(str(path))
        listening.listen(_BACKLOG)
        on_failure.pop_all()
    return listening


def _is_left_over(path: Path) -> bool:
    """Tell whether a socket is there that nobody answers; refuse to take a living one's place."""
    if not path.exists() or not stat.S_ISSOCK(path.stat().st_mode):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        # A living one with many waiting would make this wait too.
        probe.settimeout(0)
        try:
            probe.connect(str(path))
        except OSError as error:
            return error.errno == errno.ECONNREFUSED
    return False

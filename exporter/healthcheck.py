"""The command ``healthcheck``: ask a running exporter whether it is healthy, as a container does.

It runs every half minute, so it imports little, and it finds out by itself how to ask.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from contextlib import closing, suppress
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exporter.web.listen import Address

# In a container the exporter is process 1, or what the init there was given to run.
_FIRST_PROCESS = Path("/proc/1/cmdline")
# Two attempts must fit into what containers wait for the command: 5 in the image.
_SECONDS = 2.0
# With users, nobody but them is told more: that there is an answer has to do.
_ALIVE = {HTTPStatus.OK, HTTPStatus.UNAUTHORIZED}
_UNANSWERED = (OSError, http.client.HTTPException)


class Unhealthy(Exception):
    """The exporter does not answer, or says that something is wrong."""


def first_command_line() -> Iterable[str]:
    """Return the command line of the first process, word by word; none where it can't be read."""
    try:
        return _FIRST_PROCESS.read_text(encoding="utf-8", errors="replace").split("\0")
    except OSError:
        return ()


def check(address: Address) -> None:
    """Ask for ``/-/healthy``, in clear and then over TLS: only the exporter knows which it serves.

    Certificates are not checked: they are rarely made for loopback, and nothing secret is sent. An
    exporter that wants a password, or a certificate of whoever asks, is alive.

    Raises:
        Unhealthy: Nobody answers, or the answer says that something is wrong.
    """
    try:
        _ask(_connected(address))
    except _UNANSWERED as in_clear:
        try:
            _ask_over_tls(address)
        except _UNANSWERED as error:
            raise Unhealthy(str(in_clear) or type(in_clear).__name__) from error


def _ask(connected: socket.socket) -> None:
    with closing(http.client.HTTPConnection("localhost")) as connection:
        connection.sock = connected
        connection.request("GET", "/-/healthy")
        response = connection.getresponse()
        if response.status not in _ALIVE:
            body = response.read(200).decode(errors="replace").strip()
            raise Unhealthy(f"{response.status} {body}")


def _ask_over_tls(address: Address) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connected = context.wrap_socket(_connected(address))
    # TLS is there. Who then ends the connection wants a certificate (TLS 1.3 tells so late).
    with suppress(ConnectionError, ssl.SSLError):
        _ask(connected)


def _connected(address: Address) -> socket.socket:
    if address.path is None:
        # Without a host it listens everywhere, on loopback too.
        return socket.create_connection((address.host or None, address.port), timeout=_SECONDS)
    connected = socket.socket(socket.AF_UNIX)
    connected.settimeout(_SECONDS)
    connected.connect(str(address.path))
    return connected

"""A port that stays a test's own while nothing listens on it."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def reserved() -> Iterator[str]:
    """Hand out HOST:PORT: for a program that is started there more than once, or for none.

    A port that was free before may be given to any other program that asks for one. This
    socket is in the way of that, but not of whoever asks for the very port, as it does not listen.
    """
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{keeper.getsockname()[1]}"

"""Bodies that wait for slow readers, within a limit that keeps the newest."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exporter.web.connection import Connection

_MOST_BYTES = 16 * 1024 * 1024
# So many may wait however large they are: a few scrapers, each on a slow line.
_FEW = 4


class Unread:
    """Who has not taken an answer's body yet, in the order in which they were found slow.

    Readers of the same body cost what one costs. There is a new body after each poll, so whoever
    comes again and again, and takes nothing, would keep more and more old ones.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._bodies: dict[Connection, bytes] = {}

    def add(self, connection: Connection, body: bytes) -> None:
        """Note that a body waits; of too many the one that has waited longest is given up."""
        self._bodies[connection] = body
        while self._is_too_much():
            slowest = next(iter(self._bodies))
            del self._bodies[slowest]
            slowest.cut()

    def remove(self, connection: Connection) -> None:
        """Note that nothing waits for this reader any more."""
        self._bodies.pop(connection, None)

    def _is_too_much(self) -> bool:
        sizes = {id(body): len(body) for body in self._bodies.values()}
        return len(sizes) > _FEW and sum(sizes.values()) > _MOST_BYTES

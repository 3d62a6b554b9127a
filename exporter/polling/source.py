"""What a source is, and what one poll of it yields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exporter.polling.backoff import BackingOff
    from exporter.polling.readings import Departments, Reading, SiteTickets
    from exporter.polling.site import Cycle
    from exporter.whmcs.errors import ApiError

ONLY_PART = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one poll found, part by part.

    ``readings`` maps a part to its reading; most sources have ``ONLY_PART``. A reading of None is
    one withheld for its size; ``dropped`` is the number of series that it would have made, and
    ``limit`` the configuration's key that forbade them. The poll succeeded when nothing ``failed``.
    ``collisions`` is the number of statuses that had to share another one's label value.
    """

    readings: Mapping[str, Reading | None]
    failed: tuple[ApiError | BackingOff, ...] = ()
    collisions: int = 0
    dropped: int = 0
    limit: str = "limits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a reading may hold; one beyond it is withheld whole.

    Half a reading would look like a whole one, and its sums would be wrong in silence.
    """

    departments: int
    statuses: int

    def outcome(
        self, reading: SiteTickets | Departments, collisions: int, part: str = ONLY_PART
    ) -> Outcome:
        """Return what the success of one part yields: its reading, or None when too large."""
        if reading.most_statuses > self.statuses:
            return Outcome(readings={part: None}, collisions=collisions, dropped=reading.series)
        return Outcome(readings={part: reading}, collisions=collisions)


class Source(Protocol):
    """A topic of a site that is polled, succeeds, fails and goes stale by itself."""

    @property
    def name(self) -> str:
        """The label value of ``source``."""

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of the WHMCS actions that it calls."""

    async def poll(self, cycle: Cycle) -> Outcome:
        """Ask WHMCS; raise ``ApiError`` or ``BackingOff`` when nothing at all was found."""

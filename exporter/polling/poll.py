"""What a poller makes, and where it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from exporter.polling.backoff import BackingOff
    from exporter.polling.site import Tally
    from exporter.polling.source import Outcome
    from exporter.whmcs.errors import ApiError


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """One poll of one source of one site, ended.

    ``ended`` is monotonic, ``ended_at`` Unix time, ``duration`` in seconds; a poll that was held
    back altogether has none of its own. ``error`` is the first thing that failed; None on success.
    """

    site: str
    source: str
    outcome: Outcome
    error: ApiError | BackingOff | None
    ended: float
    ended_at: float
    duration: float | None
    tally: Tally


class Publisher(Protocol):
    """Where polls go."""

    def publish(self, poll: Poll) -> Poll:
        """Take one poll, whole; return it without the readings that found no room."""

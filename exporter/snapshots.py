"""What is known of each site: immutable, and swapped whole when a poll ends.

A failed poll changes only what says that it failed. The last good readings stay, and are handed
out until they are older than their source's ``stale_after``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from exporter.polling.backoff import BackingOff

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from exporter.polling.poll import Poll
    from exporter.polling.readings import Reading


@dataclass(frozen=True, slots=True)
class Part:
    """One part's last good reading, ``taken`` at a monotonic time; None when it was withheld."""

    reading: Reading | None
    taken: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """One source of one site.

    ``interval`` and ``stale_after`` are in seconds, ``last_success`` is Unix time and
    ``succeeded`` the same moment in monotonic time, ``duration`` the last poll's seconds.
    ``success`` is None until the first poll has ended; ``reason`` and ``error`` say why the last
    one failed.
    """

    name: str
    interval: float
    stale_after: float
    success: bool | None = None
    reason: str | None = None
    error: str | None = None
    last_success: float | None = None
    succeeded: float | None = None
    duration: float | None = None
    parts: Mapping[str, Part] = field(default_factory=dict)

    def after(self, poll: Poll) -> SourceState:
        """Return the state that a poll leaves behind."""
        parts = {name: Part(reading, poll.ended) for name, reading in poll.outcome.readings.items()}
        success = poll.error is None
        return replace(
            self,
            success=success,
            reason=poll.error.reason if poll.error else None,
            error=_explanation(self, poll),
            last_success=poll.ended_at if success else self.last_success,
            succeeded=poll.ended if success else self.succeeded,
            duration=self.duration if poll.duration is None else poll.duration,
            parts={**self.parts, **parts},
        )

    def without(self, parts: Collection[str]) -> SourceState:
        """Return the state as if some parts had never been read."""
        kept = {name: part for name, part in self.parts.items() if name not in parts}
        return replace(self, parts=kept)

    def fresh(self, now: float) -> Iterator[Reading]:
        """Yield the readings that may still be shown, the oldest first."""
        for part in sorted(self.parts.values(), key=lambda part: part.taken):
            if part.reading is not None and now <= part.taken + self.stale_after:
                yield part.reading

    def next_stale(self, now: float) -> float:
        """Return when the next reading goes stale; infinity when none will."""
        shown = (part for part in self.parts.values() if part.reading is not None)
        ends = (part.taken + self.stale_after for part in shown)
        return min((end for end in ends if end >= now), default=math.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One site: its sources' states, and the totals that only grow.

    ``series_limit`` is how many ticket series may be shown, of all its sources together.
    """

    site: str
    sources: Mapping[str, SourceState]
    requests: Mapping[str, int]
    failures: Mapping[str, int]
    series_limit: float = math.inf
    collisions: int = 0
    dropped: int = 0

    def admitted(self, poll: Poll) -> Poll:
        """Return a poll without those readings for which the site has no room.

        What is shown of other readings has its room already. A reading is withheld whole: half of
        one would look like a whole one, and its sums would be wrong in silence.
        """
        room = self.series_limit - self._series_beside(poll)
        readings: dict[str, Reading | None] = {}
        dropped = poll.outcome.dropped
        for part, reading in poll.outcome.readings.items():
            series = reading.series if reading else 0
            fits = series <= room
            readings[part] = reading if fits else None
            room -= series if fits else 0
            dropped += 0 if fits else series
        if readings == poll.outcome.readings:
            return poll
        return replace(poll, outcome=replace(poll.outcome, readings=readings, dropped=dropped))

    def _series_beside(self, poll: Poll) -> int:
        """Return how many series are shown that a poll does not replace."""
        state = self.sources[poll.source].without(poll.outcome.readings)
        states = {**self.sources, poll.source: state}.values()
        return sum(reading.series for state in states for reading in state.fresh(poll.ended))

    def after(self, poll: Poll) -> Snapshot:
        """Return the snapshot that a poll leaves behind."""
        state = self.sources[poll.source].after(poll)
        return replace(
            self,
            sources={**self.sources, poll.source: state},
            requests={**self.requests, **poll.tally.requests},
            failures={**self.failures, **poll.tally.failures},
            collisions=self.collisions + poll.outcome.collisions,
            dropped=self.dropped + poll.outcome.dropped,
        )

    @property
    def ready(self) -> bool:
        """Whether the first poll of every source has ended, well or not."""
        return all(state.success is not None for state in self.sources.values())


class Reader(Protocol):
    """Who is told of every change."""

    def update(self, snapshot: Snapshot) -> None:
        """Take the new snapshot of a site."""

    def forget(self, site: str) -> None:
        """Show nothing more of a site."""


class Store:
    """The one place that knows the current snapshot of every site."""

    def __init__(self, reader: Reader) -> None:
        """Begin without any site."""
        self._snapshots: dict[str, Snapshot] = {}
        self._reader = reader

    def begin(self, snapshot: Snapshot) -> None:
        """Begin with a site, or begin anew with one whose configuration has changed."""
        self._snapshots[snapshot.site] = snapshot
        self._reader.update(snapshot)

    def forget(self, site: str) -> None:
        """Forget a site, of which no poll will come any more."""
        del self._snapshots[site]
        self._reader.forget(site)

    def publish(self, poll: Poll) -> Poll:
        """Take one ended poll: readers see the site as it was before or as it is after.

        Returns what was published of it.
        """
        before = self._snapshots[poll.site]
        poll = before.admitted(poll)
        after = before.after(poll)
        self._snapshots[poll.site] = after
        self._reader.update(after)
        return poll

    def snapshot(self, site: str) -> Snapshot | None:
        """Return the snapshot of one site; None when there is no such site."""
        return self._snapshots.get(site)

    @property
    def snapshots(self) -> tuple[Snapshot, ...]:
        """Every site's snapshot, in the order in which they began."""
        return tuple(self._snapshots.values())


def _explanation(before: SourceState, poll: Poll) -> str | None:
    """Return why a poll failed; while calls are held back, what WHMCS said before is kept."""
    if isinstance(poll.error, BackingOff) and before.reason == poll.error.reason:
        return before.error
    return None if poll.error is None else str(poll.error)

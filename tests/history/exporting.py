"""Scenes as an exporter would have published them, poll by poll, by the exporter's own parts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from exporter.exposition.exposition import Exposition
from exporter.exposition.formats import TEXT
from exporter.exposition.telemetry import Telemetry
from exporter.polling.labels import label_value
from exporter.polling.poll import Poll
from exporter.polling.readings import Departments, DepartmentTickets, SiteTickets
from exporter.polling.site import Tally
from exporter.polling.source import ONLY_PART, Outcome
from exporter.snapshots import Snapshot, SourceState
from exporter.whmcs.errors import ApiError, AuthFailed, TimedOut

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from exporter.polling.readings import Reading
    from exporter.simulator.state import DeskState
    from tests.history.scenes import Scene

_STALE_AFTER_INTERVALS = 3
_FAILURES: dict[str, ApiError] = {
    "auth": AuthFailed("Authentication Failed"),
    "timeout": TimedOut("no answer within 10 s"),
}


@dataclass(slots=True)
class HistoryClock:
    """Stands at a moment of the history; one reading serves as both times."""

    at: datetime

    def monotonic(self) -> float:
        """Return the moment in seconds."""
        return self.at.timestamp()

    def time(self) -> float:
        """Return the moment as Unix time."""
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        """Refuse: nobody waits in a history."""
        raise NotImplementedError(seconds)


@dataclass(slots=True)
class Published:
    """One site's snapshot, and the totals of its calls."""

    scene: Scene
    snapshot: Snapshot
    requests: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)


class Exporting:
    """An exporter of several scenes whose time is moved on from outside."""

    def __init__(self, scenes: Sequence[Scene], start: datetime, interval: float) -> None:
        """Begin before the first poll; every source is polled each ``interval`` seconds."""
        self._clock = HistoryClock(start)
        self._telemetry = Telemetry("0.1.0", "history")
        self._telemetry.configured(len(scenes), start.timestamp())
        self._exposition = Exposition(self._telemetry, self._clock)
        # Chance for a simulation, not for a secret.
        self._random = Random(1)  # noqa: S311
        self._sites = [Published(scene, _first_snapshot(scene, interval)) for scene in scenes]

    def poll(self, at: datetime) -> dict[str, DeskState]:
        """Poll every site at a moment; return the truth about those that answered."""
        self._clock.at = at
        states = {}
        for site in self._sites:
            state = site.scene.state(at)
            reason = site.scene.failure(at)
            self._publish(site, state, reason)
            if reason is None:
                states[site.scene.name] = state
        self._telemetry.lateness(self._random.expovariate(20))
        self._telemetry.http_request("metrics", 200)
        return states

    def samples(self) -> list[bytes]:
        """Return the lines of the exposition as it is now, without those that are comments."""
        text = self._exposition.render(TEXT, compress=False)
        return [line for line in text.split(b"\n") if line and not line.startswith(b"#")]

    def _publish(self, site: Published, state: DeskState, reason: str | None) -> None:
        readings: dict[str, Reading] = {
            "ticket_counts": _site_tickets(state),
            "departments": _departments(state, by_credentials=site.scene.by_credentials),
        }
        for source, reading in readings.items():
            duration = self._random.lognormvariate(-1.5, 0.5)
            self._count(site, source, duration, reason)
            poll = Poll(
                site=site.scene.name,
                source=source,
                outcome=Outcome(readings={} if reason else {ONLY_PART: reading}),
                error=_FAILURES[reason] if reason else None,
                ended=self._clock.monotonic(),
                ended_at=self._clock.time(),
                duration=duration,
                tally=Tally(dict(site.requests), dict(site.failures)),
            )
            site.snapshot = site.snapshot.after(poll)
        self._exposition.update(site.snapshot)

    def _count(self, site: Published, source: str, duration: float, reason: str | None) -> None:
        asks_statuses = source == "departments" and not site.scene.by_credentials
        action = "GetSupportStatuses" if asks_statuses else "GetTicketCounts"
        site.requests[action] += 1
        self._telemetry.request(action, duration)
        if reason is not None:
            site.failures[reason] += 1


def _first_snapshot(scene: Scene, interval: float) -> Snapshot:
    return Snapshot(
        site=scene.name,
        sources={
            name: SourceState(
                name=name, interval=interval, stale_after=_STALE_AFTER_INTERVALS * interval
            )
            for name in ("ticket_counts", "departments")
        },
        requests={},
        failures={},
    )


def _site_tickets(state: DeskState) -> SiteTickets:
    return SiteTickets(
        active=state.active,
        awaiting_reply=state.awaiting,
        flagged=state.flagged,
        statuses={label_value(title): count for title, count in state.by_status.items()},
        departments_visible=len(state.departments),
    )


def _departments(state: DeskState, *, by_credentials: bool) -> Departments:
    awaiting, active = state.awaiting_by_department, state.active_by_department
    statuses: dict[int, dict[str, int]] = {number: {} for number in state.departments}
    for (number, title), count in state.tickets.items():
        statuses[number][label_value(title)] = count
    return Departments(
        tuple(
            DepartmentTickets(
                id=number,
                name=label_value(name),
                awaiting_reply=awaiting[number],
                open=None if by_credentials else active[number],
                active=active[number] if by_credentials else None,
                statuses=statuses[number],
            )
            for number, name in state.departments.items()
        )
    )

"""Sites to measure with: what polls of many alike help desks would have left behind."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from exporter.polling.clock import SystemClock
from exporter.polling.poll import Poll
from exporter.polling.readings import Departments, DepartmentTickets, SiteTickets
from exporter.polling.site import Tally
from exporter.polling.source import ONLY_PART, Outcome
from exporter.snapshots import Snapshot, SourceState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exporter.polling.readings import Reading

STATUSES = (
    "Open",
    "Answered",
    "Customer-Reply",
    "In Progress",
    "On Hold",
    "Escalated",
    "Waiting for third party",
    "Closed",
)
ACTIONS = {
    "ticket_counts": ("GetTicketCounts",),
    "departments": ("GetSupportDepartments", "GetSupportStatuses"),
}
# With the 28 series about the polls of a site these make 99 of it.
DEPARTMENTS = 6
_NEVER_STALE = 1e9


class Fleet:
    """Sites, named by number, and one poll after another of them; the numbers are of a seed."""

    def __init__(self, sites: int, departments: int = DEPARTMENTS) -> None:
        """Plan so many sites of so many departments; without any there is one source only."""
        self.names = tuple(f"site-{number:04}" for number in range(sites))
        self._departments = departments
        self._sources = ("ticket_counts", "departments") if departments else ("ticket_counts",)
        self._random = random.Random(sites)  # noqa: S311 - no secret
        self._calls = 0

    def snapshots(self) -> Iterator[Snapshot]:
        """Yield all sites, each source polled once."""
        for name in self.names:
            snapshot = Snapshot(
                site=name,
                sources={source: _state(source) for source in self._sources},
                requests={action: 0 for source in self._sources for action in ACTIONS[source]},
                failures={},
            )
            for source in self._sources:
                snapshot = snapshot.after(self.poll(name, source))
            yield snapshot

    def polls(self) -> Iterator[Poll]:
        """Yield polls, site after site and source after source, without an end."""
        while True:
            for name in self.names:
                for source in self._sources:
                    yield self.poll(name, source)

    def poll(self, site: str, source: str) -> Poll:
        """Return a poll that succeeded and found every number changed."""
        self._calls += 1
        reading = self._tickets() if source == "ticket_counts" else self._by_department()
        return Poll(
            site=site,
            source=source,
            outcome=Outcome(readings={ONLY_PART: reading}),
            error=None,
            ended=SystemClock().monotonic(),
            ended_at=time.time(),
            duration=self._random.uniform(0.05, 0.5),
            tally=Tally(dict.fromkeys(ACTIONS[source], self._calls), {}),
        )

    def _tickets(self) -> Reading:
        return SiteTickets(
            active=self._count(),
            awaiting_reply=self._count(),
            flagged=self._count(),
            statuses={status: self._count() for status in STATUSES},
            departments_visible=self._departments,
        )

    def _by_department(self) -> Reading:
        return Departments(
            tuple(
                DepartmentTickets(
                    id=number,
                    name=f"Department {number}",
                    awaiting_reply=self._count(),
                    open=self._count(),
                    active=None,
                    statuses={status: self._count() for status in STATUSES},
                )
                for number in range(1, self._departments + 1)
            )
        )

    def _count(self) -> int:
        return self._random.randrange(500)


def _state(source: str) -> SourceState:
    return SourceState(name=source, interval=60.0, stale_after=_NEVER_STALE)

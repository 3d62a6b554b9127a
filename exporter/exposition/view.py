"""What may be shown of a site at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exporter.polling.readings import Departments, SiteTickets, Waiting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exporter.polling.readings import DepartmentTickets, DepartmentWaiting
    from exporter.snapshots import Snapshot, SourceState


@dataclass(frozen=True, slots=True)
class View:
    """A snapshot as it may be shown at one moment: without what is stale by then."""

    snapshot: Snapshot
    tickets: SiteTickets | None
    departments: tuple[DepartmentTickets, ...]
    waiting: tuple[DepartmentWaiting, ...]

    @classmethod
    def of(cls, snapshot: Snapshot, now: float) -> View:
        """Look at a snapshot at a monotonic time."""
        tickets: SiteTickets | None = None
        departments: dict[int, DepartmentTickets] = {}
        waiting: tuple[DepartmentWaiting, ...] = ()
        for state in snapshot.sources.values():
            for reading in state.fresh(now):
                if isinstance(reading, SiteTickets):
                    tickets = reading
                elif isinstance(reading, Waiting):
                    waiting = reading.departments
                else:
                    # The fresher reading comes last: no department is ever shown twice.
                    departments |= {row.id: row for row in reading.departments}
        return cls(snapshot, tickets, tuple(departments.values()), waiting)

    @property
    def series(self) -> int:
        """How many ticket series are shown."""
        shown = self.tickets.series if self.tickets else 0
        return shown + Departments(self.departments).series + Waiting(self.waiting).series

    @property
    def states(self) -> Iterable[SourceState]:
        """The states of the site's sources."""
        return self.snapshot.sources.values()

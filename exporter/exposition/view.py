"""What may be shown of a site at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from exporter.polling.readings import Departments, SiteTickets, Waiting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from exporter.polling.readings import DepartmentTickets, DepartmentWaiting
    from exporter.snapshots import Snapshot, SourceState


Part: TypeAlias = Literal["tickets", "departments", "waiting", "states", "failures", "snapshot"]
"""What may stay as it was while other parts of a view change: the name of an attribute."""

PARTS: tuple[Part, ...] = get_args(Part)


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

    def changed(self, before: View | None) -> Collection[Part]:
        """Return which parts are not equal to those of a view ``before``; without one it is all."""
        if before is None:
            return PARTS
        # The states are a dictionary's values, which equal no others: each poll moves them anyway.
        return [part for part in PARTS if getattr(self, part) != getattr(before, part)]

    @property
    def failures(self) -> Mapping[str, int]:
        """How many calls have failed, by reason."""
        return self.snapshot.failures

    @property
    def states(self) -> Iterable[SourceState]:
        """The states of the site's sources."""
        return self.snapshot.sources.values()

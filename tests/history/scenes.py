"""The sites whose history is made: their desks, and what happens to each of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from exporter.simulator.desk import HelpDesk
from exporter.simulator.names import DEPARTMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from exporter.simulator.state import DeskState

END = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
"""A Wednesday morning, when the histories end."""
HOSTILE_DEPARTMENT = 'A+B (C) "D"'
HOSTILE_SITE = 'umbrella "EU" (1)'
RENAMED_STATUS = 'Being "worked" on'
REMOVED_DEPARTMENT = "Migrations"
DEAD_SITE = "initech"
DIED = END - timedelta(hours=3)
STORM = END - timedelta(hours=20)
TWINS = "Support"
_SEED = 6


@dataclass(frozen=True, slots=True)
class Change:
    """Something that staff does to a desk at a moment."""

    at: datetime
    do: Callable[[HelpDesk], None]


@dataclass(frozen=True, slots=True)
class Outage:
    """Polls that fail for a reason from ``begin`` until ``end``."""

    begin: datetime
    end: datetime
    reason: str


@dataclass(slots=True, kw_only=True)
class Scene:
    """One site: its desk, what is still to be done to it, and when its polls fail.

    From ``storm_begins`` the tickets of a second desk are there, too: an incident. A site ``by``
    credentials is asked with one credential for each department.
    """

    name: str
    desk: HelpDesk
    changes: list[Change] = field(default_factory=list)
    outages: Sequence[Outage] = ()
    storm: HelpDesk | None = None
    storm_begins: datetime = END
    by_credentials: bool = False

    def state(self, at: datetime) -> DeskState:
        """Let the site live until ``at`` and count its tickets."""
        while self.changes and self.changes[0].at <= at:
            change = self.changes.pop(0)
            self.desk.advance(change.at)
            change.do(self.desk)
        self.desk.advance(at)
        state = self.desk.state()
        if self.storm is None or at < self.storm_begins:
            return state
        self.storm.advance(at)
        return replace(state, tickets=_added(state.tickets, self.storm.state().tickets))

    def failure(self, at: datetime) -> str | None:
        """Return the reason for which polls fail at a moment; None while they succeed."""
        return next((o.reason for o in self.outages if o.begin <= at < o.end), None)


def _added(
    left: Mapping[tuple[int, str], int], right: Mapping[tuple[int, str], int]
) -> dict[tuple[int, str], int]:
    return {key: count + right.get(key, 0) for key, count in left.items()}


def scenes(start: datetime, sites: int, departments: int) -> list[Scene]:
    """Return the first ``sites`` of five sites; the second one has so many departments."""
    made = (
        _quiet(start),
        _stormy(start, _names(departments)),
        _dying(start),
        _odd(start),
        _asked_by_credentials(start),
    )
    return list(made[:sites])


def _desk(name: str, start: datetime, departments: Sequence[str], per_day: float) -> HelpDesk:
    return HelpDesk(name, seed=_SEED, start=start, departments=departments, tickets_per_day=per_day)


def _names(count: int) -> list[str]:
    return [*DEPARTMENTS, *(f"Team {number}" for number in range(1, count))][:count]


def _quiet(start: datetime) -> Scene:
    departments = ["Technical Support", "Billing & Abuse", HOSTILE_DEPARTMENT]
    renaming = Change(
        END - timedelta(days=5), lambda desk: desk.rename_status("In Progress", RENAMED_STATUS)
    )
    return Scene(name="acme", desk=_desk("acme", start, departments, 24.0), changes=[renaming])


def _stormy(start: datetime, departments: Sequence[str]) -> Scene:
    return Scene(
        name="globex",
        desk=_desk("globex", start, departments, 16.0),
        storm=_desk("globex", STORM, departments, 300.0),
        storm_begins=STORM,
    )


def _dying(start: datetime) -> Scene:
    outage = Outage(DIED, END + timedelta(days=1), "timeout")
    desk = _desk(DEAD_SITE, start, ["Support", "Sales"], 12.0)
    return Scene(name=DEAD_SITE, desk=desk, outages=[outage])


def _odd(start: datetime) -> Scene:
    desk = _desk(HOSTILE_SITE, start, ["Support", REMOVED_DEPARTMENT, "Sales"], 10.0)
    removal = Change(END - timedelta(days=2), lambda desk: desk.remove_department(2))
    blip = Outage(END - timedelta(hours=30), END - timedelta(hours=29), "auth")
    return Scene(name=HOSTILE_SITE, desk=desk, changes=[removal], outages=[blip])


def _asked_by_credentials(start: datetime) -> Scene:
    desk = _desk("hooli", start, [TWINS, TWINS, "Sales"], 10.0)
    return Scene(name="hooli", desk=desk, by_credentials=True)

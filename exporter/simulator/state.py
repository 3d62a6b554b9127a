"""What a help desk holds at one moment."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A status of tickets, with the two ticks that WHMCS has for it.

    Attributes:
        title: As staff see it.
        active: "Include in Active Tickets".
        awaiting: "Include in Awaiting Reply".
        color: As in HTML.
    """

    title: str
    active: bool
    awaiting: bool
    color: str = "#888888"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTicket:
    """A ticket that is not closed; the moments are aware."""

    id: int
    department_id: int
    status: str
    opened: datetime
    last_reply: datetime
    flagged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskState:
    """The truth about a help desk at one moment: numbers of tickets.

    Attributes:
        at: The simulated moment.
        departments: Names by id.
        statuses: In their order.
        tickets: By department id and status title; every pair is there, with 0 where none is.
        flagged_by_department: Tickets that are flagged to the API's own user, by department id.
    """

    at: datetime
    departments: Mapping[int, str]
    statuses: tuple[Status, ...]
    tickets: Mapping[tuple[int, str], int]
    flagged_by_department: Mapping[int, int]

    @property
    def by_status(self) -> dict[str, int]:
        """Tickets by status title (GetTicketCounts `status.*.count`)."""
        totals = dict.fromkeys((status.title for status in self.statuses), 0)
        for (_, title), count in self.tickets.items():
            totals[title] += count
        return totals

    @property
    def active_by_department(self) -> dict[int, int]:
        """Active tickets by department id (GetSupportDepartments `opentickets`)."""
        return self._by_department({each.title for each in self.statuses if each.active})

    @property
    def awaiting_by_department(self) -> dict[int, int]:
        """Tickets awaiting a reply by department id (GetSupportDepartments `awaitingreply`)."""
        return self._by_department({each.title for each in self.statuses if each.awaiting})

    @property
    def active(self) -> int:
        """All active tickets (GetTicketCounts `allActive`)."""
        return sum(self.active_by_department.values())

    @property
    def awaiting(self) -> int:
        """All tickets awaiting a reply (GetTicketCounts `awaitingReply`)."""
        return sum(self.awaiting_by_department.values())

    @property
    def flagged(self) -> int:
        """All tickets flagged to the API's own user (GetTicketCounts `flaggedTickets`)."""
        return sum(self.flagged_by_department.values())

    def within(self, department_ids: Collection[int]) -> "DeskState":
        """Show only these departments; all statuses stay, and unknown ids hold nothing."""
        chosen = self.departments.keys() & department_ids
        return replace(
            self,
            departments={key: name for key, name in self.departments.items() if key in chosen},
            tickets={key: count for key, count in self.tickets.items() if key[0] in chosen},
            flagged_by_department={
                key: count for key, count in self.flagged_by_department.items() if key in chosen
            },
        )

    def _by_department(self, titles: Collection[str]) -> dict[int, int]:
        totals = Counter(dict.fromkeys(self.departments, 0))
        for (department_id, title), count in self.tickets.items():
            if title in titles:
                totals[department_id] += count
        return dict(totals)

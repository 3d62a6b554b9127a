"""A help desk that lives: its departments, its statuses, and the truth about its tickets."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

from exporter.simulator.life import CLOSED, ESSENTIAL, Life
from exporter.simulator.names import choose_departments, choose_statuses
from exporter.simulator.rhythm import DAY
from exporter.simulator.state import DeskState, OpenTicket, Status

# Long enough for a desk that begins empty to hold as many tickets as it always will.
WARM_UP = 14 * DAY
TICKETS_PER_DAY = (8.0, 24.0)
CLOSED_LONG_AGO = (300, 3_000)


class HelpDesk:
    """A simulated help desk, stepped from event to event.

    The same name, seed and start give the same state at the same moment, however often it was
    asked in between and in every process. It is warm at `start`: two weeks have gone before. They
    are made up for at the first look, so that thousands of desks can be made at once.
    """

    def __init__(
        self,
        name: str,
        *,
        seed: int,
        start: datetime,
        departments: int | Sequence[str] = 4,
        tickets_per_day: float | None = None,
    ) -> None:
        """Open the desk.

        Args:
            name: Its name; desks of different names live different lives under the same seed.
            seed: What its life is drawn from.
            start: The first moment that can be looked at, aware.
            departments: How many there are, or what they are called.
            tickets_per_day: Mean over the week; by default the seed's choice, 8 to 24.

        Raises:
            ValueError: `start` is naive, there is no department, or no ticket would ever come.
        """
        _refuse_unfit(start, departments, tickets_per_day)
        self.name = name
        # Random hashes a text by SHA-512: the same in every process.
        random = Random(f"{seed}/{name}")  # noqa: S311 - chance for a simulation, not for a secret
        if isinstance(departments, int):
            departments = choose_departments(random, departments)
        self._now = start
        self._departments = dict(enumerate(departments, start=1))
        self._last_department_id = len(departments)
        self._statuses = dict(enumerate(choose_statuses(random)))
        shares = {department_id: random.uniform(0.3, 1.7) for department_id in self._departments}
        per_day = tickets_per_day or random.uniform(*TICKETS_PER_DAY)
        self._life = Life(random, start.timestamp() - WARM_UP, shares, per_day)
        self._life.parking.extend(sorted(self._statuses.keys() - ESSENTIAL))
        for department_id in self._departments:
            self._life.bring_history(department_id, random.randint(*CLOSED_LONG_AGO))

    def advance(self, to: datetime) -> None:
        """Let the desk live until `to`, aware; an earlier moment changes nothing."""
        self._now = max(self._now, to)

    @property
    def arrived(self) -> int:
        """How many tickets were ever opened, those of removed departments among them."""
        return self._lived().arrived

    @property
    def department_ids(self) -> frozenset[int]:
        """The ids of the departments."""
        return frozenset(self._departments)

    def state(self) -> DeskState:
        """Count the tickets as they are now."""
        life = self._lived()
        tickets = {
            (department_id, status.title): 0
            for department_id in self._departments
            for status in self._statuses.values()
        }
        flagged = dict.fromkeys(self._departments, 0)
        for ticket in life.tickets.values():
            tickets[ticket.department_id, self._statuses[ticket.status_id].title] += 1
            flagged[ticket.department_id] += ticket.flagged
        for department_id, count in life.closed.items():
            tickets[department_id, self._statuses[CLOSED].title] = count
        return DeskState(
            at=self._now,
            departments=dict(self._departments),
            statuses=tuple(self._statuses.values()),
            tickets=tickets,
            flagged_by_department=flagged,
        )

    def open_tickets(self) -> tuple[OpenTicket, ...]:
        """List the tickets that are not closed, oldest first."""
        return tuple(
            OpenTicket(
                id=ticket.id,
                department_id=ticket.department_id,
                status=self._statuses[ticket.status_id].title,
                opened=datetime.fromtimestamp(ticket.opened, UTC),
                last_reply=datetime.fromtimestamp(ticket.last_reply, UTC),
                flagged=ticket.flagged,
            )
            for ticket in self._lived().tickets.values()
        )

    def add_status(self, title: str, *, active: bool = True, awaiting: bool = False) -> None:
        """Add a status; from now on staff parks tickets in it, too.

        Raises:
            ValueError: There is one of that title.
        """
        self._refuse_taken(title)
        status_id = max(self._statuses) + 1
        self._lived().parking.append(status_id)
        self._statuses[status_id] = Status(title=title, active=active, awaiting=awaiting)

    def rename_status(self, title: str, new_title: str) -> None:
        """Rename a status; its tickets stay in it.

        Raises:
            ValueError: There is no such status, or already one of the new title.
        """
        status_id = self._status_id(title)
        self._refuse_taken(new_title)
        self._statuses[status_id] = replace(self._statuses[status_id], title=new_title)

    def remove_status(self, title: str) -> None:
        """Remove a status and close its tickets.

        Raises:
            ValueError: There is no such status, or a ticket's way leads through it.
        """
        status_id = self._status_id(title)
        if status_id in ESSENTIAL:
            message = f"the desk cannot work without {title!r}"
            raise ValueError(message)
        self._lived().remove_status(status_id)
        del self._statuses[status_id]

    def add_department(self, name: str) -> int:
        """Add a department, in which tickets arrive from now on.

        Returns:
            Its id, which no department had before.
        """
        self._last_department_id += 1
        self._lived().add_department(self._last_department_id)
        self._departments[self._last_department_id] = name
        return self._last_department_id

    def rename_department(self, department_id: int, name: str) -> None:
        """Rename a department.

        Raises:
            ValueError: There is no such department.
        """
        self._refuse_missing(department_id)
        self._departments[department_id] = name

    def remove_department(self, department_id: int) -> None:
        """Remove a department with all its tickets.

        Raises:
            ValueError: There is no such department, or it is the last one.
        """
        self._refuse_missing(department_id)
        if len(self._departments) == 1:
            message = "the last department cannot be removed"
            raise ValueError(message)
        self._lived().remove_department(department_id)
        del self._departments[department_id]

    def _lived(self) -> Life:
        """Make up for the time since the last look, before anything is read or changed."""
        self._life.advance(self._now.timestamp())
        return self._life

    def _status_id(self, title: str) -> int:
        for status_id, status in self._statuses.items():
            if status.title == title:
                return status_id
        message = f"no status {title!r}"
        raise ValueError(message)

    def _refuse_taken(self, title: str) -> None:
        if any(status.title == title for status in self._statuses.values()):
            message = f"a status {title!r} is there already"
            raise ValueError(message)

    def _refuse_missing(self, department_id: int) -> None:
        if department_id not in self._departments:
            message = f"no department {department_id}"
            raise ValueError(message)


def _refuse_unfit(
    start: datetime, departments: int | Sequence[str], tickets_per_day: float | None
) -> None:
    if start.tzinfo is None:
        message = "a desk starts at an aware moment"
        raise ValueError(message)
    if not departments or (isinstance(departments, int) and departments < 0):
        message = "a desk needs a department"
        raise ValueError(message)
    if tickets_per_day is not None and tickets_per_day <= 0:
        message = "a desk needs tickets"
        raise ValueError(message)

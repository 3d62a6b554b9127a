"""How tickets come, are answered, answered back, parked and closed: one event after another."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import TypeAlias

from exporter.simulator.rhythm import CUSTOMERS, DAY, STAFF, Rhythm

# The statuses by number, in the order of names.STANDARD_STATUSES; those that a desk adds follow.
OPEN, ANSWERED, CUSTOMER_REPLY, ON_HOLD, IN_PROGRESS, CLOSED = range(6)
# A ticket's way leads through these; staff parks tickets in the others.
ESSENTIAL = frozenset({OPEN, ANSWERED, CUSTOMER_REPLY, CLOSED})

# Means, in weighted hours of the rhythm.
FIRST_LOOK = 1.5
NEXT_LOOK = 2.5
PARKED = 14.0
CUSTOMER_ANSWERS = 6.0
# WHMCS closes an answered ticket when nobody answers back; seconds.
INACTIVE = 2 * DAY

# Chances at the moment when staff takes a ticket up, or has answered it.
CLOSES_AT_ONCE = 0.14
PARKS = 0.2
FLAGS = 0.08
CUSTOMER_COMES_BACK = 0.45


@dataclass(slots=True)
class Ticket:
    """A ticket that is not closed; moments are seconds since the epoch."""

    id: int
    department_id: int
    opened: float
    last_reply: float
    status_id: int = OPEN
    flagged: bool = False


_Step: TypeAlias = Callable[[Ticket], None]


class Life:
    """The tickets of a desk and what happens to them next.

    Chance is drawn only when an event happens, so it does not matter in how many steps time passes.

    Attributes:
        shares: Weights of the departments in what arrives, by id.
        parking: Statuses, by number, in which staff parks tickets.
        tickets: Those that are not closed, by id, oldest first.
        closed: How many are closed, by department id.
        arrived: How many were ever opened.
    """

    def __init__(
        self, random: Random, begin: float, shares: Mapping[int, float], per_day: float
    ) -> None:
        """Begin without any ticket, at `begin`, in seconds since the epoch."""
        self._random = random
        self._per_hour = per_day * 7 / CUSTOMERS.week
        self._moment = begin
        self.shares = dict(shares)
        self.parking: list[int] = []
        self.tickets: dict[int, Ticket] = {}
        self.closed = dict.fromkeys(shares, 0)
        self.arrived = 0
        # By moment and ticket; no step stands for the arrival of the next one.
        self._queue: list[tuple[float, int, _Step | None]] = []
        self._expect_arrival()

    def advance(self, until: float) -> None:
        """Let everything happen that happens up to `until`, in seconds since the epoch."""
        while self._queue[0][0] <= until:
            self._moment, ticket_id, step = heappop(self._queue)
            if step is None:
                self._arrive()
            elif ticket := self.tickets.get(ticket_id):
                step(ticket)

    def bring_history(self, department_id: int, closed: int) -> None:
        """Count tickets that came and were closed long ago."""
        self.closed[department_id] += closed
        self.arrived += closed

    def add_department(self, department_id: int) -> None:
        """Let tickets arrive in one more department."""
        self.shares[department_id] = 1.0
        self.closed[department_id] = 0

    def remove_department(self, department_id: int) -> None:
        """Forget a department with all its tickets."""
        del self.shares[department_id], self.closed[department_id]
        self.tickets = {
            key: each for key, each in self.tickets.items() if each.department_id != department_id
        }

    def remove_status(self, status_id: int) -> None:
        """Close the tickets that are parked in a status, and park none there any more."""
        self.parking.remove(status_id)
        for ticket in [each for each in self.tickets.values() if each.status_id == status_id]:
            self._close(ticket)

    def _expect_arrival(self) -> None:
        gap = self._random.expovariate(self._per_hour)
        heappush(self._queue, (CUSTOMERS.after(self._moment, gap), 0, None))

    def _expect(self, ticket: Ticket, rhythm: Rhythm, mean: float, step: _Step) -> None:
        when = rhythm.after(self._moment, self._random.expovariate(1 / mean))
        heappush(self._queue, (when, ticket.id, step))

    def _arrive(self) -> None:
        self.arrived += 1
        (department_id,) = self._random.choices([*self.shares], [*self.shares.values()])
        ticket = Ticket(self.arrived, department_id, self._moment, self._moment)
        self.tickets[ticket.id] = ticket
        self._expect(ticket, STAFF, FIRST_LOOK, self._take_up)
        self._expect_arrival()

    def _take_up(self, ticket: Ticket) -> None:
        ticket.flagged = self._random.random() < FLAGS
        chance = self._random.random()
        if chance < CLOSES_AT_ONCE:
            self._close(ticket)
        elif chance < CLOSES_AT_ONCE + PARKS and self.parking:
            ticket.status_id = self._random.choice(self.parking)
            self._expect(ticket, STAFF, PARKED, self._take_up)
        else:
            self._answer(ticket)

    def _answer(self, ticket: Ticket) -> None:
        ticket.status_id = ANSWERED
        ticket.last_reply = self._moment
        if self._random.random() < CUSTOMER_COMES_BACK:
            self._expect(ticket, CUSTOMERS, CUSTOMER_ANSWERS, self._answer_back)
        else:
            heappush(self._queue, (self._moment + INACTIVE, ticket.id, self._close))

    def _answer_back(self, ticket: Ticket) -> None:
        ticket.status_id = CUSTOMER_REPLY
        ticket.last_reply = self._moment
        self._expect(ticket, STAFF, NEXT_LOOK, self._take_up)

    def _close(self, ticket: Ticket) -> None:
        del self.tickets[ticket.id]
        self.closed[ticket.department_id] += 1

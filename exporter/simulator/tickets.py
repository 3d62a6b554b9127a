"""Which tickets WHMCS lists when it is asked for them one by one, and in which order."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from hashlib import sha256
from typing import Literal, TypeAlias

from exporter.simulator.state import DeskState, OpenTicket

Order: TypeAlias = Literal["newest", "oldest", "odd"]

_DEFAULT_NUMBER = 25
# Python refuses to read numbers of more than 4,300 digits.
_LONGEST_NUMBER = 18
_KEYS: Mapping[Order, Callable[[OpenTicket], tuple[object, ...]]] = {
    "newest": lambda ticket: (-ticket.last_reply.timestamp(), ticket.id),
    "oldest": lambda ticket: (ticket.last_reply, ticket.id),
    "odd": lambda ticket: (sha256(str(ticket.id).encode()).digest(),),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How a site lists tickets.

    Attributes:
        timezone: Of the dates, which do not tell it.
        order: By the last reply, or one that looks like none.
        most: How many an answer holds, whatever is asked for; None: any number.
    """

    timezone: tzinfo = UTC
    order: Order = "newest"
    most: int | None = None

    def date(self, moment: datetime) -> str:
        """Write a moment as MySQL does, in the site's own time."""
        return moment.astimezone(self.timezone).strftime("%Y-%m-%d %H:%M:%S")

    def ordered(self, tickets: Iterable[OpenTicket]) -> list[OpenTicket]:
        """Put tickets into the site's order."""
        return sorted(tickets, key=_KEYS[self.order])

    def page(self, form: Mapping[str, str]) -> slice:
        """Tell which part of the list is asked for: `limitnum` tickets from `limitstart` on."""
        start = _whole(form, "limitstart", 0)
        number = _whole(form, "limitnum", _DEFAULT_NUMBER)
        return slice(start, start + (number if self.most is None else min(number, self.most)))


def chosen(
    tickets: Iterable[OpenTicket], state: DeskState, form: Mapping[str, str]
) -> Sequence[OpenTicket]:
    """Choose tickets of the state's departments by the fields `deptid` and `status`.

    Closed tickets are only counted here, so none is ever among them.
    """
    department = form.get("deptid", "")
    titles = _titles(form.get("status", ""), state)
    flagged = form.get("status") == "My Flagged Tickets"
    return [
        ticket
        for ticket in tickets
        if ticket.department_id in state.departments
        and department in {"", str(ticket.department_id)}
        and ticket.status in titles
        and (ticket.flagged or not flagged)
    ]


def _titles(status: str, state: DeskState) -> set[str]:
    """Read the field `status`: a title, or one of the words for several."""
    match status:
        case "Awaiting Reply":
            return {each.title for each in state.statuses if each.awaiting}
        case "All Active Tickets":
            return {each.title for each in state.statuses if each.active}
        case "" | "My Flagged Tickets":
            return {each.title for each in state.statuses}
    return {status}


def _whole(form: Mapping[str, str], field: str, default: int) -> int:
    text = form.get(field, "")[:_LONGEST_NUMBER]
    return int(text) if text.isascii() and text.isdecimal() else default

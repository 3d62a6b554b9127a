"""What WHMCS answers about a desk: each action's fields, in the shapes that hosts give them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Flag, auto
from html import escape
from typing import TypeAlias

from exporter.simulator.state import DeskState, OpenTicket
from exporter.simulator.tickets import Listing, chosen

Fields: TypeAlias = dict[str, object]

SCOPED_SINCE = (9, 0)


class Shape(Flag):
    """How a host's PHP and a site's habits shape an answer; any mixture is possible.

    Plain is the sample in WHMCS's documentation: numbers, lists, decoded names, status an object.
    """

    PLAIN = 0
    STRING_NUMBERS = auto()
    OBJECT_LISTS = auto()
    ENCODED_NAMES = auto()
    STATUS_LIST = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One call of an action that is allowed.

    Attributes:
        state: Everything that the desk holds.
        tickets: Lists its tickets, which costs too much to be done for every question.
        listing: How they are listed.
        form: The request's fields.
        departments: Ids that the caller is assigned to; None: all.
        version: WHMCS's, as major and minor.
        shape: Of the answer.
    """

    state: DeskState
    tickets: Callable[[], Iterable[OpenTicket]]
    listing: Listing
    form: Mapping[str, str]
    departments: frozenset[int] | None
    version: tuple[int, int]
    shape: Shape

    def ticked(self, name: str) -> bool:
        """Read a boolean field as PHP does: "false" is true."""
        return self.form.get(name, "") not in {"", "0"}

    def assigned(self, ignore: str) -> DeskState:
        """Show the caller's departments, or all when the field `ignore` is ticked."""
        if self.departments is None or self.ticked(ignore):
            return self.state
        return self.state.within(self.departments)

    def number(self, value: int) -> int | str:
        """Write a number."""
        return str(value) if Shape.STRING_NUMBERS in self.shape else value

    def name(self, value: str) -> str:
        """Write the name of something."""
        return escape(value) if Shape.ENCODED_NAMES in self.shape else value

    def rows(self, values: Iterable[object]) -> object:
        """Write a list; PHP's empty array is `[]` whatever its keys would have been."""
        rows = list(values)
        if Shape.OBJECT_LISTS in self.shape and rows:
            return {str(index): row for index, row in enumerate(rows)}
        return rows


def get_ticket_counts(question: Question) -> Fields:
    """Answer GetTicketCounts; before WHMCS 9.0 it counted everything for everybody."""
    scoped = question.version >= SCOPED_SINCE
    state = question.assigned("ignoreDepartmentAssignments") if scoped else question.state
    number = question.number
    fields: Fields = {
        "filteredDepartments": question.rows(map(number, state.departments)),
        "allActive": number(state.active),
        "awaitingReply": number(state.awaiting),
        "flaggedTickets": number(state.flagged),
    }
    if question.ticked("includeCountsByStatus"):
        fields["status"] = _by_status(question, state)
    return fields


def get_support_departments(question: Question) -> Fields:
    """Answer GetSupportDepartments."""
    state = question.assigned("ignore_dept_assignments")
    awaiting, active = state.awaiting_by_department, state.active_by_department
    rows = [
        {
            "id": question.number(department_id),
            "name": question.name(name),
            "awaitingreply": question.number(awaiting[department_id]),
            "opentickets": question.number(active[department_id]),
        }
        for department_id, name in state.departments.items()
    ]
    return {
        "totalresults": question.number(len(rows)),
        "departments": {"department": question.rows(rows)},
    }


def get_support_statuses(question: Question) -> Fields:
    """Answer GetSupportStatuses: of the department `deptid`, or of all."""
    state = question.state
    if question.ticked("deptid"):
        wanted = question.form["deptid"]
        state = state.within([each for each in state.departments if str(each) == wanted])
    counts = state.by_status
    rows = [
        {
            "title": question.name(status.title),
            "count": question.number(counts[status.title]),
            "color": status.color,
        }
        for status in state.statuses
    ]
    return {
        "totalresults": question.number(len(rows)),
        "statuses": {"status": question.rows(rows)},
    }


def get_tickets(question: Question) -> Fields:
    """Answer GetTickets: a page of them, with the names that real ones would have."""
    listing, form = question.listing, question.form
    state = question.assigned("ignore_dept_assignments")
    tickets = listing.ordered(chosen(question.tickets(), state, form))
    part = listing.page(form)
    rows = [_ticket(question, ticket) for ticket in tickets[part]]
    return {
        "totalresults": question.number(len(tickets)),
        "startnumber": question.number(part.start),
        "numreturned": question.number(len(rows)),
        "tickets": {"ticket": question.rows(rows)},
    }


def _ticket(question: Question, ticket: OpenTicket) -> Fields:
    number, date = question.number, question.listing.date
    return {
        "id": number(ticket.id),
        "tid": f"SIM-{ticket.id:06}",
        "deptid": number(ticket.department_id),
        "userid": number(ticket.id),
        # What an exporter must never show is easily found.
        "name": f"Simulated Customer {ticket.id}",
        "email": f"customer-{ticket.id}@simulated.invalid",
        "subject": f"Simulated Subject {ticket.id}",
        "date": date(ticket.opened),
        "lastreply": date(ticket.last_reply),
        "status": question.name(ticket.status),
        "flag": number(int(ticket.flagged)),
    }


def whmcs_details(question: Question) -> Fields:
    """Answer WhmcsDetails: a release of the version that is simulated."""
    version = "{}.{}.0".format(*question.version)
    return {"whmcs": {"version": version, "canonicalversion": f"{version}-release.1"}}


ACTIONS: Mapping[str, Callable[[Question], Fields]] = {
    "GetTicketCounts": get_ticket_counts,
    "GetSupportDepartments": get_support_departments,
    "GetSupportStatuses": get_support_statuses,
    "GetTickets": get_tickets,
    "WhmcsDetails": whmcs_details,
}


def known_action(asked: str) -> str:
    """Spell an action as WHMCS's documentation does; an unknown one stays as it was asked."""
    spellings = {action.lower(): action for action in ACTIONS}
    return spellings.get(asked.lower(), asked)


def _by_status(question: Question, state: DeskState) -> object:
    rows: dict[str, object] = {}
    for index, (title, count) in enumerate(state.by_status.items()):
        key = title.lower().replace(" ", "").replace("-", "")
        if key in rows:
            key += str(index)
        rows[key] = {"title": question.name(title), "count": question.number(count)}
    return question.rows(rows.values()) if Shape.STATUS_LIST in question.shape else rows

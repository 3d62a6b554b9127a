"""Documents to values: pure, and refusing whatever the action does not promise.

Tolerant only where PHP is known to vary: a number may be a string of ASCII digits, a list may be
an object (any keys but 0..n), an empty list may be missing or ``[]``. Error texts name the place
by the field's name and the row's number; nothing that WHMCS sent is repeated.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from exporter.whmcs.entities import unescape
from exporter.whmcs.errors import SchemaMismatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exporter.whmcs.document import JSON

# Above it a float, which every sample is, no longer holds each whole number.
_LARGEST_COUNT = 2**53
_DIGITS = re.compile("(?=[0-9])0*+([0-9]{0,16})", re.ASCII)
# `fromisoformat` takes other shapes, and from Python 3.13 on an hour 24.
_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2} (?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}", re.ASCII)
_VERSION = re.compile("[0-9][0-9A-Za-z.-]{0,31}", re.ASCII)


@dataclass(frozen=True, slots=True)
class StatusCount:
    """How many tickets have a status; ``title`` is decoded from HTML, and may be empty."""

    title: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCounts:
    """An answer of GetTicketCounts: numbers of tickets.

    ``active`` and ``awaiting_reply`` overlap with each other and with ``statuses``.
    ``department_ids`` are those that the counts cover; None when WHMCS did not say.
    """

    active: int
    awaiting_reply: int
    flagged: int
    statuses: tuple[StatusCount, ...]
    department_ids: tuple[int, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportDepartment:
    """A row of GetSupportDepartments, with its numbers of tickets."""

    id: int
    name: str
    awaiting_reply: int
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A row of GetTickets; of all that WHMCS tells about a ticket nothing else is kept.

    ``number`` tells it from others, ``last_reply`` is naive: in the WHMCS server's own time zone.
    """

    number: str
    department_id: int
    last_reply: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPage:
    """An answer of GetTickets: some of ``total`` tickets."""

    total: int
    tickets: tuple[Ticket, ...]


def ticket_counts(document: Mapping[str, JSON]) -> TicketCounts:
    """Decode GetTicketCounts, asked with ``includeCountsByStatus``.

    Raises:
        SchemaMismatch: A number is missing or unfit, or ``status`` is no list of statuses.
    """
    return TicketCounts(
        active=_count(document, "allActive"),
        awaiting_reply=_count(document, "awaitingReply"),
        flagged=_count(document, "flaggedTickets"),
        statuses=_statuses(document, "status"),
        department_ids=_department_ids(document),
    )


def department_ticket_counts(document: Mapping[str, JSON]) -> tuple[int, TicketCounts]:
    """Decode GetTicketCounts, asked with a credential of one department: its id and counts.

    Raises:
        SchemaMismatch: As ``ticket_counts``, or the counts cover no or several departments.
    """
    counts = ticket_counts(document)
    if counts.department_ids is None or len(counts.department_ids) != 1:
        raise SchemaMismatch("`filteredDepartments` is not exactly one id")
    return counts.department_ids[0], counts


def support_departments(document: Mapping[str, JSON]) -> tuple[SupportDepartment, ...]:
    """Decode GetSupportDepartments: ``departments.department[]``.

    Raises:
        SchemaMismatch: A row lacks its id, its name or a number, or two rows have one id, or
            there is none although ``totalresults`` says otherwise.
    """
    departments = tuple(
        SupportDepartment(
            id=_count(row, "id", place),
            name=_text(row, "name", place),
            awaiting_reply=_count(row, "awaitingreply", place),
            open=_count(row, "opentickets", place),
        )
        for place, row in _whole_list(document, "departments", "department")
    )
    if len({department.id for department in departments}) < len(departments):
        raise SchemaMismatch("`departments` has an id twice")
    return departments


def support_statuses(document: Mapping[str, JSON]) -> tuple[StatusCount, ...]:
    """Decode GetSupportStatuses, asked with ``deptid``: ``statuses.status[]``.

    Raises:
        SchemaMismatch: A row lacks its title or its number, or there is none although
            ``totalresults`` says otherwise.
    """
    return tuple(
        _status_count(place, row) for place, row in _whole_list(document, "statuses", "status")
    )


def tickets(document: Mapping[str, JSON]) -> TicketPage:
    """Decode GetTickets: ``tickets.ticket[]``.

    A ticket without a real date is refused, and the page with it: it may be the one that waits
    longest, and ages without it would look better than they are.

    Raises:
        SchemaMismatch: The total is missing, or a row lacks its number, department or date.
    """
    return TicketPage(
        total=_count(document, "totalresults"),
        tickets=tuple(
            Ticket(
                number=_identity(row, "tid", place),
                department_id=_count(row, "deptid", place),
                last_reply=_date(row, "lastreply", place),
            )
            for place, row in _nested_rows(document, "tickets", "ticket")
        ),
    )


def version(document: Mapping[str, JSON]) -> str:
    """Decode WhmcsDetails: WHMCS's version, such as ``9.0.0``.

    Raises:
        SchemaMismatch: There is none, or it does not look like one.
    """
    details = document.get("whmcs")
    found = details.get("version") if isinstance(details, dict) else None
    if not isinstance(found, str) or not _VERSION.fullmatch(found):
        raise SchemaMismatch("`whmcs.version` is missing or no version")
    return found


def _statuses(document: Mapping[str, JSON], field: str) -> tuple[StatusCount, ...]:
    return tuple(_status_count(place, row) for place, row in _rows(document, field))


def _status_count(place: str, row: Mapping[str, JSON]) -> StatusCount:
    return StatusCount(title=_text(row, "title", place), count=_count(row, "count", place))


def _department_ids(document: Mapping[str, JSON]) -> tuple[int, ...] | None:
    field = "filteredDepartments"
    if field not in document:
        return None
    return tuple(_as_count(value, field) for value in _values(document[field], field))


def _whole_list(
    document: Mapping[str, JSON], outer: str, inner: str
) -> tuple[tuple[str, Mapping[str, JSON]], ...]:
    """Return the rows of a list that comes in one answer; none only where it speaks of none."""
    rows = tuple(_nested_rows(document, outer, inner))
    # An empty list's key may be missing; an answer without either was to another question.
    if outer not in document and "totalresults" not in document:
        raise SchemaMismatch(f"`{outer}` and `totalresults` are missing")
    if not rows and "totalresults" in document and _count(document, "totalresults"):
        raise SchemaMismatch(f"`{outer}` is empty, but `totalresults` is not 0")
    return rows


def _nested_rows(
    document: Mapping[str, JSON], outer: str, inner: str
) -> Iterator[tuple[str, Mapping[str, JSON]]]:
    holder = document.get(outer, [])
    if isinstance(holder, dict):
        yield from _rows(holder, inner)
    elif holder != []:
        raise SchemaMismatch(f"`{outer}` is neither an object nor an empty list")


def _rows(parent: Mapping[str, JSON], field: str) -> Iterator[tuple[str, Mapping[str, JSON]]]:
    for number, row in enumerate(_values(parent.get(field, []), field), start=1):
        if not isinstance(row, dict):
            raise SchemaMismatch(f"`{field}`, row {number}: no object")
        yield f"`{field}`, row {number}: ", row


def _values(value: JSON, field: str) -> list[JSON]:
    """Return the members of a PHP array, which JSON shows as a list or as an object."""
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list):
        return value
    raise SchemaMismatch(f"`{field}` is neither a list nor an object")


def _text(row: Mapping[str, JSON], field: str, place: str) -> str:
    """Return a name as staff see it: WHMCS may store names HTML-encoded, once."""
    value = row.get(field)
    # PHP's JSON_NUMERIC_CHECK makes a number of a title such as "24".
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise SchemaMismatch(f"{place}`{field}` is missing or no text")
    return unescape(str(value))


def _identity(row: Mapping[str, JSON], field: str, place: str) -> str:
    text = _text(row, field, place)
    if not text:
        raise SchemaMismatch(f"{place}`{field}` is empty")
    return text


def _date(row: Mapping[str, JSON], field: str, place: str) -> datetime:
    """Return a date and time of MySQL's; its ``0000-00-00 00:00:00`` is none."""
    value = row.get(field)
    if isinstance(value, str) and _DATE.fullmatch(value):
        with suppress(ValueError):
            return datetime.fromisoformat(value)
    raise SchemaMismatch(f"{place}`{field}` is no date and time")


def _count(row: Mapping[str, JSON], field: str, place: str = "") -> int:
    if field not in row:
        raise SchemaMismatch(f"{place}`{field}` is missing")
    return _as_count(row[field], field, place)


def _as_count(value: JSON, field: str, place: str = "") -> int:
    """Return a whole number from 0 to 2**53: a JSON number, or a string of ASCII digits."""
    if isinstance(value, str) and (match := _DIGITS.fullmatch(value)):
        value = int(match[1] or 0)
    if isinstance(value, int | float | Decimal) and _is_count(value):
        return int(value)
    raise SchemaMismatch(f"{place}`{field}` is no whole number from 0 to 2^53")


def _is_count(value: float | Decimal) -> bool:
    # True and False are ints in Python; 3.0 is a whole number in JSON.
    return not isinstance(value, bool) and 0 <= value <= _LARGEST_COUNT and value == int(value)

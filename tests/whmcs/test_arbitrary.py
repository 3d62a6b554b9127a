"""Whatever JSON an answer holds, each action makes a value of it or an error of ours."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.whmcs import actions
from exporter.whmcs.actions import Action
from exporter.whmcs.answer import Answer, judge
from exporter.whmcs.decode import StatusCount, SupportDepartment, Ticket, TicketCounts, TicketPage
from exporter.whmcs.document import JSON
from exporter.whmcs.errors import REASONS, ApiError
from tests.whmcs.arbitrary import DIGITS, TEXTS, documents

ACTIONS = [
    actions.GET_TICKET_COUNTS,
    actions.GET_DEPARTMENT_TICKET_COUNTS,
    actions.GET_SUPPORT_DEPARTMENTS,
    actions.GET_SUPPORT_STATUSES,
    actions.GET_TICKETS,
    actions.GET_DETAILS,
]
COUNTS = DIGITS | st.integers(-1, 2**53 + 1) | st.sampled_from([3.0, 1.5, True, None])
DATES = st.datetimes().map(lambda moment: moment.isoformat(" ", "seconds")) | TEXTS
ROWS = st.fixed_dictionaries(
    {"title": TEXTS, "name": TEXTS, "tid": TEXTS, "lastreply": DATES},
    optional=dict.fromkeys(("id", "count", "awaitingreply", "opentickets", "deptid"), COUNTS),
)
LISTS = st.lists(ROWS, max_size=3) | st.dictionaries(TEXTS, ROWS, max_size=3) | documents()
# Documents that are almost right, so that decoders get far.
ANSWERS = st.fixed_dictionaries(
    {"result": st.sampled_from(["success", "Success", "error"])},
    optional={
        "message": TEXTS,
        "allActive": COUNTS,
        "awaitingReply": COUNTS,
        "flaggedTickets": COUNTS,
        "status": LISTS,
        "filteredDepartments": st.lists(COUNTS, max_size=2) | documents(),
        "departments": st.fixed_dictionaries({}, optional={"department": LISTS}) | documents(),
        "totalresults": COUNTS,
        "tickets": st.fixed_dictionaries({}, optional={"ticket": LISTS}) | documents(),
        "whmcs": st.fixed_dictionaries({}, optional={"version": TEXTS}) | documents(),
        "statuses": st.fixed_dictionaries({}, optional={"status": LISTS}) | documents(),
    },
)


@dataclass(frozen=True)
class Seen:
    """The numbers and texts of a decoded answer."""

    numbers: list[int]
    texts: list[str]


def seen(value: Any) -> Seen:  # noqa: ANN401 - each action has a type of its own
    """Return what a decoded answer holds; refuse types that no decoder promises."""
    match value:
        case int():
            return Seen([value], [])
        case str():
            return Seen([], [value])
    parts = [seen(part) for part in parts_of(value)]
    return Seen(
        [number for part in parts for number in part.numbers],
        [text for part in parts for text in part.texts],
    )


def parts_of(value: Any) -> Iterable[Any]:  # noqa: ANN401 - the same
    """Return what a value consists of; nothing, or a date of unknown zone, has no parts."""
    match value:
        case None | datetime(tzinfo=None):
            return ()
        case tuple():
            return value
        case StatusCount() | SupportDepartment() | TicketCounts() | Ticket() | TicketPage():
            return [getattr(value, field.name) for field in fields(value)]
    raise AssertionError(type(value))


def check(action: Action[Any], status: int, document: JSON) -> None:
    """Judge and decode; the outcome is an `ApiError`, or numbers and texts that are fit."""
    try:
        decoded = action.decode(judge(Answer(status, json.dumps(document).encode())))
    except ApiError as error:
        assert error.reason in REASONS  # noqa: PT017 - either outcome is right
        assert str(error).isprintable()  # noqa: PT017 - the same
    else:
        found = seen(decoded)
        assert all(type(number) is int and 0 <= number <= 2**53 for number in found.numbers)
        assert all(type(text) is str for text in found.texts)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.decode.__name__)
@settings(deadline=None)
@given(document=ANSWERS)
def test_almost_right(action: Action[Any], document: JSON) -> None:
    """Documents with the right names and any values are decoded or refused."""
    check(action, 200, document)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.decode.__name__)
@settings(deadline=None)
@given(status=st.integers(100, 599), document=documents())
def test_anything(action: Action[Any], status: int, document: JSON) -> None:
    """Any document under any status is decoded or refused."""
    check(action, status, document)


@settings(deadline=None)
@given(st.integers(0, 999), st.binary(), st.none() | st.text(), st.none() | st.text())
def test_any_bytes(status: int, body: bytes, retry_after: str | None, location: str | None) -> None:
    """Any bytes under any status are a document or an error of ours."""
    try:
        document = judge(Answer(status, body, retry_after, location), ("secret",))
    except ApiError as error:
        assert str(error).isprintable()  # noqa: PT017 - either outcome is right
    else:
        assert "result" in document

"""Good documents of each action, in every shape that PHP gives them."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.whmcs.decode import (
    StatusCount,
    SupportDepartment,
    Ticket,
    TicketCounts,
    TicketPage,
    department_ticket_counts,
    support_departments,
    support_statuses,
    ticket_counts,
    tickets,
    version,
)
from exporter.whmcs.document import parse
from exporter.whmcs.errors import SchemaMismatch

if TYPE_CHECKING:
    from exporter.whmcs.document import JSON

NUMBERS: dict[str, "JSON"] = {"allActive": 123, "awaitingReply": 100, "flaggedTickets": 15}
OPEN: dict[str, "JSON"] = {"title": "Open", "count": 60}
CLOSED: dict[str, "JSON"] = {"title": "Closed", "count": "4220"}
BILLING: dict[str, "JSON"] = {
    "id": "1",
    "name": "Billing &amp; Abuse",
    "awaitingreply": "2",
    "opentickets": "5",
}
# Of what WHMCS tells about a ticket; names, addresses and subject are somebody's own.
TICKET: dict[str, "JSON"] = {
    "id": "12",
    "tid": "ABC-123456",
    "deptid": "3",
    "name": "Jane Doe",
    "email": "jane.doe@example.com",
    "subject": "My password is secret",
    "date": "2026-03-01 08:00:00",
    "lastreply": "2026-03-02 09:05:07",
    "status": "Open",
}
DECODED = Ticket(number="ABC-123456", department_id=3, last_reply=datetime(2026, 3, 2, 9, 5, 7))  # noqa: DTZ001 - no zone is known


def counts(**fields: "JSON") -> TicketCounts:
    """Decode an answer of GetTicketCounts that has the three numbers and these fields."""
    return ticket_counts(NUMBERS | fields)


def test_ticket_counts() -> None:
    """All of WHMCS's own example is decoded."""
    expected = TicketCounts(
        active=123,
        awaiting_reply=100,
        flagged=15,
        statuses=(StatusCount("Open", 60), StatusCount("Closed", 4220)),
        department_ids=(1, 2, 3),
    )
    found = counts(status={"open": OPEN, "closed": CLOSED}, filteredDepartments=[1, 2, 3])
    assert expected == found


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0),
        ("0", 0),
        (7, 7),
        ("7", 7),
        ("007", 7),
        (3.0, 3),
        (-0.0, 0),
        (1e3, 1000),
        (2**53, 2**53),
        (float(2**53), 2**53),
        (Decimal("7.000"), 7),
        (Decimal("-0.0"), 0),
        (Decimal("9.007199254740992e15"), 2**53),
        (str(2**53), 2**53),
        ("0" * 5_000 + "8", 8),
    ],
)
@pytest.mark.parametrize("field", NUMBERS)
def test_numbers(field: str, value: "JSON", expected: int) -> None:
    """A number is a whole one up to 2**53, as an integer, a float or a string of digits."""
    found = counts(**{field: value})
    numbers = {
        "allActive": found.active,
        "awaitingReply": found.awaiting_reply,
        "flaggedTickets": found.flagged,
    }
    assert NUMBERS | {field: expected} == numbers
    assert isinstance(numbers[field], int)


@pytest.mark.parametrize(
    "status",
    [
        {"open": OPEN, "closed": CLOSED},
        [OPEN, CLOSED],
        {"1": OPEN, "3": CLOSED},
        {"": OPEN, "x": CLOSED},
    ],
)
def test_statuses(status: "JSON") -> None:
    """The statuses are the members of an object or a list; their keys mean nothing."""
    assert (StatusCount("Open", 60), StatusCount("Closed", 4220)) == counts(status=status).statuses


@pytest.mark.parametrize("fields", [{}, {"status": []}, {"status": {}}])
def test_no_statuses(fields: dict[str, "JSON"]) -> None:
    """A list that is missing or PHP's `[]` is an empty one."""
    assert () == counts(**fields).statuses


def test_equal_titles_stay_two() -> None:
    """Two statuses of one title are both kept: adding them up is not decoding."""
    assert (StatusCount("Open", 60),) * 2 == counts(status=[OPEN, OPEN]).statuses


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Customer-Reply", "Customer-Reply"),
        ("", ""),
        (" On  Hold\n", " On  Hold\n"),
        ("Q &amp; A", "Q & A"),
        ("&amp;lt;", "&lt;"),
        ("&#039;&quot;&eacute;", "'\"é"),
        ("R&D", "R&D"),
        ("&#0;&#000065;&#x110000;", "&#0;A&#x110000;"),
        ("AT&copy", "AT&copy"),
        (f"&#{'9' * 5000};&#{'0' * 5000}65;", f"&#{'9' * 5000};A"),
        ("\ud800 \U0001f39f", "\ud800 \U0001f39f"),
        (24, "24"),
        (-1, "-1"),
        (0, "0"),
    ],
)
def test_titles(title: "JSON", expected: str) -> None:
    """Titles and names are decoded from HTML once, and are otherwise kept as they are."""
    row: dict[str, JSON] = {"title": title, "count": 1}
    assert (StatusCount(expected, 1),) == counts(status=[row]).statuses
    assert (StatusCount(expected, 1),) == support_statuses({"statuses": {"status": [row]}})
    found = support_departments({"departments": {"department": [BILLING | {"name": title}]}})
    assert [expected] == [department.name for department in found]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"filteredDepartments": []}, ()),
        ({"filteredDepartments": {}}, ()),
        ({"filteredDepartments": ["1", 2, 3.0]}, (1, 2, 3)),
        ({"filteredDepartments": {"1": 4, "7": "5"}}, (4, 5)),
    ],
)
def test_department_ids(fields: dict[str, "JSON"], expected: tuple[int, ...] | None) -> None:
    """The departments covered are known, none, or not told."""
    assert expected == counts(**fields).department_ids


def test_department_ticket_counts() -> None:
    """An answer that covers one department is that department's."""
    fields: dict[str, JSON] = {"filteredDepartments": {"2": "7"}, "status": [OPEN]}
    found = department_ticket_counts(NUMBERS | fields)
    assert (7, counts(**fields)) == found


@pytest.mark.parametrize(
    "rows",
    [
        [BILLING, BILLING | {"id": 2}],
        {"1": BILLING, "5": BILLING | {"id": 2.0}},
    ],
)
def test_support_departments(rows: "JSON") -> None:
    """Departments are rows with an id, a name and two numbers; two may have one name."""
    expected = tuple(
        SupportDepartment(id=number, name="Billing & Abuse", awaiting_reply=2, open=5)
        for number in (1, 2)
    )
    assert expected == support_departments({"departments": {"department": rows}})


def test_support_statuses() -> None:
    """Statuses are rows with a title and a number; their colour is not asked for."""
    rows: list[JSON] = [OPEN | {"color": "#779500"}, CLOSED]
    expected = (StatusCount("Open", 60), StatusCount("Closed", 4220))
    assert expected == support_statuses({"statuses": {"status": rows}})


@pytest.mark.parametrize("holder", [[], {}])
@pytest.mark.parametrize("total", [0, "0", 0.0])
def test_empty_holders(holder: "JSON", total: "JSON") -> None:
    """A site without departments, or a department without statuses, has empty lists."""
    assert () == support_departments({"departments": holder})
    assert () == support_departments({"departments": holder, "totalresults": total})
    assert () == support_statuses({"statuses": holder})


@pytest.mark.parametrize("inner", [[], {}])
def test_empty_rows(inner: "JSON") -> None:
    """An empty inner list is as good as none."""
    assert () == support_departments({"departments": {"department": inner}})
    assert () == support_statuses({"statuses": {"status": inner}})


def test_missing_holders() -> None:
    """An empty list's key may be missing where there is a total."""
    assert () == support_departments({"totalresults": 0})
    assert () == support_statuses({"totalresults": "0"})


@pytest.mark.parametrize("rows", [[TICKET, TICKET], {"0": TICKET, "4": TICKET}])
def test_tickets(rows: "JSON") -> None:
    """Of a ticket only its number, its department and its last reply are kept, row by row."""
    document: dict[str, JSON] = {"totalresults": "812", "tickets": {"ticket": rows}}
    assert TicketPage(total=812, tickets=(DECODED, DECODED)) == tickets(document)


def test_a_ticket_shows_nothing_personal() -> None:
    """What is not decoded can be printed nowhere."""
    found = repr(tickets({"totalresults": 1, "tickets": {"ticket": [TICKET]}}))
    for field in ("name", "email", "subject"):
        assert str(TICKET[field]) not in found


@pytest.mark.parametrize(
    ("tid", "expected"), [(123456, "123456"), ("0012", "0012"), ("A&amp;B", "A&B")]
)
def test_ticket_numbers(tid: "JSON", expected: str) -> None:
    """A ticket's number is a text, or what PHP made of one."""
    (found,) = tickets({"totalresults": 1, "tickets": {"ticket": [TICKET | {"tid": tid}]}}).tickets
    assert expected == found.number


@pytest.mark.parametrize("fields", [{}, {"tickets": []}, {"tickets": {"ticket": []}}])
def test_no_tickets(fields: dict[str, "JSON"]) -> None:
    """When nobody waits there is a total, and perhaps nothing else."""
    assert TicketPage(total=0, tickets=()) == tickets({"totalresults": 0, **fields})


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-29 23:59:59",
        "1970-01-01 00:00:00",
        "0001-01-01 00:00:00",
        "9999-12-31 23:59:59",
        "2026-03-29 02:30:00",
    ],
)
def test_dates(text: str) -> None:
    """Any date of the calendar is one; whether a time zone had that hour is not decoding."""
    row: JSON = TICKET | {"lastreply": text}
    (found,) = tickets({"totalresults": 1, "tickets": {"ticket": [row]}}).tickets
    assert text == str(found.last_reply)
    assert None is found.last_reply.tzinfo


@pytest.mark.parametrize("text", ["8.0.0", "9.0.1-release.1", "7.10.3-rc.2", "9"])
def test_version(text: str) -> None:
    """WhmcsDetails tells the version."""
    assert text == version({"whmcs": {"version": text, "canonicalversion": "x"}})


@given(
    st.from_regex(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)
)
def test_numbers_are_exact(text: str) -> None:
    """A number of JSON is taken for what it says, however it is written, or refused."""
    exact = Fraction(text)
    document = parse(f'{{"totalresults": {text}}}'.encode())
    assert isinstance(document, dict)
    if exact.denominator == 1 and 0 <= exact <= 2**53:
        assert int(exact) == tickets(document).total
    else:
        with pytest.raises(SchemaMismatch):
            tickets(document)

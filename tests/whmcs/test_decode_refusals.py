"""The exact message of each mistake in a document; it never repeats what WHMCS sent."""

import math
from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest

from exporter.whmcs import decode
from exporter.whmcs.document import JSON
from exporter.whmcs.errors import SchemaMismatch
from tests.whmcs.test_decode import BILLING, NUMBERS, OPEN, TICKET

SENT = "Sent47"
NEITHER = "is neither a list nor an object"
HOLDER = "is neither an object nor an empty list"
UNFIT = "is no whole number from 0 to 2^53"
NO_DATE = "is no date and time"


def message(decoder: Callable[[Mapping[str, JSON]], object], document: dict[str, JSON]) -> str:
    """Decode a document that is refused."""
    with pytest.raises(SchemaMismatch) as caught:
        decoder(document)
    assert SENT not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        -1,
        1.5,
        2**53 + 1,
        float(2**53 + 2),
        10**19,
        Decimal("1e-400000"),
        Decimal("0.99999999999999999999"),
        Decimal("9007199254740992.4"),
        Decimal("1e400000"),
        Decimal("-0.1"),
        math.inf,
        -math.inf,
        math.nan,
        True,
        False,
        None,
        "",
        " 7",
        "7\n",
        "+7",
        "-0",
        "3.0",
        "1e3",
        "0x10",
        "1_000",
        "1,000",
        "١٢",
        "²",
        "NaN",
        "9" * 17,
        str(2**53 + 1),
        "9" * 5_000,
        [],
        [7],
        {},
        SENT,
    ],
)
def test_unfit_numbers(value: JSON) -> None:
    """What is no whole number from 0 to 2**53 is refused wherever a number stands."""
    rows: list[JSON] = [OPEN, OPEN | {"count": value}]
    ids: list[JSON] = [1, value]
    for field in NUMBERS:
        assert f"`{field}` {UNFIT}" == message(decode.ticket_counts, NUMBERS | {field: value})
    assert f"`status`, row 2: `count` {UNFIT}" == message(
        decode.ticket_counts, NUMBERS | {"status": rows}
    )
    assert f"`status`, row 2: `count` {UNFIT}" == message(
        decode.support_statuses, {"statuses": {"status": rows}}
    )
    assert f"`filteredDepartments` {UNFIT}" == message(
        decode.ticket_counts, NUMBERS | {"filteredDepartments": ids}
    )
    for field in ("id", "awaitingreply", "opentickets"):
        assert f"`department`, row 1: `{field}` {UNFIT}" == message(
            decode.support_departments, {"departments": {"department": [BILLING | {field: value}]}}
        )


@pytest.mark.parametrize("field", NUMBERS)
def test_missing_numbers(field: str) -> None:
    """Each of GetTicketCounts's three numbers must be there."""
    document = {name: value for name, value in NUMBERS.items() if name != field}
    assert f"`{field}` is missing" == message(decode.ticket_counts, document)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"status": None}, f"`status` {NEITHER}"),
        ({"status": SENT}, f"`status` {NEITHER}"),
        ({"status": ""}, f"`status` {NEITHER}"),
        ({"status": 0}, f"`status` {NEITHER}"),
        ({"status": False}, f"`status` {NEITHER}"),
        ({"status": [SENT]}, "`status`, row 1: no object"),
        ({"status": {SENT: 5}}, "`status`, row 1: no object"),
        ({"status": OPEN}, "`status`, row 1: no object"),
        ({"status": [OPEN, [OPEN]]}, "`status`, row 2: no object"),
        ({"status": [{}]}, "`status`, row 1: `title` is missing or no text"),
        ({"status": [{"count": 1}]}, "`status`, row 1: `title` is missing or no text"),
        ({"status": [{"title": SENT}]}, "`status`, row 1: `count` is missing"),
        ({"filteredDepartments": None}, f"`filteredDepartments` {NEITHER}"),
        ({"filteredDepartments": SENT}, f"`filteredDepartments` {NEITHER}"),
        ({"filteredDepartments": 1}, f"`filteredDepartments` {NEITHER}"),
    ],
)
def test_ticket_counts(fields: dict[str, JSON], expected: str) -> None:
    """GetTicketCounts is refused when its lists are none, or their rows lack something."""
    assert expected == message(decode.ticket_counts, NUMBERS | fields)


@pytest.mark.parametrize("title", [None, True, 1.5, math.inf, [], {}])
def test_titles(title: JSON) -> None:
    """A title is a text, or the whole number that PHP made of one."""
    row: JSON = {"title": title, "count": 1}
    expected = "`status`, row 1: `title` is missing or no text"
    assert expected == message(decode.support_statuses, {"statuses": {"status": [row]}})


@pytest.mark.parametrize(
    "fields", [{}, {"filteredDepartments": []}, {"filteredDepartments": [1, 2]}]
)
def test_department_ticket_counts(fields: dict[str, JSON]) -> None:
    """Counts of no, several or unknown departments are not one department's."""
    expected = "`filteredDepartments` is not exactly one id"
    assert expected == message(decode.department_ticket_counts, NUMBERS | fields)


@pytest.mark.parametrize(
    ("departments", "expected"),
    [
        (None, f"`departments` {HOLDER}"),
        (SENT, f"`departments` {HOLDER}"),
        ("", f"`departments` {HOLDER}"),
        (0, f"`departments` {HOLDER}"),
        ([BILLING], f"`departments` {HOLDER}"),
        ({"department": None}, f"`department` {NEITHER}"),
        ({"department": BILLING}, "`department`, row 1: no object"),
        ({"department": [BILLING, SENT]}, "`department`, row 2: no object"),
        ({"department": [{"name": SENT}]}, "`department`, row 1: `id` is missing"),
        ({"department": [{"id": 1}]}, "`department`, row 1: `name` is missing or no text"),
        (
            {"department": [{"id": 1, "name": SENT}]},
            "`department`, row 1: `awaitingreply` is missing",
        ),
        (
            {"department": [{"id": 1, "name": SENT, "awaitingreply": 1}]},
            "`department`, row 1: `opentickets` is missing",
        ),
        ({"department": [BILLING, BILLING | {"id": 1.0}]}, "`departments` has an id twice"),
    ],
)
def test_support_departments(departments: JSON, expected: str) -> None:
    """GetSupportDepartments is refused when a row lacks something, or an id stands twice."""
    assert expected == message(decode.support_departments, {"departments": departments})


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        (1, "`{}` is empty, but `totalresults` is not 0"),
        ("9", "`{}` is empty, but `totalresults` is not 0"),
        ("many", f"`totalresults` {UNFIT}"),
    ],
)
@pytest.mark.parametrize(
    ("decoder", "outer", "inner"),
    [
        (decode.support_departments, "departments", "department"),
        (decode.support_statuses, "statuses", "status"),
    ],
)
def test_lists_that_are_missing(
    decoder: Callable[[Mapping[str, JSON]], object],
    outer: str,
    inner: str,
    total: JSON,
    expected: str,
) -> None:
    """A list that comes whole is not empty where the answer counts something."""
    holders: tuple[dict[str, JSON], ...] = ({}, {outer: []}, {outer: {}}, {outer: {inner: []}})
    for holder in holders:
        assert expected.format(outer) == message(decoder, {"totalresults": total, **holder})


@pytest.mark.parametrize(
    ("decoder", "outer"),
    [(decode.support_departments, "departments"), (decode.support_statuses, "statuses")],
)
@pytest.mark.parametrize("document", [{}, {"allActive": 7, "status": []}])
def test_answers_that_speak_of_no_list(
    decoder: Callable[[Mapping[str, JSON]], object], outer: str, document: dict[str, JSON]
) -> None:
    """A success with nothing in it, or with another action's, is no desk without departments."""
    assert f"`{outer}` and `totalresults` are missing" == message(decoder, document)


@pytest.mark.parametrize(
    ("tickets", "expected"),
    [
        (None, f"`tickets` {HOLDER}"),
        (SENT, f"`tickets` {HOLDER}"),
        ([TICKET], f"`tickets` {HOLDER}"),
        ({"ticket": SENT}, f"`ticket` {NEITHER}"),
        ({"ticket": [TICKET, SENT]}, "`ticket`, row 2: no object"),
        ({"ticket": [{}]}, "`ticket`, row 1: `tid` is missing or no text"),
        ({"ticket": [TICKET | {"tid": 1.5}]}, "`ticket`, row 1: `tid` is missing or no text"),
        ({"ticket": [TICKET | {"tid": ""}]}, "`ticket`, row 1: `tid` is empty"),
        ({"ticket": [TICKET, {"tid": SENT}]}, "`ticket`, row 2: `deptid` is missing"),
        ({"ticket": [TICKET | {"deptid": SENT}]}, f"`ticket`, row 1: `deptid` {UNFIT}"),
        ({"ticket": [{"tid": SENT, "deptid": 1}]}, f"`ticket`, row 1: `lastreply` {NO_DATE}"),
    ],
)
def test_tickets(tickets: JSON, expected: str) -> None:
    """GetTickets is refused when a row lacks something; nothing of the row is repeated."""
    assert expected == message(decode.tickets, {"totalresults": 2, "tickets": tickets})


def test_missing_total() -> None:
    """Without a total nobody knows where the pages end."""
    assert "`totalresults` is missing" == message(decode.tickets, {"tickets": {"ticket": []}})


@pytest.mark.parametrize(
    "value",
    [
        "0000-00-00 00:00:00",
        "-0001-11-30 00:00:00",
        "2026-02-29 12:00:00",
        "2026-13-01 12:00:00",
        "2026-12-01 24:00:00",
        "2026-12-01 23:60:00",
        "2026-12-01 23:59:60",
        "2026-12-01",
        "2026-12-01T12:00:00",
        "2026-12-01 12:00:00\n",
        "2026-12-01 12:00:00+01:00",
        "٢٠٢٦-12-01 12:00:00",
        "yesterday",
        "",
        SENT,
        None,
        True,
        1_772_000_000,
        [],
        {},
    ],
)
def test_dates(value: JSON) -> None:
    """What is no date of the calendar, MySQL's zero above all, is refused."""
    row = TICKET | {"lastreply": value}
    document: dict[str, JSON] = {"totalresults": 2, "tickets": {"ticket": [TICKET, row]}}
    assert f"`ticket`, row 2: `lastreply` {NO_DATE}" == message(decode.tickets, document)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (None, f"`statuses` {HOLDER}"),
        ([OPEN], f"`statuses` {HOLDER}"),
        ({"status": SENT}, f"`status` {NEITHER}"),
        ({"status": [SENT]}, "`status`, row 1: no object"),
        ({"status": [{"title": SENT}]}, "`status`, row 1: `count` is missing"),
    ],
)
def test_support_statuses(statuses: JSON, expected: str) -> None:
    """GetSupportStatuses is refused when a row lacks something."""
    assert expected == message(decode.support_statuses, {"statuses": statuses})


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"whmcs": None},
        {"whmcs": ["9.0.0"]},
        {"whmcs": {}},
        {"whmcs": {"version": 9}},
        {"whmcs": {"version": ""}},
        {"whmcs": {"version": f"9.0 {SENT}"}},
        {"whmcs": {"version": f"{SENT}.0"}},
        {"whmcs": {"version": "9" * 33}},
    ],
)
def test_version(document: dict[str, JSON]) -> None:
    """What does not look like a version is none: it is printed as it is."""
    assert "`whmcs.version` is missing or no version" == message(decode.version, document)

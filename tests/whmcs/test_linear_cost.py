"""The CPU time of reading a response grows no faster than its size, whatever a server sends."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from exporter.whmcs import actions
from exporter.whmcs.answer import Answer, judge
from exporter.whmcs.document import MAX_CONTAINERS
from exporter.whmcs.errors import ApiError
from exporter.whmcs.redaction import quote
from tests.cpu import assert_linear

if TYPE_CHECKING:
    from collections.abc import Callable

    from exporter.whmcs.actions import Action

SECRETS = ("identifier-abcdefgh", "secret&0123456789", "xxxxxxxxxxxxxxxx")
COUNTS = b'"allActive": 1, "awaitingReply": 0, "flaggedTickets": 0'
TITLE = b'{"result": "success", %b, "status": [{"count": 1, "title": "' % COUNTS
ERROR = b'{"result": "error", "message": "'
MANY = b"[" * (MAX_CONTAINERS + 1)

# What stands before, between and behind the part that is repeated.
BODIES: dict[str, tuple[bytes, bytes, bytes]] = {
    "escapes in a text without end": (MANY + b'"', b'\\"', b""),
    "escapes in a text": (MANY + b'"', b'\\"', b'"'),
    "backslashes": (MANY, b"\\", b'"'),
    "texts": (MANY, b'"', b""),
    "texts of a bracket": (b"", b'"["', b""),
    "escaped letters": (b'{"result": "success", "name": "', b"\\u0026", b'"}'),
    "brackets": (b"", b"[", b""),
    "closed brackets": (b"[" * 1000, b"]", b""),
    "objects": (b"", b'{"a":', b""),
    "integers": (b'{"result": "success", "a": [', b"1,", b"0]}"),
    "fractions": (b'{"result": "success", "a": [', b"1.5,", b"0]}"),
    "exponents": (b'{"result": "success", "a": [', b"1e999999,", b"0]}"),
    "exponents beyond reading": (
        b'{"result": "success", "a": [',
        b"1e99999999999999999999,",
        b"0]}",
    ),
    "an integer": (b'{"result": "success", "allActive": ', b"9", b"}"),
    "a fraction": (b'{"result": "success", "allActive": 1.', b"0", b"1}"),
    "zeros": (b'{"result": "success", "allActive": "', b"0", b'x"}'),
    "digits": (b'{"result": "success", "allActive": "', b"9", b'"}'),
    "equal keys": (b'{"result": "success"', b', "a": 1', b"}"),
    "ids": (b'{"result": "success", %b, "filteredDepartments": [' % COUNTS, b"1,", b"1]}"),
    "rows": (TITLE + b'"}', b',{"count": 1, "title": "&amp;x"}', b"]}"),
    "rows with a secret": (
        TITLE + b'"}',
        b',{"count": 1, "title": "secret&amp;0123456789"}',
        b"]}",
    ),
    "named references": (TITLE, b"&amp;", b'"}]}'),
    "references of HTML 5": (TITLE, b"&CounterClockwiseContourIntegral;", b'"}]}'),
    "unended references": (TITLE, b"&#123456789", b'"}]}'),
    "ampersands": (TITLE, b"&", b'"}]}'),
    "ampersands and signs": (TITLE, b"&#", b'"}]}'),
    "a number of digits": (TITLE + b"&#", b"1", b';"}]}'),
    "a number of zeros": (TITLE + b"&#", b"0", b'"}]}'),
    "a number of hexadecimal digits": (TITLE + b"&#x", b"f", b';"}]}'),
    "a name of letters": (TITLE + b"&", b"a", b';"}]}'),
    "a message of references": (ERROR, b"&amp;", b'"}'),
    "a message of spaces": (ERROR, b" ", b'"}'),
    "a message of addresses": (ERROR, b"ip ", b'"}'),
    "a message of percent signs": (ERROR, b"%25", b'"}'),
    "a message of base64": (ERROR, b"QUJDREVG", b'"}'),
    "a message of a secret": (ERROR, b"x", b'"}'),
    "white space": (b"", b" ", b"x"),
    "white space before a message": (b"", b"\n", b"result=error;message="),
    "an unfinished object": (b"{", b"\n", b""),
    "titles": (b"", b"<title>", b""),
    "unclosed titles": (b"", b"<title ", b""),
    "a title without end": (b"<title>", b"a", b""),
    "a page of addresses": (b"", b"ip ", b""),
    "a page of bans": (b"", b"address banne ", b""),
    "forbidden": (b"", b"forbidden ", b""),
    "forbidden spaces": (b"forbidden", b" ", b""),
    "a result": (b"result=", b"a", b""),
    "semicolons": (b"result=error", b";", b""),
    "messages": (b"result=error", b";message", b""),
    "no UTF-8": (b'{"a": "', b"\xff", b'"}'),
    "no text": (b"", b"\xff", b""),
}
ACTIONS: tuple[Action[Any], ...] = (
    actions.GET_TICKET_COUNTS,
    actions.GET_SUPPORT_DEPARTMENTS,
    actions.GET_SUPPORT_STATUSES,
    actions.GET_TICKETS,
    actions.GET_DETAILS,
)


def read(answer: Answer) -> None:
    """Judge and decode a response as every action."""
    with suppress(ApiError):
        document = judge(answer, SECRETS)
        for action in ACTIONS:
            with suppress(ApiError):
                action.decode(document)


def body(name: str) -> Callable[[int], Answer]:
    """Return a maker of a response of about so many bytes."""
    before, unit, after = BODIES[name]
    return lambda size: Answer(200, before + unit * (size // len(unit)) + after)


@pytest.mark.parametrize("name", BODIES)
def test_bodies(name: str) -> None:
    """A body costs CPU time in proportion to its size."""
    assert_linear(body(name), read)


def test_different_keys() -> None:
    """An object of many keys costs no more than its size."""

    def keys(size: int) -> Answer:
        pairs = (f'"{number}": 1' for number in range(size // 10))
        return Answer(200, f'{{"result": "success", {", ".join(pairs)}}}'.encode())

    assert_linear(keys, read)


def test_departments_and_tickets() -> None:
    """So do rows, which are told apart by their ids."""

    def rows(size: int) -> Answer:
        row = '{"id": %d, "name": "&lt;%d", "awaitingreply": 1, "opentickets": 1}'
        listed = ",".join(row % (number, number) for number in range(size // 64))
        return Answer(
            200, f'{{"result": "success", "departments": {{"department": [{listed}]}}}}'.encode()
        )

    assert_linear(rows, read)


@pytest.mark.parametrize(
    "unit", ["%25", "%", "&amp;", "&#", "QUJDREVG", "\\", "\\u0041", "%C3", "x", "?", "3c", " "]
)
@pytest.mark.parametrize("status", [302, 429])
def test_headers(unit: str, status: int) -> None:
    """A redirect's target and the time to wait are read in time that grows with their length."""

    def headers(size: int) -> Answer:
        text = unit * (size // len(unit))
        return Answer(status, b"", retry_after=text, location=text)

    assert_linear(headers, read)


@pytest.mark.parametrize("template", ["Mon, {} 2026 00:00:00 GMT", "{}", "Mon{}", "({}", "1{}"])
@pytest.mark.parametrize("unit", ["(", ")", ",", " ", ":", "-", "+", "9", '"', "\\", "Jan "])
def test_dates(template: str, unit: str) -> None:
    """So is a date that is none."""
    assert_linear(lambda size: Answer(429, b"", template.format(unit * (size // len(unit)))), read)


def test_many_secrets() -> None:
    """A message is searched for a thousand secrets as quickly, for each, as for a few."""
    assert_linear(
        lambda count: [f"secret-{number:032}" for number in range(count)],
        lambda secrets: quote("Invalid or missing credentials", secrets),
        300,
    )

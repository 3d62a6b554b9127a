"""JSON that is not what the actions promise, and the shapes that PHP makes of what they do."""

from __future__ import annotations

import json
from typing import Any

from tests.faults.fault import Fault, Says, body, document, ok
from tests.faults.truth import COUNTS, DEPARTMENTS, STATUSES

TWO_TO_53 = 2**53


def _counts(name: str, says: Says, reason: str | None = "schema", **keys: Any) -> Fault:  # noqa: ANN401 - any other attribute
    return Fault(
        name=name, reason=reason, says=says, sources=("ticket_counts",), actions=(COUNTS,), **keys
    )


def _departments(name: str, action: str, says: Says, reason: str | None = "schema") -> Fault:
    return Fault(name=name, reason=reason, says=says, sources=("departments",), actions=(action,))


def _number(name: str, literal: str, reason: str | None = "schema") -> Fault:
    """Return a fault whose ``allActive`` is a literal of JSON; {n} stands for the right number."""

    def change(good: bytes) -> bytes:
        right = json.loads(good)["allActive"]
        written = literal.replace("{n}", str(right)).encode()
        return good.replace(b'"allActive": %d' % right, b'"allActive": ' + written)

    return _counts(f"a count that is {name}", body(change), reason)


def _row(**fields: object) -> dict[str, object]:
    return {"title": "Odd", "count": 7, **fields}


def _status(name: str, value: object, shows: dict[str, float] | None = None) -> Fault:
    reason = "schema" if shows is None else None
    return _counts(f"`status` {name}", document(status=value), reason, shows=shows)


def _rows(name: str, *rows: object, shows: dict[str, float] | None = None) -> Fault:
    return _status(f"with {name}", {str(place): row for place, row in enumerate(rows, 5)}, shows)


DOCUMENTS = (
    *(
        Fault(name=f"the JSON {text}", reason="schema", says=ok(text.encode()))
        for text in ("null", "7", "[]", "{}", '[{"result": "success"}]')
    ),
    Fault(name="no `result`", reason="schema", says=document(result=...)),
    Fault(name="a `result` that is null", reason="api_error", says=document(result=None)),
    Fault(name="a `result` that is true", reason="api_error", says=document(result=True)),
    Fault(name="`result` in capitals", reason=None, says=document(result="SUCCESS")),
    Fault(
        name="one key twice",
        reason="schema",
        says=body(lambda good: good.replace(b"{", b'{"note": 1, "note": 2, ', 1)),
    ),
    Fault(
        name="one key twice, deep inside",
        reason="schema",
        says=body(lambda good: good.replace(b"{", b'{"x": [{"a": 1, "a": 2}], ', 1)),
    ),
)
NUMBERS = (
    _number("NaN", "NaN", "not_json"),
    _number("infinite", "Infinity", "not_json"),
    _number("beyond any float", "1e999"),
    _number("negative", "-1"),
    _number("a fraction", "1.5"),
    _number("a fraction that no float holds", "6.9999999999999999999"),
    _number("all but nothing", "1e-400000"),
    _number("an exponent of twenty digits", "1e99999999999999999999"),
    _number("one above 2^53", str(TWO_TO_53 + 1)),
    _number("10^30", str(10**30)),
    _number("5,000 digits long", "9" * 5_000),
    _number("true", "true"),
    _number("null", "null"),
    _number("a list", "[1]"),
    _number("an object", '{"count": 1}'),
    *(
        _number(f"the text {text!a}", json.dumps(text))
        for text in ("", "NaN", "-1", "1e3", "1_000", " 5", "0x10")
    ),
    *(_number(f"the text {text!a}", json.dumps(text)) for text in ("١٢", "²")),
    _number("a text of digits", '"{n}"', None),
    _number("a text of digits with zeros in front", '"000{n}"', None),
    _number("a whole number with a point", "{n}.0", None),
    *(
        _counts(f"no `{field}`", document(**{field: ...}))
        for field in ("allActive", "awaitingReply", "flaggedTickets")
    ),
)
STATUS = (
    _status("is null", None),
    _status("is a number", 7),
    _status("is a text", "Open"),
    _status("is a list of numbers", [1, 2]),
    _status("is an object of numbers", {"open": 60, "answered": 23}),
    _rows("a row without a count", {"title": "Open"}),
    _rows("a row without a title", {"count": 7}),
    _rows("a count that is null", _row(count=None)),
    _rows("a negative count", _row(), _row(count=-3)),
    _status("is missing", ..., {}),
    _status("is an empty list", [], {}),
    _status("is a list", [_row()], {"Odd": 7}),
    _rows("an empty title", _row(title=""), shows={"(untitled)": 7}),
    _rows("a title that is a number", _row(title=24), shows={"24": 7}),
    _rows("a title in HTML", _row(title="A &amp;amp; B"), shows={"A &amp; B": 7}),
    _rows("a title of script", _row(title="<script>"), shows={"<script>": 7}),
    _rows("quotes and lines in a title", _row(title='"a"\\\nb'), shows={'"a"\\\nb': 7}),
    _rows("a lone surrogate in a title", _row(title="a\ud800"), shows={"a�": 7}),
    _rows("control characters in a title", _row(title="a\x00\x1bb"), shows={"a��b": 7}),
    _rows("an emoji in a title", _row(title="🌍"), shows={"🌍": 7}),
    _rows("a title of 10,000 letters", _row(title="x" * 10_000), shows={"x" * 256: 7}),
    _counts(
        "`status` with one title twice",
        document(status={"open": _row(), "opened": _row(count=5)}),
        None,
        shows={"Odd": 12},
        noted=True,
    ),
    _counts(
        "`status` with 1,000 rows",
        document(status=[_row(title=f"status {number}") for number in range(1_000)]),
        None,
        withheld=True,
        noted=True,
    ),
)
VISIBLE = (
    _counts("`filteredDepartments` is a text", document(filteredDepartments="1,2")),
    _counts("`filteredDepartments` is null", document(filteredDepartments=None)),
    _counts("`filteredDepartments` of nulls", document(filteredDepartments=[None, None])),
    _counts("`filteredDepartments` as texts", document(filteredDepartments=["1", "2"]), None),
    _counts(
        "`filteredDepartments` is an object", document(filteredDepartments={"1": 1, "4": 2}), None
    ),
)
_DEPARTMENT = {"id": 1, "name": "Odd", "awaitingreply": 7, "opentickets": 7}
DEPARTMENT_ROWS = (
    *(
        _departments(
            f"a department without `{field}`",
            DEPARTMENTS,
            document(departments={"department": [{**_DEPARTMENT, field: None}]}),
        )
        for field in _DEPARTMENT
    ),
    _departments(
        "two departments of one id",
        DEPARTMENTS,
        document(departments={"department": [_DEPARTMENT, _DEPARTMENT]}),
    ),
    _departments("`departments` is a text", DEPARTMENTS, document(departments="none")),
    _departments("`department` is null", DEPARTMENTS, document(departments={"department": None})),
    _departments(
        "`department` is an object",
        DEPARTMENTS,
        lambda exchange: ok(
            json.dumps(
                {
                    "result": "success",
                    "departments": {
                        "department": {
                            str(place): row
                            for place, row in enumerate(
                                exchange.document["departments"]["department"], 3
                            )
                        }
                    },
                }
            ).encode()
        ),
        None,
    ),
    _departments(
        "no department, but a total of two",
        DEPARTMENTS,
        document(departments=..., totalresults=2),
    ),
    _departments(
        "a department without statuses, but with a total",
        STATUSES,
        document(statuses=[], totalresults="2"),
    ),
    _departments("a department's statuses are null", STATUSES, document(statuses={"status": None})),
    _departments(
        "a department's status without a count",
        STATUSES,
        document(statuses={"status": [{"title": "Odd"}]}),
    ),
)
FAULTS = (*DOCUMENTS, *NUMBERS, *STATUS, *VISIBLE, *DEPARTMENT_ROWS)

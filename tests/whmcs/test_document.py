"""JSON as strictly as it is meant: a value, or one of two errors."""

import json
import math
from decimal import Decimal
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.whmcs.document import JSON, MAX_CONTAINERS, has_equal_keys, parse
from exporter.whmcs.errors import ApiError, NotJSON, TooLarge
from tests.whmcs.arbitrary import documents

BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": [1, 2.5, "x", true, null]}', {"a": [1, 2.5, "x", True, None]}),
        (BOM + b"{}", {}),
        (BOM + b" \t\r\n{}\r\n\t ", {}),
        ('"ü \U0001f39f"'.encode(), "ü \U0001f39f"),
        (rb'"\ud83c\udf9f"', "\U0001f39f"),
        (rb'"\ud800"', "\ud800"),
        (b"-0", 0),
        (b"1e400", Decimal("1e400")),
        (b"-2.50", -2.5),
        (b"6.9999999999999999999", Decimal("6.9999999999999999999")),
        (b"9" * 20, 10**20 - 1),
        (b"9" * 21, Decimal("9" * 21)),
        (b"9" * 5_000, Decimal("9" * 5_000)),
        (b"[" * 64 + b"]" * 64, json.loads("[" * 64 + "]" * 64)),
        (b"[" + b"{}," * 100 + b"{}]", [{}] * 101),
    ],
    ids=lambda value: str(value)[:20],
)
def test_read(body: bytes, expected: JSON) -> None:
    """One document in UTF-8 is read, whatever its blanks, its mark and its numbers."""
    assert expected == parse(body)


@pytest.mark.parametrize("body", [b"1e99999999999999999999", b"-1E-99999999999999999999"])
def test_exponents_beyond_reading(body: bytes) -> None:
    """An exponent of twenty digits is JSON, and no number."""
    assert math.isnan(cast("float", parse(body)))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        BOM,
        b"NaN",
        b'{"a": NaN}',
        b"Infinity",
        b"[-Infinity]",
        BOM + BOM + b"{}",
        b" " + BOM + b"{}",
        b"{}" + BOM,
        b"Warning: x in y.php on line 3\n{}",
        b"<br />{}",
        b"{} bye",
        b"{}{}",
        b"{}\x00",
        b"\x0c{}",
        b"\xc2\xa0{}",
        b"{",
        b"{'a': 1}",
        b'{"a": 1,}',
        b"[01]",
        b"[1_000]",
        b"[+1]",
        b"[.5]",
        b"[0x10]",
        "[١٢]".encode(),
        b'"a\nb"',
        b'"\xff"',
        b'"\xed\xa0\xbc\xed\xbe\x9f"',
        b'"\xc0\xaf"',
        "{}".encode("utf-16"),
        "{}".encode("utf-16-le"),
        "{}".encode("utf-32"),
        b"[" * 70,
    ],
    ids=lambda body: repr(body)[2:22],
)
def test_refused(body: bytes) -> None:
    """What is not one JSON document in UTF-8 is refused, and nothing of it is told."""
    with pytest.raises(NotJSON) as caught:
        parse(body)
    assert "the answer is not one JSON document in UTF-8" == str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 65 + b"]" * 65,
        b'{"a":' * 65 + b"0" + b"}" * 65,
        b'[0, {"a": ' + b"[" * 63 + b"]" * 63 + b"}]",
        b"[" * 50_000 + b"]" * 50_000,
        b"[" * 50_000,
    ],
    ids=lambda body: repr(body)[2:12] + str(len(body)),
)
def test_too_deep(body: bytes) -> None:
    """Nesting beyond 64 levels is too much, and never exhausts the stack."""
    with pytest.raises(TooLarge) as caught:
        parse(body)
    assert "the answer is nested deeper than 64 levels" == str(caught.value)


def many(containers: int) -> bytes:
    """Return a list of lists and objects: so many containers in all."""
    return b"[" + b",".join([b"[]"] * (containers - 2)) + b",{}]"


def test_as_many_containers_as_are_read() -> None:
    """A document has room for more rows than any help desk has."""
    assert MAX_CONTAINERS - 1 == len(cast("list[JSON]", parse(many(MAX_CONTAINERS))))


@pytest.mark.parametrize("text", ["[{" * 40_000, '"[\\' * 70_000, "\\" * 70_000 + "["])
def test_brackets_in_texts(text: str) -> None:
    """What people write is no list, however many brackets they write."""
    document: JSON = {"subject": text, "b": ["[", "\\", '"[', {}]}
    assert document == parse(json.dumps(document).encode())


def test_too_many_containers_between_texts() -> None:
    """Texts hide none of those that are there, nor does one without an end."""
    for body in (b'["\\"", ' + many(MAX_CONTAINERS) + b', "["]', many(MAX_CONTAINERS + 1) + b'"['):
        with pytest.raises(TooLarge):
            parse(body)


def test_too_many_containers() -> None:
    """One more is too much: a megabyte of nothing but brackets would fill fifty."""
    with pytest.raises(TooLarge) as caught:
        parse(many(MAX_CONTAINERS + 1))
    assert "the answer has more than 65536 lists and objects" == str(caught.value)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": 1, "b": 1}', False),
        (b'[{"a": 1}, {"a": 1}]', False),
        (b'{"a": {"a": 1}}', False),
        (b'"a"', False),
        (b'{"a": 1, "a": 1}', True),
        (rb'{"a": 1, "\u0061": 2}', True),
        (b'{"x": [[{"y": {"a": 1, "b": 2, "a": {}}}]]}', True),
        (b"[" * 63 + b'{"a": 1, "a": 1}' + b"]" * 63, True),
    ],
    ids=lambda value: str(value)[-30:],
)
def test_equal_keys(body: bytes, *, expected: bool) -> None:
    """Equal keys of one object are noticed, at any depth."""
    assert expected is has_equal_keys(parse(body))


@settings(deadline=None)
@given(st.binary())
def test_arbitrary_bytes(body: bytes) -> None:
    """Bytes are a value or an error of ours."""
    try:
        parse(body)
    except ApiError as error:
        assert isinstance(error, NotJSON | TooLarge)  # noqa: PT017 - either outcome is right


@settings(deadline=None)
@given(documents())
def test_round_trip(document: JSON) -> None:
    """Whatever JSON can say comes out as it went in, numbers to the last digit."""
    text = json.dumps(document)
    assert json.loads(text, parse_float=Decimal) == parse(text.encode())

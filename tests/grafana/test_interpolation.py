"""The imitation of Grafana's variables, held against the examples of its documentation."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.grafana.interpolation import All, Choice, interpolate
from tests.history.prometheus import Span
from tests.history.scenes import END

SPAN = Span(begin=END - timedelta(hours=6), end=END, step=timedelta(seconds=24))
HALF_MINUTE = timedelta(seconds=30)


@pytest.mark.parametrize(
    ("choice", "filled"),
    [
        ("test.", r"test\."),
        (("test.",), r"test\."),
        (("test.", "test2"), r"(test\.|test2)"),
        ('A+B (C) "D"', r'A\+B \(C\) "D"'),
        ("a/b\\c", r"a\/b\\c"),
        (All(".+"), ".+"),
    ],
)
def test_regular_expressions_are_escaped_as_in_grafana(choice: Choice, filled: str) -> None:
    """Values are escaped, several are alternatives, and All's own expression stays as it is."""
    assert filled == interpolate("${site:regex}", {"site": choice}, SPAN, HALF_MINUTE)


def test_raw_text_is_left_alone() -> None:
    """The field of the statuses left out is an expression already."""
    assert "a|b" == interpolate("${without:raw}", {"without": "a|b"}, SPAN, HALF_MINUTE)


@pytest.mark.parametrize(
    ("name", "filled"), [("__range", "21600s"), ("__interval", "24s"), ("__rate_interval", "120s")]
)
def test_intervals_are_those_of_grafana(name: str, filled: str) -> None:
    """The rate's interval spans four scrapes at least."""
    assert f"[{filled}]" == interpolate(f"[${name}]", {}, SPAN, HALF_MINUTE)

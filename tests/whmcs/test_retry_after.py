"""`Retry-After` (RFC 9110, 10.2.3) is read as seconds or as a date; anything else is ignored."""

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.whmcs.answer import Answer, _seconds, judge
from exporter.whmcs.errors import RateLimited

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
# What dates are made of.
TOKENS = [
    "Wed",
    ", ",
    " ",
    "-",
    "+",
    ":",
    "GMT",
    "Mar",
    "04",
    "1",
    "2026",
    "12:00:00",
    "+9999",
    "(",
    "\udc80",
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 120 ", 120.0),
        ("9" * 9, 999_999_999.0),
        ("9" * 10, math.inf),
        ("9" * 30, math.inf),
        ("9" * 5_000, math.inf),
        ("Wed, 04 Mar 2026 12:02:00 GMT", 120.0),
        ("Wednesday, 04-Mar-26 12:02:00 GMT", 120.0),
        ("Wed Mar  4 12:02:00 2026", 120.0),
        ("Wed, 04 Mar 2026 13:02:00 +0100", 120.0),
        ("Wed, 04 Mar 2026 12:02:00 -0000", 120.0),
        ("Wed, 04 Mar 2026 11:59:59 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("-5", None),
        ("+5", None),
        ("1.5", None),
        ("1e3", None),
        ("1_000", None),
        ("١٢", None),
        ("soon", None),
        ("30 seconds", None),
        ("Wed, 99 Mar 2026 12:02:00 GMT", None),
        ("Wed, 04 Mar 2026 12:02:00 +99999999999999999999", None),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
    ],
)
def test_read(text: str | None, expected: float | None) -> None:
    """Seconds and the three forms of HTTP's dates are read; what is past is no wait."""
    assert expected == _seconds(text, NOW)


@settings(deadline=None)
@given(st.lists(st.sampled_from(TOKENS) | st.text(max_size=3), max_size=12).map("".join))
def test_arbitrary(text: str) -> None:
    """Any text is a wait of no less than nothing, or ignored."""
    seconds = _seconds(text, NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize("status", [429, 503])
def test_error_carries_the_wait(status: int) -> None:
    """The wait is told beside the reason."""
    with pytest.raises(RateLimited) as caught:
        judge(Answer(status, b"", "30"))
    assert 30.0 == caught.value.retry_after


def test_dates_are_counted_from_now() -> None:
    """A date is turned into seconds by the clock on the wall."""
    before = datetime.now(UTC)
    date = (before + timedelta(hours=1)).replace(microsecond=0)
    with pytest.raises(RateLimited) as caught:
        judge(Answer(429, b"", format_datetime(date, usegmt=True)))
    after = datetime.now(UTC)
    assert date - after <= timedelta(seconds=caught.value.retry_after or 0) <= date - before

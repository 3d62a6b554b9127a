"""`Retry-After` (RFC 9110, 10.2.3) is read as seconds or as a date; anything else is ignored."""

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.whmcs.answer import Answer, judge
from exporter.whmcs.errors import RateLimited

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


# HTTP's three forms of a date, and mail's with another zone and with none. strftime's names of days
# and months are English here: no test sets a locale.
FORMS = {
    "IMF-fixdate": "%a, %d %b %Y %H:%M:%S GMT",
    "RFC 850": "%A, %d-%b-%y %H:%M:%S GMT",
    "asctime": "%a %b %e %H:%M:%S %Y",
    "zone": "%a, %d %b %Y %H:%M:%S %z",
    "unknown zone": "%a, %d %b %Y %H:%M:%S -0000",
}


def wait(text: str | None, status: int = 429) -> float | None:
    """Return how long a response with this header says to wait, in seconds."""
    with pytest.raises(RateLimited) as caught:
        judge(Answer(status, b"", text))
    return caught.value.retry_after


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
        ("Wed, 04 Mar 2020 11:59:59 GMT", 0.0),
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
    """Seconds are read, a date in the past is no wait, and the rest is ignored."""
    assert expected == wait(text)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_dates_are_counted_from_now(form: str) -> None:
    """Each form of a date becomes the seconds until then; one without a zone is in UTC.

    The tests run in a time zone that is not UTC.
    """
    assert timedelta() != datetime.now().astimezone().utcoffset()
    zone = timezone(timedelta(hours=1)) if form.endswith("%z") else UTC
    before = datetime.now(UTC)
    date = (before + timedelta(hours=1)).replace(microsecond=0)
    seconds = wait(date.astimezone(zone).strftime(form))
    assert seconds is not None
    assert date - datetime.now(UTC) <= timedelta(seconds=seconds) <= date - before


@settings(deadline=None)
@given(st.lists(st.sampled_from(TOKENS) | st.text(max_size=3), max_size=12).map("".join))
def test_arbitrary(text: str) -> None:
    """Any text is a wait of no less than nothing, or ignored."""
    seconds = wait(text)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize("status", [429, 503])
def test_error_carries_the_wait(status: int) -> None:
    """The wait is told beside the reason."""
    assert 30.0 == wait("30", status)

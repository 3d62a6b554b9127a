"""The rhythm of a week."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.simulator.rhythm import CUSTOMERS, HOUR, STAFF, WEEK_HOURS, Rhythm

moments = st.floats(0, 4e9)
amounts = st.floats(0, 1_000)


def _at(day: int, hour: int) -> float:
    """2 March 2026 is a Monday."""
    return datetime(2026, 3, day, hour, tzinfo=UTC).timestamp()


def test_an_even_rhythm_is_the_clock() -> None:
    """With equal weights a weighted hour is an hour."""
    assert _at(2, 0) + 2.5 * HOUR == Rhythm([1.0] * WEEK_HOURS).after(_at(2, 0), 2.5)


def test_monday_noon_passes_faster_than_sunday_night() -> None:
    """The same amount of customers' work takes longer to come at night."""
    monday = CUSTOMERS.after(_at(2, 12), 1.0) - _at(2, 12)
    sunday = CUSTOMERS.after(_at(8, 2), 1.0) - _at(8, 2)

    assert sunday > 4 * monday


def test_work_left_on_friday_evening_waits_for_monday() -> None:
    """Three hours of staff's work begun at the weekend end on Monday morning."""
    done = STAFF.after(_at(6, 18), 5.0)

    assert _at(9, 8) < done < _at(9, 12)


def test_empty_hours_are_jumped_over() -> None:
    """Nothing happens in an hour of weight 0, not even for the smallest amount."""
    only_tuesday_noon = Rhythm([1.0 if hour == 36 else 0.0 for hour in range(WEEK_HOURS)])

    assert _at(3, 12) == only_tuesday_noon.after(_at(2, 0), 0.0)


def test_a_week_of_weights_takes_a_week() -> None:
    """The sum of the week brings the same moment of the next week."""
    assert _at(11, 9) == pytest.approx(CUSTOMERS.after(_at(4, 9), CUSTOMERS.week))


@given(at=moments, first=amounts, second=amounts)
def test_amounts_add_up(at: float, first: float, second: float) -> None:
    """Two amounts after each other end where their sum ends, and never before they began."""
    between = STAFF.after(at, first)

    assert at <= between
    assert STAFF.after(at, first + second) == pytest.approx(STAFF.after(between, second), abs=1)


@pytest.mark.parametrize(
    "weights", [[], [1.0] * 167, [0.0] * WEEK_HOURS, [1.0] * 167 + [-1.0]], ids=str
)
def test_unfit_weights_are_refused(weights: list[float]) -> None:
    """A rhythm has 168 weights, none negative and one above 0."""
    with pytest.raises(ValueError, match="168 weights"):
        Rhythm(weights)

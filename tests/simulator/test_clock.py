"""Simulated time."""

from datetime import UTC, datetime, timedelta

import pytest

from exporter.simulator.clock import FastClock

START = datetime(2026, 3, 4, tzinfo=UTC)


def test_it_runs_speed_times_as_fast() -> None:
    """Ten real seconds at speed 60 are ten minutes."""
    ticks = iter([100.0, 100.0, 110.0])
    clock = FastClock(60, START, monotonic=lambda: next(ticks))

    assert [START, START + timedelta(minutes=10)] == [clock.now(), clock.now()]


def test_it_does_not_run_backwards() -> None:
    """A negative speed is refused."""
    with pytest.raises(ValueError, match="backwards"):
        FastClock(-1, START)

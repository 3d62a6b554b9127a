"""Garbage: rarely looked for, and found all the same."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import TYPE_CHECKING

import pytest

from exporter import garbage
from tests.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator


class Circle:
    """What refers to itself, and so does not end by itself."""

    def __init__(self) -> None:
        """Close the circle."""
        self.itself = self


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """Leave the collector as it was."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


async def test_circles_are_swept_by_the_clock() -> None:
    """What the collector never looks at again is gone ten minutes later."""
    garbage.look_rarely()
    clock = FakeClock()
    sweep = asyncio.create_task(garbage.sweep(clock))
    circle = Circle()
    gone = weakref.ref(circle)
    gc.collect(1)  # Now it is among the old.
    del circle
    gc.collect(1)
    await clock.advance(garbage.SWEEP_SECONDS - 1)
    assert gone() is not None
    await clock.advance(1)
    assert gone() is None
    sweep.cancel()


def test_everything_is_never_looked_at_by_count() -> None:
    """Ten thousand objects do not bring a full collection, which costs most."""
    garbage.look_rarely()
    before = gc.get_stats()[2]["collections"]
    kept = [[Circle() for _ in range(100)] for _ in range(10_000)]
    assert before == gc.get_stats()[2]["collections"]
    del kept

"""The CPU time of parsing, compared between inputs of two sizes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SIZE = 32 * 1024
# Costs below it, in seconds of CPU, are noise.
_FLOOR = 0.004
# A small input that costs more has failed already; the large one could take hours.
_MOST = 2.0


def seconds(run: Callable[[], object]) -> float:
    """Return the CPU time of one call in this process."""
    started = time.process_time()
    run()
    return time.process_time() - started


def assert_linear(make: Callable[[int], T], run: Callable[[T], object], size: int = SIZE) -> None:
    """Fail if an input of four times the size costs more than ten times the CPU time.

    Quadratic cost would be sixteen times. The best of several measurements counts.
    """
    small = _cost(make(size), run, _FLOOR)
    assert small < _MOST, f"size {size} takes {small:.1f} s of CPU"
    allowed = 10 * max(small, _FLOOR)
    large = _cost(make(4 * size), run, allowed)
    assert large <= allowed, f"size {size}: {small:.4f} s of CPU, four times the size: {large:.4f}"


def _cost(value: T, run: Callable[[T], object], enough: float) -> float:
    best = seconds(lambda: run(value))
    for _ in range(2):
        # Neither a cheap input nor one beyond every limit needs a second measurement.
        if best <= enough or best >= _MOST:
            break
        best = min(best, seconds(lambda: run(value)))
    return best

"""The machine's clock."""

from __future__ import annotations

import time

from exporter.polling.clock import SystemClock


def test_monotonic_goes_on_while_the_machine_is_suspended() -> None:
    """The monotonic time is the boot time, which counts suspension."""
    clock = SystemClock()

    before, now, after = (
        time.clock_gettime(time.CLOCK_BOOTTIME),
        clock.monotonic(),
        time.clock_gettime(time.CLOCK_BOOTTIME),
    )

    assert before <= now <= after


def test_time_is_unix_time() -> None:
    """The other reading is Unix time in seconds."""
    before, now, after = time.time(), SystemClock().time(), time.time()

    assert before <= now <= after


async def test_sleep_ends() -> None:
    """A wait of no time is over at once."""
    assert None is await SystemClock().sleep(0)  # type: ignore[func-returns-value]  # that it ends

"""The time, as the pollers need it: injected, so that tests hold it."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Two readings of time and a way to wait; all in seconds."""

    def monotonic(self) -> float:
        """Return a time that never jumps: for intervals, waits and ages."""

    def time(self) -> float:
        """Return Unix time: for timestamps that people and Prometheus see."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's own clock."""

    # Linux's CLOCK_MONOTONIC stands still while a machine is suspended, and a number read before
    # would then look fresh; CLOCK_BOOTTIME goes on.
    _ID = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

    def monotonic(self) -> float:
        """Return the seconds since the machine started, suspension included."""
        return time.clock_gettime(self._ID)

    def time(self) -> float:
        """Return Unix time in seconds."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait by the event loop's clock."""
        await asyncio.sleep(seconds)

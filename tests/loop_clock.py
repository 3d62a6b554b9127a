"""The event loop's clock in a test's hands: it leaps when told to, and may go slowly by itself."""

from __future__ import annotations

import asyncio


class LoopClock:
    """What a loop has for its time since it was made."""

    def __init__(self, loop: asyncio.AbstractEventLoop, slowness: float) -> None:
        """Take over from the loop's own clock; one second takes the machine so many."""
        self._real = loop.time
        self._began = self._real()
        self._slowness = slowness
        self._leapt = 0.0
        loop.time = self.time  # type: ignore[method-assign] # a fake clock

    def time(self) -> float:
        """Return the seconds since an arbitrary moment."""
        return self._began + (self._real() - self._began) / self._slowness + self._leapt

    def leap(self, seconds: float) -> None:
        """Make it later: what the loop was to do until then, it does next."""
        self._leapt += seconds


def hold(slowness: float = 1) -> LoopClock:
    """Return the running loop's clock, which from now on is a test's."""
    loop = asyncio.get_running_loop()
    held = getattr(loop.time, "__self__", None)
    return held if isinstance(held, LoopClock) else LoopClock(loop, slowness)

"""The event loop's clock in a test's hands: it goes slowly by itself, and leaps when told to.

Whoever is waited for has his deadline by this clock, and so have tests their patience. A machine
that stands still for ten seconds in the midst of a test takes half a second from either.
"""

from __future__ import annotations

import asyncio

# Seconds of the machine that one of the loop takes.
SLOWNESS = 20


class LoopClock:
    """What a loop has for its time since it was made."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take over from the loop's own clock."""
        self._real = loop.time
        self._began = self._real()
        self._leapt = 0.0
        loop.time = self.time  # type: ignore[method-assign] # a fake clock

    def time(self) -> float:
        """Return the seconds since an arbitrary moment."""
        return self._began + (self._real() - self._began) / SLOWNESS + self._leapt

    def leap(self, seconds: float) -> None:
        """Make it later: what the loop was to do until then, it does next."""
        self._leapt += seconds


def hold() -> LoopClock:
    """Return the running loop's clock, which from now on is a test's."""
    loop = asyncio.get_running_loop()
    held = getattr(loop.time, "__self__", None)
    return held if isinstance(held, LoopClock) else LoopClock(loop)

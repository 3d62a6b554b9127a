"""A clock that tests hold in their hands."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count

# Turns of the event loop after which every task that could go on has done so.
_TURNS = 40


class FakeClock:
    """Stands still until it is advanced, then wakes the sleepers one after another."""

    def __init__(self, monotonic: float = 1_000.0, unix: float = 1_800_000_000.0) -> None:
        """Begin at two arbitrary times, in seconds."""
        self._start = monotonic
        self._now = monotonic
        self._unix = unix
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()

    def monotonic(self) -> float:
        """Return the seconds since an arbitrary moment."""
        return self._now

    def time(self) -> float:
        """Return Unix time."""
        return self._unix + self._now - self._start

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was advanced so far."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), woken))
        await woken

    @property
    def sleepers(self) -> int:
        """How many wait for the clock."""
        return len(self._sleepers)

    async def settle(self) -> None:
        """Let every task do what it can without time passing."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    async def advance(self, seconds: float) -> None:
        """Let time pass; whoever wakes meanwhile sees the time that it waited for."""
        end = self._now + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, woken = heapq.heappop(self._sleepers)
            self._now = max(self._now, due)
            if not woken.done():
                woken.set_result(None)
            await self.settle()
        self._now = end

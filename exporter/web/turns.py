"""A limit of parallel work whose queue is ordered by priority."""

from __future__ import annotations

import asyncio
from bisect import insort
from dataclasses import dataclass, field
from itertools import count


class TooManyWaiting(Exception):
    """The queue is full of others that come first."""


@dataclass(order=True, slots=True)
class _Waiter:
    priority: int
    number: int
    turn: asyncio.Future[None] = field(compare=False)


class Turns:
    """At most ``parallel`` turns are taken, and ``waiting`` callers wait for the next.

    The lowest ``priority`` comes first, and among equals the earliest. A caller with a lower one
    replaces the last of a full queue.
    """

    def __init__(self, parallel: int, waiting: int) -> None:
        """Start with all turns free."""
        self._free = parallel
        self._most = waiting
        self._queue: list[_Waiter] = []
        self._numbers = count()

    async def acquire(self, priority: int) -> None:
        """Take a turn when it is free.

        Raises:
            TooManyWaiting: The queue is full of callers that come first.
        """
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(priority, next(self._numbers), turn)
        insort(self._queue, waiter)
        if len(self._queue) > self._most:
            self._queue.pop().turn.set_exception(TooManyWaiting())
        try:
            await turn
        except asyncio.CancelledError:
            self._abandon(waiter)
            raise

    def release(self) -> None:
        """Give a turn back; the first of the queue takes it."""
        if self._queue:
            self._queue.pop(0).turn.set_result(None)
        else:
            self._free += 1

    def _abandon(self, waiter: _Waiter) -> None:
        if waiter in self._queue:
            self._queue.remove(waiter)
        elif not waiter.turn.cancelled() and waiter.turn.exception() is None:
            self.release()

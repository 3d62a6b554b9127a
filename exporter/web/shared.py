"""Pages that are rendered once for all requests of about the same time."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

T = TypeVar("T")

# The age of a page that is still sent, in seconds. The landing page is requested every 5 seconds.
MAX_AGE = 1.0
# The time for which rendering may block the event loop, in seconds.
_SLICE = 0.001


class Shared(Generic[T]):
    """A result that is made at most once per ``MAX_AGE``, and once for all who wait for it."""

    def __init__(
        self, make: Callable[[], Coroutine[object, object, T]], clock: Callable[[], float]
    ) -> None:
        """Share the results of ``make``; ``clock`` returns monotonic seconds above 0."""
        self._make = make
        self._clock = clock
        self._making: asyncio.Task[T] | None = None
        self._fresh_until = 0.0

    async def get(self) -> T:
        """Return a result that was made less than ``MAX_AGE`` ago.

        A caller that is cancelled does not affect the others.
        """
        task = self._making
        if task is None or (task.done() and self._clock() >= self._fresh_until):
            self._making = task = asyncio.create_task(self._made())
        return await asyncio.shield(task)

    async def _made(self) -> T:
        try:
            result = await self._make()
        except BaseException:
            # The next caller tries again, and the exception is not kept.
            self._making = None
            raise
        self._fresh_until = self._clock() + MAX_AGE
        return result


async def in_slices(steps: Generator[None, None, T]) -> T:
    """Run a generator to its end and return its result; other tasks run every millisecond."""
    while True:
        end = time.monotonic() + _SLICE
        try:
            while time.monotonic() < end:
                next(steps)
        except StopIteration as stop:
            result: T = stop.value
            return result
        await asyncio.sleep(0)

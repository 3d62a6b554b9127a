"""Simulated time."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta


class FastClock:
    """A clock that runs `speed` times as fast as the real one."""

    def __init__(
        self,
        speed: float,
        start: datetime,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start at `start`, which must be aware; `speed` 0 stands still.

        Raises:
            ValueError: The speed is negative.
        """
        if speed < 0:
            message = "time does not run backwards"
            raise ValueError(message)
        self._speed = speed
        self._start = start
        self._monotonic = monotonic
        self._origin = monotonic()

    def now(self) -> datetime:
        """Tell the simulated moment."""
        passed = self._monotonic() - self._origin
        return self._start + timedelta(seconds=passed * self._speed)

"""For how long the exporter was held up lately: a busy machine lets it, and nothing else, wait."""

from __future__ import annotations

import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# By then everything that came late has been withheld.
_KEPT_SECONDS = 15.0


class Delays:
    """Scrapes that are under way, and how long those took that were answered a short while ago."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Measure by ``monotonic``."""
        self._monotonic = monotonic
        self._waiting: list[float] = []
        self._waited: deque[tuple[float, float]] = deque()

    @contextmanager
    def scrape(self) -> Iterator[float]:
        """Measure one scrape, and hand out when it began."""
        asked = self._monotonic()
        self._waiting.append(asked)
        try:
            yield asked
        finally:
            self._waiting.remove(asked)
            self._waited.append((self._monotonic(), asked))

    def longest(self) -> float:
        """Return the seconds of the slowest of them."""
        now = self._monotonic()
        while self._waited and self._waited[0][0] < now - _KEPT_SECONDS:
            self._waited.popleft()
        took = [answered - asked for answered, asked in self._waited]
        return max([*took, *(now - asked for asked in self._waiting)], default=0.0)

"""One backoff: a wait after a rejection, which gets longer with each further one.

All times are monotonic, in seconds.
"""

from __future__ import annotations

import math
import random

FIRST_WAIT = 120.0
LONGEST_WAIT = 900.0
# Backoffs are longer by up to this share, so that the requests of many sites do not coincide.
_JITTER = 0.05


class BackingOff(Exception):
    """A request was not sent because of an earlier rejection.

    Attributes:
        reason: The rejection's reason, a label value of ``whmcs_api_failures_total``.
        until: When the backoff ends.
    """

    def __init__(self, reason: str, until: float) -> None:
        """Keep the reason and the end of the backoff."""
        super().__init__(f"backing off after `{reason}`")
        self.reason = reason
        self.until = until


class Backoff:
    """One backoff, which gets longer by ``factor`` with each rejection, up to 15 minutes."""

    __slots__ = ("_factor", "_first", "_wait", "reason", "until")

    def __init__(self, reason: str, first: float = FIRST_WAIT, factor: float = 7.5) -> None:
        """Start without a wait; by default the first one is 2 minutes, all others 15."""
        self.reason = reason
        self.until = -math.inf
        self._first = first
        self._factor = factor
        self._wait = 0.0

    def reject(self, now: float) -> None:
        """Start the next, longer wait; a rejection during a wait belongs to that wait."""
        if now >= self.until:
            self._wait = min(max(self._factor * self._wait, self._first), LONGEST_WAIT)
            jitter = 1 + random.uniform(0, _JITTER)  # noqa: S311 - spreads load, protects nothing
            self.until = now + self._wait * jitter

    def wait(self, now: float, seconds: float) -> None:
        """Wait as long as the server requested, at most 15 minutes."""
        self.until = now + min(seconds, LONGEST_WAIT)

    def reset(self) -> None:
        """End the wait; the next rejection causes the shortest one."""
        self.until, self._wait = -math.inf, 0.0

    @property
    def is_first(self) -> bool:
        """Whether no rejection was counted since the start or the last reset."""
        return not self._wait

    def check(self, now: float) -> None:
        """Raise ``BackingOff`` during a wait."""
        if now < self.until:
            raise BackingOff(self.reason, self.until)

"""When not to call: a refused credential, and a server that asked for silence.

WHMCS bans an address after three failed logins, for 15 minutes; whether refused API calls count
among them is not documented. So a refusal is followed by minutes of silence, not by seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

FIRST_WAIT = 120.0
LONGEST_WAIT = 900.0


class Held(Exception):
    """A call was not made: it is held back after an earlier refusal of that ``reason``."""

    def __init__(self, reason: str) -> None:
        """Keep the refusal's reason, a label value of ``whmcs_api_failures_total``."""
        super().__init__(f"held back after `{reason}`")
        self.reason = reason


@dataclass(slots=True)
class Hold:
    """One wait: 2 minutes, doubling with each further refusal to 15. Times are monotonic."""

    reason: str
    _until: float = -math.inf
    _wait: float = 0.0

    def refuse(self, now: float, reason: str) -> None:
        """Begin the next, longer wait; a refusal during a wait belongs to the same one."""
        if now < self._until:
            return
        self.reason = reason
        self._wait = min(max(2 * self._wait, FIRST_WAIT), LONGEST_WAIT)
        self._until = now + self._wait

    def silence(self, now: float, seconds: float) -> None:
        """Wait as long as a server asked, 15 minutes at most."""
        self._until = now + min(seconds, LONGEST_WAIT)

    def lift(self) -> None:
        """End the wait, and begin with the shortest after the next refusal."""
        self._until, self._wait = -math.inf, 0.0

    def check(self, now: float) -> None:
        """Raise ``Held`` while the wait lasts."""
        if now < self._until:
            raise Held(self.reason)

"""What the log says of the polls: a line for each change of state, and few when all change at once.

When a network fails, thousands of sources fail within a minute. Of lines that say the same the
first twenty a minute are written; how many more there were, and why, is one line at its end.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from exporter.whmcs.errors import HINTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exporter.polling.clock import Clock
    from exporter.polling.poll import Poll

log = logging.getLogger(__name__)

# Enough to see what is going on, few enough to be read.
LINES_A_MINUTE = 20
_MINUTE = 60.0
_OK = "ok"
_NEVER = "never"

SUCCEEDS = "poll succeeds"
FAILS = "poll fails"
COLLIDES = "several statuses share one label value and are added"
TOO_LARGE = "reading withheld: more than `%s` allow"
_LEVELS = {SUCCEEDS: logging.INFO}


class Lines:
    """The lines of all sources together: so many of each message a minute, the rest summed up."""

    def __init__(self, clock: Clock) -> None:
        """Count minutes by ``clock``."""
        self._clock = clock
        self._written: Counter[str] = Counter()
        self._left_out: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def write(self, message: str, about: str, facts: Mapping[str, object]) -> None:
        """Write a line, or count it under what it is ``about``."""
        if self._written[message] < LINES_A_MINUTE:
            self._written[message] += 1
            _write(message, facts)
        else:
            self._left_out[message][about] += 1

    async def run(self) -> None:
        """Sum up every minute, until cancelled."""
        try:
            while True:
                await self._clock.sleep(_MINUTE)
                self.sum_up()
        finally:
            self.sum_up()

    def sum_up(self) -> None:
        """Write how many lines were left out, if any were, and begin to count anew."""
        for message, counts in self._left_out.items():
            facts = {
                "more": counts.total(),
                "about": ", ".join(f"{about} {count}" for about, count in counts.most_common()),
                "hint": "the landing page and /api/v1/sites have all of them",
            }
            _write(message, facts)
        self._written.clear()
        self._left_out.clear()


class Reporter:
    """Reports when the state of one source changes, and is silent while it stays.

    A failure's line has when the last success was and what to do, ``hint``; one of any change has
    what was ``previous``, ``ok`` or a reason, and how long that ``lasted``.
    """

    def __init__(self, site: str, source: str, lines: Lines) -> None:
        """Speak of one source of one site."""
        self._place = {"site": site, "source": source}
        self._lines = lines
        self._state: str | None = None
        self._since = 0.0
        self._last_success: float | None = None
        self._collided = False
        self._dropped = False

    def report(self, poll: Poll) -> None:
        """Report what is new in a poll."""
        state = poll.error.reason if poll.error else _OK
        if state != self._state:
            self._report_state(state, poll)
            self._state, self._since = state, poll.ended
        if poll.error is None:
            self._last_success = poll.ended_at
        self._report_lacks(poll)

    def _report_state(self, state: str, poll: Poll) -> None:
        facts: dict[str, object] = {}
        if poll.error is not None:
            facts["reason"], facts["error"] = state, str(poll.error)
            facts["hint"], facts["last_success"] = HINTS[state], _written(self._last_success)
        if self._state is not None:
            facts |= {"previous": self._state, "lasted": f"{poll.ended - self._since:.0f}s"}
        self._lines.write(FAILS if poll.error else SUCCEEDS, state, self._place | facts)

    def _report_lacks(self, poll: Poll) -> None:
        collided, dropped = bool(poll.outcome.collisions), bool(poll.outcome.dropped)
        if collided and not self._collided:
            self._lines.write(COLLIDES, "collisions", self._place)
        if dropped and not self._dropped:
            facts = self._place | {"series": poll.outcome.dropped}
            self._lines.write(TOO_LARGE % poll.outcome.limit, "limits", facts)
        # What a failed poll did not see may still be there.
        failed = poll.error is not None
        self._collided = collided or (failed and self._collided)
        self._dropped = dropped or (failed and self._dropped)


def _write(message: str, facts: Mapping[str, object]) -> None:
    log.log(_LEVELS.get(message, logging.WARNING), message, extra=dict(facts))


def _written(unix_time: float | None) -> str:
    if unix_time is None:
        return _NEVER
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(unix_time))

"""Any course of polls and time, against the simplest model of what must be known."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from exporter.polling.backoff import BackingOff
from exporter.polling.site import Tally
from exporter.whmcs.errors import ApiError, AuthFailed, HTTPStatus
from tests.changes import store_of
from tests.test_snapshots import STALE_AFTER, UNIX, first_snapshot, poll, reading

if TYPE_CHECKING:
    from exporter.polling.readings import Reading


@dataclass
class Expected:
    """The simplest model of one source: its good readings and what the last poll said."""

    parts: dict[str, tuple[Reading | None, float]] = field(default_factory=dict)
    success: bool | None = None
    last_success: float | None = None

    def shown(self, now: float) -> list[Reading]:
        """Return the readings that are young enough, oldest first."""
        young = [
            (taken, found)
            for found, taken in self.parts.values()
            if found is not None and now - taken <= STALE_AFTER
        ]
        return [found for _, found in sorted(young, key=lambda pair: pair[0])]


parts = st.dictionaries(st.sampled_from("abc"), st.none() | st.builds(reading, st.integers(0, 9)))
errors = st.sampled_from([HTTPStatus("HTTP status 500"), AuthFailed("no"), BackingOff("auth", 0.0)])
sources = st.sampled_from(["ticket_counts", "departments"])


class Site(RuleBasedStateMachine):
    """Polls of two sources end in any order, and time goes by; whole seconds make ages exact."""

    def __init__(self) -> None:
        """Begin before the first poll."""
        super().__init__()
        self.now = 1000.0
        self.store, self.changes = store_of(first_snapshot())
        self.calls = 0
        self.failures = 0
        self.expected = {"ticket_counts": Expected(), "departments": Expected()}

    @rule(seconds=st.sampled_from([1, 59, 60, 61, 179, 180, 181]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.now += seconds

    @rule(source=sources, found=parts, error=st.none() | errors, lost=st.integers(0, 3))
    def end_poll(
        self,
        source: str,
        found: dict[str, Reading | None],
        error: ApiError | BackingOff | None,
        lost: int,
    ) -> None:
        """End a poll: a success, a failure in part or in all, or one that was held back."""
        self.calls += 1
        self.failures += isinstance(error, ApiError)
        tally = Tally({"GetTicketCounts": self.calls}, {"any": self.failures})
        ended = replace(poll(self.now, error, **found), source=source, tally=tally)
        outcome = replace(ended.outcome, collisions=lost, dropped=3 - lost)
        self.store.publish(replace(ended, outcome=outcome))
        expected = self.expected[source]
        expected.success = error is None
        expected.parts |= {name: (reading, self.now) for name, reading in found.items()}
        if error is None:
            expected.last_success = UNIX + self.now

    @invariant()
    def shows_what_is_fresh(self) -> None:
        """No reading is shown too long, and none is lost before."""
        for name, state in self.store.snapshots[0].sources.items():
            assert self.expected[name].shown(self.now) == list(state.fresh(self.now))

    @invariant()
    def changes_when_it_said(self) -> None:
        """Up to ``next_stale`` the same is shown, and right after it less."""
        for state in self.store.snapshots[0].sources.values():
            shown, end = list(state.fresh(self.now)), state.next_stale(self.now)
            assert bool(shown) == (end < math.inf)
            if shown:
                assert shown == list(state.fresh(end))
                assert len(shown) > len(list(state.fresh(math.nextafter(end, math.inf))))

    @invariant()
    def tells_of_the_last_poll(self) -> None:
        """The success is the last poll's, and only one moves the time of the last success."""
        for name, state in self.store.snapshots[0].sources.items():
            expected = self.expected[name]
            assert (expected.success, expected.last_success) == (state.success, state.last_success)
            assert (state.success is False) == (state.reason is not None)
            assert (state.reason is None) == (state.error is None)

    @invariant()
    def totals_never_fall(self) -> None:
        """From one snapshot to the next every counter stays or grows."""
        told = self.changes.snapshots
        before, after = told[-2:] if told[1:] else told * 2
        for older, newer in (
            (before.requests, after.requests),
            (before.failures, after.failures),
        ):
            assert all(count <= newer[name] for name, count in older.items())
        assert before.collisions <= after.collisions
        assert before.dropped <= after.dropped

    @invariant()
    def is_ready_once(self) -> None:
        """Ready is what every source that was polled makes it, and stays."""
        polled = [expected.success is not None for expected in self.expected.values()]
        assert all(polled) == self.store.snapshots[0].ready


TestAnyCourse = Site.TestCase
TestAnyCourse.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)

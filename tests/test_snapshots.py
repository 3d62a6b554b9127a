"""What is known of a site after any course of polls and any time."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from exporter.polling.backoff import BackingOff
from exporter.polling.poll import Poll
from exporter.polling.readings import Reading, SiteTickets
from exporter.polling.site import Tally
from exporter.polling.source import Outcome
from exporter.snapshots import Part, Snapshot, SourceState
from exporter.whmcs.errors import ApiError, AuthFailed, HTTPStatus
from tests.changes import store_of

UNIX = 1_800_000_000.0
STALE_AFTER = 180.0


def reading(number: int) -> SiteTickets:
    """Return a reading that can be told from others."""
    return SiteTickets(
        active=number, awaiting_reply=0, flagged=0, statuses={}, departments_visible=None
    )


def poll(now: float, error: ApiError | BackingOff | None = None, **parts: Reading | None) -> Poll:
    """Return a poll of ``ticket_counts`` that ended now and took a second."""
    return Poll(
        site="acme",
        source="ticket_counts",
        outcome=Outcome(readings=parts, failed=(error,) if error else ()),
        error=error,
        ended=now,
        ended_at=UNIX + now,
        duration=None if isinstance(error, BackingOff) else 1.0,
        tally=Tally({}, {}),
    )


def first_state(name: str = "ticket_counts") -> SourceState:
    """Return the state before the first poll."""
    return SourceState(name=name, interval=60.0, stale_after=STALE_AFTER)


def first_snapshot() -> Snapshot:
    """Return a site before its first polls."""
    return Snapshot(
        site="acme",
        sources={name: first_state(name) for name in ("ticket_counts", "departments")},
        requests={"GetTicketCounts": 0, "GetSupportDepartments": 0},
        failures={},
    )


def test_nothing_is_known_before_the_first_poll() -> None:
    """Neither success nor failure, no reading, nothing to grow old."""
    state = first_state()

    assert (None, None, None, None) == (
        state.success,
        state.reason,
        state.last_success,
        state.duration,
    )
    assert [] == list(state.fresh(0.0))
    assert math.inf == state.next_stale(0.0)


def test_success_keeps_its_reading_and_moves_the_last_success() -> None:
    """A success says when, by both clocks, how long and what."""
    state = first_state().after(poll(100.0, a=reading(1)))

    assert (True, None, None) == (state.success, state.reason, state.error)
    assert (UNIX + 100.0, 100.0) == (state.last_success, state.succeeded)
    assert 1.0 == state.duration
    assert [reading(1)] == list(state.fresh(100.0))


def test_failure_keeps_everything_but_the_success() -> None:
    """The last good reading stays, with its age; why it failed is told."""
    good = first_state().after(poll(100.0, a=reading(1)))

    failed = good.after(replace(poll(160.0, HTTPStatus("HTTP status 500")), duration=7.0))

    expected = replace(
        good, success=False, reason="http_status", error="HTTP status 500", duration=7.0
    )
    assert expected == failed


def test_success_ends_the_explanation() -> None:
    """After a success nothing is left of the failure before."""
    failed = first_state().after(poll(100.0, HTTPStatus("HTTP status 500")))

    state = failed.after(poll(160.0, a=reading(1)))

    assert (True, None, None) == (state.success, state.reason, state.error)


def test_explanation_is_kept_while_held() -> None:
    """What WHMCS said says more than that nobody asked it again."""
    refused = first_state().after(poll(100.0, AuthFailed("WHMCS says: no")))

    held = refused.after(poll(160.0, BackingOff("auth", 0.0))).after(
        poll(220.0, BackingOff("auth", 0.0))
    )

    assert (False, "auth", "WHMCS says: no") == (held.success, held.reason, held.error)
    assert 1.0 == held.duration


@pytest.mark.parametrize("before", [None, HTTPStatus("HTTP status 500")])
def test_hold_for_another_reason_explains_itself(before: ApiError | None) -> None:
    """The refusal of another source is not this one's own failure."""
    state = first_state().after(poll(100.0, before)).after(poll(160.0, BackingOff("auth", 0.0)))

    assert ("auth", "backing off after `auth`") == (state.reason, state.error)


def test_reading_is_shown_up_to_its_very_last_moment() -> None:
    """As old as ``stale_after`` is fresh; the next moment is stale."""
    state = first_state().after(poll(100.0, a=reading(1)))

    assert [reading(1)] == list(state.fresh(280.0))
    assert [] == list(state.fresh(math.nextafter(280.0, math.inf)))


def test_next_stale_is_the_end_of_the_oldest_that_is_fresh() -> None:
    """Each part has an end of its own; those that are over do not count."""
    state = first_state().after(poll(100.0, a=reading(1))).after(poll(160.0, b=reading(2)))

    assert [280.0, 280.0, 340.0, 340.0, math.inf] == [
        state.next_stale(now) for now in (160.0, 280.0, 280.1, 340.0, 340.1)
    ]


def test_parts_age_alone() -> None:
    """A part that fails goes stale while the others, polled with it, stay."""
    state = first_state().after(poll(100.0, a=reading(1), b=reading(2)))
    for now in (160.0, 220.0, 280.0):
        state = state.after(poll(now, HTTPStatus("HTTP status 500"), b=reading(3)))

    assert [reading(1), reading(3)] == list(state.fresh(280.0))
    assert [reading(3)] == list(state.fresh(281.0))
    assert (False, UNIX + 100.0) == (state.success, state.last_success)


def test_fresher_reading_comes_last() -> None:
    """Who takes the last of two readings of one thing takes the newer one."""
    state = first_state().after(poll(100.0, a=reading(1), b=reading(2)))

    state = state.after(poll(160.0, a=reading(3)))

    assert [reading(2), reading(3)] == list(state.fresh(160.0))


def test_withheld_reading_replaces_the_one_before() -> None:
    """Old numbers do not linger behind a reading that was too large, and nothing grows stale."""
    state = first_state().after(poll(100.0, a=reading(1)))

    state = state.after(poll(160.0, a=None))

    assert (True, UNIX + 160.0) == (state.success, state.last_success)
    assert [] == list(state.fresh(160.0))
    assert math.inf == state.next_stale(160.0)
    assert {"a": Part(None, 160.0)} == state.parts


@pytest.mark.parametrize("error", [None, HTTPStatus("HTTP status 500"), BackingOff("auth", 9.0)])
def test_site_is_ready_when_each_source_was_polled_once(
    error: ApiError | BackingOff | None,
) -> None:
    """Well or not: what is waited for is an end."""
    snapshot = first_snapshot()
    after_one = snapshot.after(poll(100.0, error))
    after_both = after_one.after(replace(poll(101.0, error), source="departments"))

    assert [False, False, True] == [one.ready for one in (snapshot, after_one, after_both)]


def test_totals_grow_and_new_keys_join() -> None:
    """Calls are the site's totals at the end of a poll; what a poll lost is added up."""
    first = replace(
        poll(100.0, a=reading(1)),
        outcome=Outcome(readings={}, collisions=2, dropped=7),
        tally=Tally({"GetTicketCounts": 1}, {"timeout": 1}),
    )
    second = replace(first, tally=Tally({"GetTicketCounts": 2}, {"timeout": 1, "auth": 1}))

    snapshot = first_snapshot().after(first).after(second)

    assert {"GetTicketCounts": 2, "GetSupportDepartments": 0} == snapshot.requests
    assert {"timeout": 1, "auth": 1} == snapshot.failures
    assert (4, 14) == (snapshot.collisions, snapshot.dropped)


def test_store_swaps_snapshots_whole_and_tells_of_each() -> None:
    """Who holds a snapshot holds it unchanged; who asks again gets the new one, in order."""
    before = first_snapshot(), replace(first_snapshot(), site="other")
    store, changes = store_of(*before)

    store.publish(poll(100.0, a=reading(1)))

    after = before[0].after(poll(100.0, a=reading(1)))
    assert (after, before[1]) == store.snapshots
    assert [*before, after] == changes.snapshots
    assert first_snapshot() == before[0]


def test_store_finds_a_site_by_its_name() -> None:
    """One of another name is none."""
    store, _ = store_of(first_snapshot())

    assert first_snapshot() == store.snapshot(first_snapshot().site)
    assert store.snapshot("nobody") is None


def test_store_begins_anew_and_forgets() -> None:
    """A site that begins anew has nothing of before; one that is forgotten is told as gone."""
    before = first_snapshot(), replace(first_snapshot(), site="other")
    store, changes = store_of(*before)
    store.publish(poll(100.0, a=reading(1)))

    store.begin(before[0])
    store.forget("other")

    assert (before[0],) == store.snapshots
    assert before[0] == changes.snapshots[-1]
    assert ["other"] == changes.forgotten

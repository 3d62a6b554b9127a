"""What comes of one poll."""

from __future__ import annotations

import asyncio

import pytest

from exporter.snapshots import Snapshot, SourceState
from exporter.whmcs.errors import AuthFailed
from tests.changes import store_of
from tests.polling.outside import COUNTS, STATUSES, Bench


async def test_unforeseen_error_ends_the_poller() -> None:
    """A bug is raised as it is, and nothing is published of that poll."""
    bench = Bench()
    bench.whmcs.answers[COUNTS] = ZeroDivisionError()

    with pytest.raises(ZeroDivisionError):
        await bench.poller(bench.ticket_counts()).run()
    assert [] == bench.polls


async def test_unforeseen_error_in_one_of_several_calls_ends_the_poller() -> None:
    """A group of calls hides no bug."""
    bench = Bench()
    bench.whmcs.answers[STATUSES] = ZeroDivisionError()

    with pytest.raises(ExceptionGroup) as raised:
        await bench.poller(bench.departments()).run()
    assert raised.group_contains(ZeroDivisionError)


async def test_poll_carries_both_times() -> None:
    """Ages are monotonic, timestamps Unix time, lengths seconds."""
    bench = Bench()
    bench.whmcs.seconds = 2.0

    polling = asyncio.create_task(bench.poll(bench.ticket_counts()))
    await bench.clock.advance(2)
    poll = await polling

    assert ("acme", "ticket_counts") == (poll.site, poll.source)
    assert (1002.0, 1_800_000_002.0, 2.0) == (poll.ended, poll.ended_at, poll.duration)


async def test_site_with_a_wrong_secret_becomes_ready() -> None:
    """The first poll of a source that was held from the start has ended too: it failed."""
    bench = Bench()
    bench.whmcs.answers[COUNTS] = AuthFailed("WHMCS says: Invalid or missing credentials")
    sources = (bench.ticket_counts(), bench.departments())
    states = {
        source.name: SourceState(name=source.name, interval=60, stale_after=180)
        for source in sources
    }
    store, changes = store_of(Snapshot(site="acme", sources=states, requests={}, failures={}))

    for source in sources:
        store.publish(await bench.poll(source))

    snapshots = changes.snapshots
    assert [False, False, True] == [snapshot.ready for snapshot in snapshots]
    assert {"ticket_counts": False, "departments": False} == {
        name: state.success for name, state in snapshots[-1].sources.items()
    }
    assert {"auth": 1} == snapshots[-1].failures
    assert {COUNTS: 1} == snapshots[-1].requests

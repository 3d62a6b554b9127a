"""The calls of one site: how many at once, until when, how they are counted."""

from __future__ import annotations

import asyncio

import pytest

from exporter.whmcs.errors import (
    AuthFailed,
    TimedOut,
)
from tests.polling.outside import (
    COUNTS,
    DEPARTMENTS,
    Bench,
    by_credentials,
    department_of,
    departments,
)


async def poll_both(bench: Bench) -> None:
    """Poll both sources side by side to their end."""
    sources = (bench.ticket_counts(), bench.departments())
    polls = asyncio.gather(*(bench.poller(source).poll() for source in sources))
    await bench.clock.advance(30)
    await polls


async def test_unproven_credential_costs_one_failed_login() -> None:
    """Two sources start together; the second learns from the first one's refusal."""
    bench = Bench(max_concurrency=5)
    bench.whmcs.seconds = 1.0
    bench.whmcs.refuse_all(AuthFailed("no"))

    await poll_both(bench)

    assert 1 == len(bench.whmcs.calls)
    assert ["auth", "auth"] == [poll.error.reason for poll in bench.polls if poll.error]


@pytest.mark.parametrize("rotated", [True, False])
async def test_credential_has_to_prove_itself_again(*, rotated: bool) -> None:
    """After a refusal, and after a change, one call at a time tries what was good before."""
    bench = Bench(max_concurrency=5)
    bench.whmcs.seconds = 1.0
    await poll_both(bench)
    bench.whmcs.refuse_all(AuthFailed("no"))
    if rotated:
        bench.credential.rotate("another")
    else:
        await poll_both(bench)
    await bench.clock.advance(1000)
    bench.whmcs.calls.clear()

    await poll_both(bench)

    assert 1 == len(bench.whmcs.calls)


async def test_proven_credential_is_used_as_often_at_once_as_allowed() -> None:
    """The bound is of the site, over all its sources."""
    bench = Bench(max_concurrency=3)
    names = {f"d{number}": "Sales" for number in range(1, 8)}
    bench.whmcs.answers[DEPARTMENTS] = departments(**names)
    bench.whmcs.seconds = 1.0

    await poll_both(bench)

    assert 3 == bench.whmcs.most_at_once
    assert 9 == len(bench.whmcs.calls)


async def test_calls_share_the_time_of_their_poll() -> None:
    """A call may take the timeout or what is left; one whose turn comes too late is not made.

    Ten calls of 8 seconds one after another, in a poll of 57: seven are whole, one is cut short.
    """
    bench = Bench(max_concurrency=1, timeout=10.0, interval=60.0)
    bench.whmcs.answers[COUNTS] = department_of
    bench.whmcs.seconds = 8.0
    source = by_credentials(*("x" * length for length in range(1, 11)))

    polling = asyncio.create_task(bench.poll(source))
    await bench.clock.advance(60)
    poll = await polling

    assert [10.0] * 6 + [9.0, 1.0] == [call.limit for call in bench.whmcs.calls]
    assert [TimedOut] * 3 == [type(failure) for failure in poll.outcome.failed]
    assert "the poll's time was over before this request's turn came" == str(
        poll.outcome.failed[-1]
    )
    assert ({COUNTS: 8}, {"timeout": 1}) == (poll.tally.requests, poll.tally.failures)
    assert 57.0 == poll.duration


async def test_tally_of_a_poll_does_not_change_afterwards() -> None:
    """What is published is immutable; the counts go on elsewhere."""
    bench = Bench()

    first = await bench.poll(bench.ticket_counts())
    second = await bench.poll(bench.ticket_counts())

    assert ({COUNTS: 1}, {COUNTS: 2}) == (first.tally.requests, second.tally.requests)


async def test_length_of_every_call_is_told() -> None:
    """Failed calls have a length too."""
    bench = Bench(timeout=4.0)
    bench.whmcs.seconds = 5.0

    polling = asyncio.create_task(bench.poll(bench.ticket_counts()))
    await bench.clock.advance(10)
    poll = await polling

    assert [(COUNTS, 4.0)] == bench.telemetry.requests
    assert {"timeout": 1} == poll.tally.failures

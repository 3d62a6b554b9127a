"""Polls that are asked for: when they are made, who shares them, and what becomes of the plan."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.polling import demand
from exporter.polling.poller import phase
from exporter.whmcs.errors import AuthFailed, HTTPStatus, RateLimited
from tests.polling.outside import COUNTS, DEPARTMENTS, Bench, ticket_counts
from tests.polling.test_poller import begun

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from exporter.polling.poll import Poll
    from exporter.polling.poller import Poller

INTERVAL = 60.0
# From the start to the first poll of the plan.
FIRST = INTERVAL * phase("acme", "ticket_counts")
LONG = 3600.0


@asynccontextmanager
async def running(bench: Bench) -> AsyncIterator[Poller]:
    """Run a poller of ``ticket_counts`` whose first poll has ended."""
    poller = bench.poller(bench.ticket_counts())
    task = asyncio.create_task(poller.run())
    await bench.clock.advance(bench.whmcs.seconds)
    yield poller
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def ask(poller: Poller, max_age: float | None) -> asyncio.Task[None]:
    """Ask for a poll."""
    return asyncio.create_task(poller.poll_unless_younger(max_age))


async def test_young_enough_costs_nothing() -> None:
    """Up to the age that was named, from its end on, the last poll is the answer, at once."""
    bench = Bench(interval=LONG)
    bench.whmcs.seconds = 2.0
    async with running(bench) as poller:
        await bench.clock.advance(30)
        asked = [ask(poller, 30), ask(poller, None)]
        await bench.clock.settle()
        assert all(each.done() for each in asked)
    assert [1000.0] == begun(bench.polls)


async def test_too_old_is_polled_now() -> None:
    """Beyond it there is a poll, and the answer comes when it has ended."""
    bench = Bench(interval=LONG)
    bench.whmcs.seconds = 2.0
    async with running(bench) as poller:
        await bench.clock.advance(30.5)
        asked = ask(poller, 30)
        await bench.clock.advance(1.5)
        assert not asked.done()
        await bench.clock.advance(0.5)
        assert asked.done()
    assert [1000.0, 1032.5] == begun(bench.polls)


async def test_a_poll_that_was_asked_for_is_told_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever wonders why WHMCS is called out of turn finds it in the log."""
    bench = Bench(interval=LONG)
    with caplog.at_level(logging.DEBUG, logger="exporter.polling.poller"):
        async with running(bench) as poller:
            await bench.clock.advance(30)
            await poller.poll_unless_younger(10)
    (record,) = caplog.records
    assert ("poll asked for", "acme", "ticket_counts") == (
        record.message,
        record.__dict__["site"],
        record.__dict__["source"],
    )


async def test_without_an_age_it_is_the_interval() -> None:
    """What is older than its interval, for the plan was missed, is polled."""
    bench = Bench(interval=INTERVAL)
    async with running(bench) as poller:
        # The plan's next poll is nearly a whole interval after the first one, and so on.
        await bench.clock.advance(FIRST + INTERVAL - 1)
        await poller.poll_unless_younger(None)
    assert 2 == len(bench.polls)


async def test_all_who_ask_share_one_poll() -> None:
    """Many who ask at the same time, or while it is under way, cost one call."""
    bench = Bench(interval=LONG)
    bench.whmcs.seconds = 2.0
    async with running(bench) as poller:
        await bench.clock.advance(30)
        asked = []
        for _ in range(50):
            asked += [ask(poller, 10), ask(poller, 10)]
            await asyncio.sleep(0)
        await bench.clock.advance(1)
        asked += [ask(poller, 0) for _ in range(50)]
        await bench.clock.advance(1)
        assert all(each.done() for each in asked)
        await asyncio.gather(*asked)
    assert {COUNTS: 2} == bench.whmcs.made()


async def test_poll_of_the_plan_serves_who_asks_meanwhile() -> None:
    """A poll that is under way is not made again."""
    bench = Bench(interval=INTERVAL)
    bench.whmcs.seconds = 5.0
    async with running(bench) as poller:
        await bench.clock.advance(FIRST - 3)
        asked = ask(poller, 0)
        await bench.clock.advance(2)
        assert not asked.done()
        await bench.clock.advance(2)
        assert asked.done()
    assert {COUNTS: 2} == bench.whmcs.made()


async def test_first_poll_is_waited_for() -> None:
    """Who asks before there is anything gets the first poll, in its turn."""
    bench = Bench(interval=INTERVAL)
    places = asyncio.Semaphore(0)
    poller = bench.poller(bench.ticket_counts(), lambda: places)
    task = asyncio.create_task(poller.run())
    await bench.clock.settle()
    asked = ask(poller, 0)
    await bench.clock.settle()
    assert [] == bench.polls
    places.release()
    await asked
    assert 1 == len(bench.polls)
    task.cancel()


async def test_plan_goes_on_an_interval_after_what_was_asked_for() -> None:
    """No poll is doubled: the next one is due an interval later, and then in every interval."""
    bench = Bench(interval=INTERVAL)
    async with running(bench) as poller:
        await bench.clock.advance(FIRST - 5)
        await poller.poll_unless_younger(10)
        await bench.clock.advance(2 * INTERVAL + 1)
    asked_at = 1000 + FIRST - 5
    expected = [1000, asked_at, asked_at + INTERVAL, asked_at + 2 * INTERVAL]
    assert expected == pytest.approx(begun(bench.polls))


async def test_prometheus_alone_decides_when() -> None:
    """Asked every half interval for what is younger, it is polled exactly that often, all day."""
    bench = Bench(interval=INTERVAL)
    bench.whmcs.seconds = 0.5
    async with running(bench) as poller:
        for _ in range(2880):
            await bench.clock.advance(29)
            asked = ask(poller, 25)
            await bench.clock.advance(1)
            assert asked.done()
            assert not poller.stuck
    assert 2881 == len(bench.polls)
    starts = begun(bench.polls)
    assert {30.0} == {round(after - before, 6) for before, after in pairwise(starts[1:])}


async def test_failure_is_an_answer_too() -> None:
    """A poll that failed is not made again for whoever asks within the age."""
    bench = Bench(interval=LONG)
    bench.whmcs.answers[COUNTS] = HTTPStatus("500")
    async with running(bench) as poller:
        for _ in range(10):
            await bench.clock.advance(2)
            await poller.poll_unless_younger(30)
    assert {COUNTS: 1} == bench.whmcs.made()


@pytest.mark.parametrize(
    ("error", "calls"),
    [(AuthFailed("no"), 1 + 1), (RateLimited("slow", retry_after=300), 1)],
    ids=["refused credential", "Retry-After"],
)
async def test_holds_hold(error: Exception, calls: int) -> None:
    """However often it is asked for, a refused credential rests and ``Retry-After`` is kept."""
    bench = Bench(interval=LONG)
    bench.whmcs.answers[COUNTS] = error
    async with running(bench) as poller:
        for _ in range(140):
            await bench.clock.advance(2)
            await poller.poll_unless_younger(0)
    assert {COUNTS: calls} == bench.whmcs.made()


async def test_no_age_is_below_a_second() -> None:
    """Asked without pause, WHMCS is called once a second: as by the shortest interval."""
    bench = Bench(interval=LONG)
    async with running(bench) as poller:
        for _ in range(100):
            await bench.clock.advance(0.1)
            await poller.poll_unless_younger(0)
    assert 9 <= len(bench.polls) <= 11


async def test_end_of_the_poller_keeps_nobody_waiting() -> None:
    """When the exporter stops, or the site is removed, whoever waits goes on."""
    bench = Bench(interval=LONG)
    async with running(bench) as poller:
        await bench.clock.advance(30)
        bench.whmcs.seconds = 5.0
        asked = ask(poller, 0)
        await bench.clock.advance(1)
        assert not asked.done()
    await asked
    assert 1 == len(bench.polls)


async def test_who_gives_up_stops_nothing() -> None:
    """The poll goes on for the others, and for the next scrape."""
    bench = Bench(interval=LONG)
    bench.whmcs.seconds = 5.0
    async with running(bench) as poller:
        await bench.clock.advance(30)
        impatient, patient = ask(poller, 0), ask(poller, 0)
        await bench.clock.advance(1)
        impatient.cancel()
        await bench.clock.advance(4)
        assert patient.done()
        await patient
        assert impatient.cancelled()
    assert 2 == len(bench.polls)


async def test_every_source_of_a_site_is_asked() -> None:
    """Each one whose own last poll is too old, all of them at the same time."""
    bench = Bench(interval=LONG)
    pollers = [bench.poller(source) for source in (bench.ticket_counts(), bench.departments())]
    tasks = [asyncio.create_task(poller.run()) for poller in pollers]
    await bench.clock.advance(30)
    await pollers[0].poll_unless_younger(10)
    await bench.clock.advance(5)
    await demand.polled(pollers, 20, 10)
    assert (2, 2) == (bench.whmcs.made()[COUNTS], bench.whmcs.made()[DEPARTMENTS])
    await bench.clock.advance(30)
    await demand.polled(pollers, 20, 10)
    assert (3, 3) == (bench.whmcs.made()[COUNTS], bench.whmcs.made()[DEPARTMENTS])
    for task in tasks:
        task.cancel()


async def test_when_the_time_is_over_nobody_waits() -> None:
    """What is known is enough then; the poll goes on and is published when it ends."""
    bench = Bench(interval=LONG)
    async with running(bench) as poller:
        await bench.clock.advance(30)
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        bench.whmcs.answers[COUNTS] = answer  # type: ignore[assignment]  # of a document
        async with asyncio.timeout(60):
            await demand.polled([poller], 0, 0.01)
        assert 1 == len(bench.polls)
        answer.set_result(ticket_counts())
        await bench.clock.settle()
        assert 2 == len(bench.polls)


@given(
    st.lists(
        st.tuples(st.floats(0.0, 100.0), st.floats(0.0, 90.0) | st.none(), st.floats(0.0, 50.0)),
        max_size=20,
    )
)
async def test_whatever_is_asked(steps: list[tuple[float, float | None, float]]) -> None:
    """Polls never overlap, never pause longer than the plan, and answers are as young as wanted."""
    bench = Bench(interval=INTERVAL)
    async with running(bench) as poller:
        for pause, max_age, length in steps:
            await bench.clock.advance(pause)
            bench.whmcs.seconds = min(length, bench.timeout)
            asked_at = bench.clock.monotonic()
            seen: list[Poll] = []
            asked = ask(poller, max_age)
            asked.add_done_callback(lambda _, seen=seen: seen.append(bench.polls[-1]))  # type: ignore[misc]  # of a default
            await bench.clock.advance(2 * bench.timeout)
            youngest = asked_at - max(INTERVAL if max_age is None else max_age, 1.0)
            assert youngest - 1e-6 <= seen[0].ended
            assert not poller.stuck
    assert bench.whmcs.most_at_once == 1
    starts = begun(bench.polls)
    assert all(after - before <= INTERVAL + 1e-6 for before, after in pairwise(starts))

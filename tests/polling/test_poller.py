"""When a source is polled, by a clock in the test's hands."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from exporter.polling.first_polls import FirstPolls
from exporter.polling.poller import phase
from exporter.polling.source import Outcome
from tests.fake_clock import FakeClock
from tests.polling.outside import COUNTS, DEPARTMENTS, STATUSES, Bench

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from exporter.polling.poll import Poll
    from exporter.polling.poller import Poller
    from exporter.polling.site import Cycle

DAY = 86_400


@dataclass
class Lengthy:
    """A source outside of WHMCS: its polls take as long as they are told, the last one for ever."""

    clock: FakeClock
    lengths: list[float]
    name: str = "ticket_counts"
    actions: tuple[str, ...] = ()
    started: list[float] = field(default_factory=list)

    async def poll(self, _cycle: Cycle) -> Outcome:
        """Take the next length of time, and find nothing."""
        self.started.append(self.clock.monotonic())
        if self.lengths:
            await self.clock.sleep(self.lengths.pop(0))
        else:
            await asyncio.Event().wait()
        return Outcome(readings={})


class JumpingClock(FakeClock):
    """Can go on without waking anybody, as the clock of a machine that was suspended."""

    def jump(self, seconds: float) -> None:
        """Let time pass unseen."""
        self._now += seconds


@asynccontextmanager
async def running(*pollers: Poller) -> AsyncIterator[None]:
    """Run pollers, and end them in the end."""
    tasks = [asyncio.create_task(poller.run()) for poller in pollers]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert all(task.cancelled() for task in tasks)


def begun(polls: list[Poll]) -> list[float]:
    """Return when polls began."""
    return [poll.ended - (poll.duration or 0.0) for poll in polls]


def planned(start: float, interval: float, source: str = "ticket_counts") -> float:
    """Return when the second poll begins: at its phase, at the next quarter of a second."""
    return math.ceil(4 * (start + interval * phase("acme", source))) / 4


def test_phase_is_the_same_everywhere() -> None:
    """A restart, on whatever machine and version, keeps a source's place in its interval."""
    assert 3276714931 / 2**32 == phase("acme", "ticket_counts")


async def test_first_poll_is_at_once_and_the_others_at_the_phase() -> None:
    """The plan is the start, then start + phase of the interval + whole intervals."""
    bench = Bench(interval=100.0)
    start = bench.clock.monotonic()
    first = planned(start, 100)

    async with running(bench.poller(bench.ticket_counts())):
        await bench.clock.advance(250)

    expected = [start] + [due for due in (first, first + 100, first + 200) if due <= start + 250]
    assert expected == begun(bench.polls)


async def test_polls_of_many_sources_begin_together_four_times_a_second() -> None:
    """However many there are, they begin at quarters of a second, and some at each of them."""
    clock = FakeClock()
    await clock.advance(0.1)
    bench = Bench(clock=clock, interval=10.0)
    sources = [Lengthy(clock, [0.0, 0.0], name=f"source-{number}") for number in range(400)]

    async with running(*map(bench.poller, sources)):
        await clock.advance(10.1)

    begun_at = {moment for source in sources for moment in source.started[1:]}
    assert {1000.25 + quarter / 4 for quarter in range(40)} == begun_at


async def test_day_of_one_site() -> None:
    """1 + 1440 polls of each source, on time, none over another, never too many calls at once."""
    bench = Bench(max_concurrency=2)
    bench.whmcs.seconds = 0.5
    sources = (bench.ticket_counts(), bench.departments())

    async with running(*(bench.poller(source) for source in sources)):
        await bench.clock.advance(DAY + 5)

    assert {COUNTS: 1441, DEPARTMENTS: 1441, STATUSES: 2 * 1441} == bench.whmcs.made()
    assert 2 == bench.whmcs.most_at_once
    assert [0.0] * 2 * 1440 == bench.telemetry.late
    for source in sources:
        polls = [poll for poll in bench.polls if poll.source == source.name]
        starts, ends = begun(polls), [poll.ended for poll in polls]
        plan = [planned(1000, 60, source.name) + 60 * tick for tick in range(1440)]
        assert [1000.0, *plan] == pytest.approx(starts, abs=1e-6)
        assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))
        assert 60 + 1e-6 > max(after - before for before, after in pairwise(starts))
        assert {None} == {poll.error for poll in polls}


async def test_polls_of_a_failing_site_stay_on_plan() -> None:
    """Failures that hold nothing back neither add nor save polls."""
    bench = Bench(timeout=5.0)
    bench.whmcs.seconds = 6.0

    async with running(bench.poller(bench.ticket_counts())):
        await bench.clock.advance(DAY / 24 + 5)

    assert {COUNTS: 61} == bench.whmcs.made()
    assert ["timeout"] * 61 == [poll.error.reason for poll in bench.polls if poll.error]


async def test_missed_ticks_are_skipped() -> None:
    """A poll that outlasts its interval is followed by the next tick, not by those it missed."""
    bench = Bench(interval=60.0)
    source = Lengthy(bench.clock, [1.0, 150.0, 60.0, 1.0])
    first = planned(bench.clock.monotonic(), 60)

    async with running(bench.poller(source)):
        await bench.clock.advance(400)

    assert [first, first + 180, first + 240, first + 300] == source.started[1:5]
    assert [0.0] * 4 == bench.telemetry.late


async def test_first_poll_that_outlasts_its_phase_misses_that_tick() -> None:
    """The plan does not wait for the first poll, so that the phases stay spread."""
    bench = Bench(interval=60.0)
    source = Lengthy(bench.clock, [60.5, 1.0])
    first = planned(bench.clock.monotonic(), 60)

    async with running(bench.poller(source)):
        await bench.clock.advance(119)

    assert [first + 60] == source.started[1:]


async def test_jump_of_the_clock_costs_one_late_poll() -> None:
    """After a suspension one poll is late, is seen to be, and the plan goes on where it stood."""
    clock = JumpingClock()
    bench = Bench(clock=clock, interval=60.0)
    first = planned(clock.monotonic(), 60)

    async with running(bench.poller(bench.ticket_counts())):
        await clock.advance(0)
        clock.jump(first + DAY + 20 - clock.monotonic())
        await clock.advance(40)

    assert [1000.0, first + DAY + 20, first + DAY + 60] == begun(bench.polls)
    assert [DAY + 20, 0.0] == bench.telemetry.late


async def test_first_polls_share_fifty_places() -> None:
    """200 sites start in four rounds; later polls need no place."""
    clock = FakeClock()
    first_polls = FirstPolls(50, patience=60)
    benches = [Bench(clock=clock) for _ in range(200)]
    sources = [Lengthy(clock, [1.0] * 5, name=f"{number}") for number in range(200)]
    pollers = [
        bench.poller(source, first_polls.place)
        for bench, source in zip(benches, sources, strict=True)
    ]

    async with running(*pollers), AsyncExitStack() as taken:
        await clock.advance(5)
        starts = Counter(source.started[0] for source in sources)
        for _ in range(50):
            await taken.enter_async_context(first_polls.place())
        await clock.advance(60)

    assert {1000.0: 50, 1001.0: 50, 1002.0: 50, 1003.0: 50} == starts
    assert 2 <= min(len(source.started) for source in sources)


@pytest.mark.parametrize("name", ["site-{}", "{:04}.example", "{}", "héllo {} \udc80"])
@pytest.mark.parametrize("source", ["ticket_counts", "departments"])
def test_phases_are_spread_evenly(name: str, source: str) -> None:
    """1,000 names fill 20 parts of the interval as chance would, or more evenly."""
    bins = Counter(int(20 * phase(name.format(number), source)) for number in range(1000))

    # Chi-square with 19 degrees of freedom: above 43.8 in one of 1,000 cases.
    assert 43.8 > sum((bins[part] - 50) ** 2 / 50 for part in range(20))


@pytest.mark.parametrize(
    ("site", "source", "place"),
    [("acme", "ticket_counts", 0.762919646), ("acme", "departments", 0.488340847)],
)
def test_phase_is_the_same_after_a_restart(site: str, source: str, place: float) -> None:
    """The phase depends on the names alone; another place would tear a hole after each update."""
    assert place == pytest.approx(phase(site, source), abs=1e-9)


async def test_due_is_when_the_next_poll_begins() -> None:
    """Nobody knows before the first poll has ended, nor during another one."""
    bench = Bench(interval=60.0)
    poller = bench.poller(Lengthy(bench.clock, [1.0, 1.0]))
    next_poll = planned(bench.clock.monotonic(), 60)
    found = [poller.due]

    async with running(poller):
        for seconds in (0.5, 1.0, next_poll + 0.5 - 1001.5, 1.0):
            await bench.clock.advance(seconds)
            found.append(poller.due)

    assert [None, None, next_poll, None, next_poll + 60] == found


async def test_poller_in_normal_life_is_not_stuck() -> None:
    """Neither before its start, nor in a poll, nor between two."""
    bench = Bench()
    bench.whmcs.seconds = 9.0
    poller = bench.poller(bench.departments())

    assert not poller.stuck
    async with running(poller):
        for _ in range(600):
            await bench.clock.advance(1)
            assert not poller.stuck


async def test_poller_that_waits_for_its_first_poll_is_not_stuck() -> None:
    """Others are before it; that may take a while."""
    bench = Bench()
    poller = bench.poller(bench.ticket_counts(), lambda: asyncio.Semaphore(0))

    async with running(poller):
        await bench.clock.advance(DAY)

    assert not poller.stuck
    assert [] == bench.polls


async def test_poller_whose_source_never_returns_is_stuck() -> None:
    """Half a minute after the next poll should have begun it shows."""
    bench = Bench(interval=60.0)
    poller = bench.poller(Lengthy(bench.clock, []))

    async with running(poller):
        await bench.clock.advance(90)
        assert not poller.stuck
        await bench.clock.advance(0.001)
        assert poller.stuck


async def test_poller_that_is_not_woken_is_stuck_until_it_is() -> None:
    """A wait beyond its end shows as well, and is forgotten with the next poll."""
    clock = JumpingClock()
    bench = Bench(clock=clock)
    poller = bench.poller(bench.ticket_counts())

    async with running(poller):
        await clock.advance(0)
        clock.jump(planned(1000, 60) - 1000 + 30)
        in_grace = poller.stuck
        clock.jump(0.001)
        beyond = poller.stuck
        await clock.advance(0)

        assert [False, True, False] == [in_grace, beyond, poller.stuck]

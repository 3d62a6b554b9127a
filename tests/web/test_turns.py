"""The order in which callers take turns, and what becomes of those that leave."""

from __future__ import annotations

import asyncio

import pytest

from exporter.web.turns import TooManyWaiting, Turns


async def begun(turns: Turns, *priorities: int) -> list[asyncio.Task[None]]:
    """Ask for turns in this order."""
    tasks = [asyncio.create_task(turns.acquire(priority)) for priority in priorities]
    await asyncio.sleep(0)
    return tasks


async def settled(tasks: list[asyncio.Task[None]]) -> list[bool]:
    """Return which tasks have ended."""
    for _ in range(3):
        await asyncio.sleep(0)
    return [task.done() for task in tasks]


async def test_turns_are_taken_by_priority() -> None:
    """The lowest comes first, the earliest among equals; twice, as a turn is taken again."""
    turns = Turns(1, 4)
    for _ in range(2):
        await turns.acquire(9)
        tasks = await begun(turns, 2, 1, 1, 0)
        for number in (3, 1, 2, 0):
            assert not tasks[number].done()
            turns.release()
            await settled(tasks)
            assert tasks[number].done()
        turns.release()


async def test_a_full_queue_refuses_those_that_come_last() -> None:
    """A newcomer with a lower priority replaces the last one; an equal one is refused."""
    turns = Turns(2, 2)
    assert [True, True] == await settled(await begun(turns, 5, 5))
    waiting = await begun(turns, 3, 2)
    with pytest.raises(TooManyWaiting):
        await turns.acquire(3)
    first = await begun(turns, 0)
    with pytest.raises(TooManyWaiting):
        await waiting[0]
    turns.release()
    turns.release()
    assert [True, True] == await settled([*first, waiting[1]])


async def test_who_is_cancelled_keeps_no_turn() -> None:
    """Whether still waiting or just chosen: the next one takes it, then the turn is free."""
    turns = Turns(1, 3)
    await turns.acquire(0)
    leaving, chosen, last = await begun(turns, 1, 2, 3)
    leaving.cancel()
    await settled([leaving])
    turns.release()
    chosen.cancel()
    assert [True, True, True] == await settled([leaving, chosen, last])
    assert [True, True, False] == [task.cancelled() for task in (leaving, chosen, last)]
    turns.release()
    await turns.acquire(0)


async def test_who_is_refused_and_cancelled_gives_nothing_back() -> None:
    """A turn that was never taken is not released."""
    turns = Turns(1, 1)
    await turns.acquire(0)
    (waiting,) = await begun(turns, 2)
    (first,) = await begun(turns, 1)
    waiting.cancel()
    assert [True, False] == await settled([waiting, first])
    turns.release()
    assert [True] == await settled([first])
    assert [False] == await settled(await begun(turns, 0))

"""Who begins first when thousands of sites are new."""

from __future__ import annotations

import asyncio

from exporter.polling.first_polls import FirstPolls
from tests.loop_clock import hold


async def test_a_slow_poll_makes_room() -> None:
    """A site that hangs keeps its place for a moment, not until its deadline."""
    first_polls = FirstPolls(1, patience=0)
    async with first_polls.place(), asyncio.timeout(60), first_polls.place():
        pass


async def test_a_place_is_given_back_once() -> None:
    """Who has made room has nothing to give back at the end: the places do not become more."""
    clock = hold()
    first_polls = FirstPolls(1, patience=60)
    async with first_polls.place():
        clock.leap(60)
        async with asyncio.timeout(30), first_polls.place():
            pass
    async with first_polls.place():
        waiting = asyncio.create_task(first_polls.place().__aenter__())
        for _ in range(20):
            await asyncio.sleep(0)
        assert not waiting.done()
        waiting.cancel()

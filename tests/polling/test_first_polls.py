"""Who begins first when thousands of sites are new."""

from __future__ import annotations

import asyncio

from exporter.polling.first_polls import FirstPolls


async def test_a_slow_poll_makes_room() -> None:
    """A site that hangs keeps its place for a moment, not until its deadline."""
    first_polls = FirstPolls(1, patience=0)
    async with first_polls.place(), asyncio.timeout(60), first_polls.place():
        pass


async def test_a_place_is_given_back_once() -> None:
    """Who has made room has nothing to give back at the end: the places do not become more."""
    first_polls = FirstPolls(1, patience=0)
    async with first_polls.place(), first_polls.place():
        pass
    await first_polls._places.acquire()
    assert first_polls._places.locked()

"""The first polls of thousands of sites: not all at once, and not one behind a site that hangs."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# How many first polls begin at once, over all sites, and how long each keeps its place, in seconds.
PLACES = 50
PATIENCE = 1.0


class FirstPolls:
    """Places for polls that begin together; a slow poll makes room before it ends."""

    def __init__(self, places: int = PLACES, patience: float = PATIENCE) -> None:
        """Let ``places`` polls begin; each of them counts for ``patience`` seconds at most."""
        self._places = asyncio.Semaphore(places)
        self._patience = patience

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place, and have it until the end or the patience is over."""
        await self._places.acquire()
        with ExitStack() as held:
            held.callback(self._places.release)
            late = asyncio.get_running_loop().call_later(self._patience, held.close)
            held.callback(late.cancel)
            yield

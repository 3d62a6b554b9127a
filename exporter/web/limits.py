"""Limits of parallel requests, one for each kind of page, so that no kind can exhaust another's.

A limit counts requests whose response is being prepared. Responses that only wait for their clients
to read them are limited by connections and bytes instead.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager, contextmanager
from functools import wraps
from typing import TYPE_CHECKING, cast

from aiohttp import hdrs, web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from exporter.web.connection import Connection

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# Requests for the pages wait for a short time, so nearly all of a crowd may wait.
_PAGES = 40
# A filtered scrape is rendered for one client alone.
_FILTERED = 20
# Preparing a few responses in each iteration of the event loop keeps the iteration short.
_PARALLEL = 2


class Limit:
    """At most ``parallel`` requests run and ``waiting`` more wait, in the order of arrival.

    If requests may wait, each holds its slot for an iteration of the event loop at least, so that
    other connections are served in between.
    """

    def __init__(self, name: str, parallel: int, waiting: int = 0) -> None:
        """Create a limit; ``name`` is the plural that the 503 response uses for the requests."""
        self._name = name
        self._most = parallel + waiting
        self._yields = waiting > 0
        self._present = 0
        self._running = asyncio.Semaphore(parallel)

    def __call__(self, handler: Handler) -> Handler:
        """Return ``handler`` with this limit."""

        @wraps(handler)
        async def limited(request: web.Request) -> web.StreamResponse:
            async with self.slot(request):
                return await handler(request)

        return limited

    @asynccontextmanager
    async def slot(self, request: web.Request) -> AsyncIterator[None]:
        """Hold a slot of the limit; wait for it as long as the client is connected.

        Raises:
            HTTPServiceUnavailable: So many requests run or wait already.
        """
        if self._present >= self._most:
            raise unavailable(f"too many parallel {self._name}: the limit is {self._most}")
        self._present += 1
        try:
            await self._turn(request)
            try:
                if self._yields:
                    await asyncio.sleep(0)
                yield
            finally:
                self._running.release()
        finally:
            self._present -= 1

    async def _turn(self, request: web.Request) -> None:
        if self._running.locked():
            with while_connected(request):
                await self._running.acquire()
        else:
            await self._running.acquire()


class SharedLimit:
    """At most ``most`` keys are in use; requests for a key that is in use share its slot.

    So that they do not take all connections, at most ``most`` requests share the slots of others.
    """

    def __init__(self, name: str, most: int) -> None:
        """Create a limit; ``name`` is the plural that the 503 response uses for the requests."""
        self._name = name
        self._most = most
        self._requests: Counter[str] = Counter()

    @contextmanager
    def slot(self, key: str) -> Iterator[None]:
        """Hold the slot of a key.

        Raises:
            HTTPServiceUnavailable: No further key, or no further request, may be in use.
        """
        keys = len(self._requests)
        sharing = self._requests.total() - keys
        if (sharing if key in self._requests else keys) >= self._most:
            raise unavailable(f"too many parallel {self._name}: the limit is {self._most}")
        self._requests[key] += 1
        try:
            yield
        finally:
            self._requests[key] -= 1
            if not self._requests[key]:
                del self._requests[key]


class Limits:
    """The limits of one server."""

    def __init__(self, max_requests: int) -> None:
        """Create a limit of ``max_requests`` scrapes, one of as many probes, and those of pages."""
        self.scrapes = Limit("scrapes", max_requests)
        self.filtered_scrapes = Limit("filtered scrapes", 1, _FILTERED - 1)
        self.probes = SharedLimit("probes", max_requests)
        # Of a site that has been polled for a probe: the probe holds its own slot meanwhile.
        self.renderings = asyncio.Semaphore(_PARALLEL)
        self.pages = Limit("requests for pages", _PARALLEL, _PAGES - _PARALLEL)


@contextmanager
def while_connected(request: web.Request) -> Iterator[None]:
    """Cancel the current task if the client disconnects in this context; aiohttp expects that.

    A client that only stops sending counts as disconnected, as in Go's HTTP server: the two cannot
    be distinguished before a response is sent.
    """
    connection = cast("Connection", request.protocol)
    task = cast("asyncio.Task[object]", asyncio.current_task())
    connection.when_gone(task.cancel)
    try:
        yield
    finally:
        connection.when_gone(None)


def unavailable(problem: str) -> web.HTTPServiceUnavailable:
    """Return a response that refuses a request for now; raise it."""
    return web.HTTPServiceUnavailable(
        text=f"{problem}; retry later\n", headers={hdrs.RETRY_AFTER: "1"}
    )

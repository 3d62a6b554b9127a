"""When a source is polled: at once, then at a phase of its own in every interval, for ever."""

from __future__ import annotations

import asyncio
import logging
import math
import zlib
from typing import TYPE_CHECKING

from exporter.polling.backoff import BackingOff
from exporter.polling.poll import Poll
from exporter.polling.site import Cycle
from exporter.polling.source import Outcome
from exporter.whmcs.errors import ApiError, bare

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from exporter.polling.clock import Clock
    from exporter.polling.poll import Publisher
    from exporter.polling.reporter import Reporter
    from exporter.polling.site import Site, Telemetry
    from exporter.polling.source import Source

log = logging.getLogger(__name__)

# A poll ends before the next one is due, with time left to publish it.
_CYCLE = 0.95
# How far behind its own plan a poller may be before it counts as stuck, in seconds.
_GRACE = 30.0
# Polls begin at multiples of this, in seconds, so that those of thousands of sites begin a few at a
# time: while the processor's caches are warm, a poll takes a quarter less.
_TICK = 0.25
# Whoever asks, no source is polled again sooner, in seconds: the shortest interval there is.
_LEAST_AGE = 1.0


class Poller:
    """Polls one source of one site; the polls of one poller never overlap."""

    def __init__(
        self,
        site: Site,
        source: Source,
        *,
        interval: float,
        clock: Clock,
        publisher: Publisher,
        telemetry: Telemetry,
        first_polls: Callable[[], AbstractAsyncContextManager[object]],
        reporter: Reporter,
    ) -> None:
        """Poll every ``interval`` seconds; ``first_polls`` bounds the polls at the start."""
        self.site = site.name
        self.source = source.name
        self.expected_by = math.inf
        self._site = site
        self._source = source
        self._interval = interval
        self._clock = clock
        self._publisher = publisher
        self._telemetry = telemetry
        self._first_polls = first_polls
        self._reporter = reporter
        self._due = math.inf
        self._ended = -math.inf
        # Only between two polls: ends the wait for the next one.
        self._pause: asyncio.Timeout | None = None
        # Made by the first who waits for the end of a poll.
        self._end: asyncio.Future[None] | None = None

    @property
    def due(self) -> float | None:
        """When the next poll begins, monotonic; None before the first and during one."""
        return self._due if self._pause is not None else None

    @property
    def stuck(self) -> bool:
        """Whether the poller is behind its own plan: something in here waits without an end."""
        return self._clock.monotonic() > self.expected_by

    async def run(self) -> None:
        """Poll until cancelled; any error but ``ApiError`` and ``BackingOff`` is a bug."""
        self._due = _tick(self._clock.monotonic() + phase(self.site, self.source) * self._interval)
        try:
            await self.poll_first()
            while True:
                self._due = self._next(self._due)
                await self._wait()
                self._telemetry.lateness(max(0.0, self._clock.monotonic() - self._due))
                await self.poll()
                self._due += self._interval
        finally:
            self._tell_the_end()

    async def poll_unless_younger(self, max_age: float | None) -> None:
        """Have the source polled now, unless its last poll ended within ``max_age`` seconds.

        None means the interval. It is ``run`` that polls: a poll under way serves all who ask
        meanwhile, and the next one of the plan comes an interval after the one that was asked for.
        A poll that failed is a poll: who asks again gets its failure, not another call.
        """
        max_age = self._interval if max_age is None else max(max_age, _LEAST_AGE)
        now = self._clock.monotonic()
        if self._pause is not None:
            if now - self._ended <= max_age:
                return
            self._pause.reschedule(-math.inf)
            self._pause, self._due = None, now
        if self._end is None:
            self._end = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._end)

    async def poll_first(self) -> None:
        """Poll once, when the other first polls leave room."""
        async with self._first_polls():
            await self.poll()

    async def poll(self) -> None:
        """Poll once and publish what came of it."""
        started = self._clock.monotonic()
        self.expected_by = started + self._interval + _GRACE
        cycle = Cycle(self._site, self.source, started + _CYCLE * self._interval)
        outcome = await self._outcome(cycle)
        ended = self._clock.monotonic()
        error = _first(outcome.failed)
        held = isinstance(error, BackingOff) and not outcome.readings
        published = self._publisher.publish(
            Poll(
                site=self.site,
                source=self.source,
                outcome=outcome,
                error=error,
                ended=ended,
                ended_at=self._clock.time(),
                duration=None if held else ended - started,
                tally=self._site.tally(),
            )
        )
        self._reporter.report(published)
        self._ended = ended
        self._tell_the_end()

    def _tell_the_end(self) -> None:
        if self._end is not None:
            self._end.set_result(None)
            self._end = None

    async def _outcome(self, cycle: Cycle) -> Outcome:
        try:
            return await self._source.poll(cycle)
        except (ApiError, BackingOff) as error:
            return Outcome(readings={}, failed=(bare(error),))

    def _next(self, due: float) -> float:
        """Return the first due time that is not over: missed ones are skipped, not made up."""
        behind = self._clock.monotonic() - due
        return due + max(0, math.ceil(behind / self._interval)) * self._interval

    async def _wait(self) -> None:
        """Wait until a poll is due, or somebody asks for one."""
        self.expected_by = self._due + _GRACE
        try:
            async with asyncio.timeout(None) as self._pause:
                await self._clock.sleep(max(0.0, self._due - self._clock.monotonic()))
        except TimeoutError:
            log.debug("poll asked for", extra={"site": self.site, "source": self.source})
        finally:
            self._pause = None


def _tick(moment: float) -> float:
    return math.ceil(moment / _TICK) * _TICK


def phase(site: str, source: str) -> float:
    """Return a source's place in its interval, from just above 0 to 1: the same after a restart."""
    return (zlib.crc32(f"{site}\0{source}".encode("utf-8", "replace")) + 1) / 2**32


def _first(failed: tuple[ApiError | BackingOff, ...]) -> ApiError | BackingOff | None:
    """Return the failure that explains most: one that happened before one that was held back."""
    return next(
        (failure for failure in failed if isinstance(failure, ApiError)), next(iter(failed), None)
    )

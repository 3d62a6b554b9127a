"""The composition root: configured sites in, running parts out.

The only module that knows all rooms. Whatever ends unexpectedly ends the process: a poller that
died in silence would leave numbers that look fine.
"""

from __future__ import annotations

import asyncio
import math
import os
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from exporter import __version__, assembly
from exporter.exposition.exposition import Exposition
from exporter.exposition.formats import TEXT
from exporter.exposition.telemetry import Telemetry
from exporter.polling import demand
from exporter.polling.backoff_registry import BackoffRegistry
from exporter.polling.clock import Clock, SystemClock
from exporter.polling.first_polls import FirstPolls
from exporter.polling.poller import Poller
from exporter.polling.reporter import Lines, Reporter
from exporter.polling.site import Site
from exporter.snapshots import Store
from exporter.whmcs.client import Client, open_session

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import aiohttp

    from exporter import config
    from exporter.polling.source import Source
    from exporter.snapshots import Snapshot

# Health checks may be frequent, and thousands of pollers are many to check.
_CHECK_SECONDS = 1.0
# A variable may hold bytes that are not UTF-8.
_REVISION = os.environ.get("WHMCS_EXPORTER_REVISION", "unknown").encode(errors="replace").decode()


@dataclass(frozen=True, slots=True)
class Polled:
    """One site as it is polled: what it was made of, and what came of it."""

    site: config.Site
    context: ssl.SSLContext | None
    calls: Site
    sources: Sequence[Source]
    pollers: Sequence[Poller]

    def is_of(self, site: config.Site, context: ssl.SSLContext | None) -> bool:
        """Tell whether a configuration would become the same again."""
        return self.site == site and self.context is context


class Exporter:
    """All parts of one exporter, wired."""

    version = __version__

    def __init__(
        self,
        sites: Iterable[config.Site],
        session: aiohttp.ClientSession,
        *,
        clock: Clock,
        process_metrics: bool,
        dropped_log_lines: Callable[[], int] = lambda: 0,
    ) -> None:
        """Make the parts for ``sites``; calls go through ``session``.

        ``configure`` does the same for thousands of sites without blocking the event loop.

        Raises:
            OSError: A certificate's file cannot be used.
        """
        self._session = session
        self._clock = clock
        self._telemetry = Telemetry(
            __version__,
            _REVISION,
            process_metrics=process_metrics,
            dropped_log_lines=dropped_log_lines,
        )
        self.exposition = Exposition(self._telemetry, clock)
        self._store = Store(self.exposition)
        self._contexts = assembly.Contexts()
        self._first_polls = FirstPolls()
        self._backoffs = BackoffRegistry(clock.monotonic)
        self._lines = Lines(clock)
        self._was_ready = False
        self._is_healthy, self._check_at = True, -math.inf
        self._group: asyncio.TaskGroup | None = None
        self._tasks: dict[str, list[asyncio.Task[None]]] = {}
        self._polled = {site.name: self._made(site) for site in sites}
        for polled in self._polled.values():
            self._begin(polled)
        self._telemetry.configured(len(self._polled), clock.time())

    async def run(self) -> None:
        """Poll until cancelled.

        Raises:
            BaseExceptionGroup: A poller failed in a way that nobody foresaw.
        """
        async with asyncio.TaskGroup() as self._group:
            self._group.create_task(self._lines.run())
            for polled in self._polled.values():
                self._start(polled)
            await asyncio.get_running_loop().create_future()

    async def configure(self, sites: Iterable[config.Site]) -> None:
        """Go on with other sites.

        Unchanged sites keep their pollers, poll results, counters and backoffs. Changed sites are
        restarted, and the backoffs of their credentials end. Calls must not overlap.

        Raises:
            OSError: A certificate's file cannot be used; all goes on as before.
        """
        wanted: dict[str, Polled] = {}
        for site in sites:
            wanted[site.name] = self._kept(site) or self._made(site)
            # Thousands at once would let scrapes wait.
            await asyncio.sleep(0)
        gone = [name for name, each in self._polled.items() if wanted.get(name) is not each]
        new = [each for name, each in wanted.items() if self._polled.get(name) is not each]
        await self._stop(gone)
        for name in gone:
            if name not in wanted:
                self._store.forget(name)
        self._polled = wanted
        for polled in new:
            polled.calls.end_backoffs()
            self._begin(polled)
            self._start(polled)
            await asyncio.sleep(0)
        self._backoffs.prune()
        self._telemetry.configured(len(wanted), self._clock.time())

    def not_configured(self) -> None:
        """Note that another configuration was there, and could not be used."""
        self._telemetry.not_configured()

    def _kept(self, site: config.Site) -> Polled | None:
        polled = self._polled.get(site.name)
        return polled if polled and polled.is_of(site, self._contexts.of(site)) else None

    def _made(self, site: config.Site) -> Polled:
        context, sources = self._contexts.of(site), assembly.sources(site)
        endpoint = assembly.endpoint(site, context)
        calls = Site(
            site.name,
            Client(self._session, endpoint),
            timeout=site.timeout,
            max_concurrency=site.max_concurrency,
            clock=self._clock,
            telemetry=self._telemetry,
            host=self._backoffs.host(endpoint.url),
        )
        pollers = [self._poller(site, calls, source) for source in sources]
        return Polled(site, context, calls, sources, pollers)

    def _poller(self, site: config.Site, calls: Site, source: Source) -> Poller:
        return Poller(
            calls,
            source,
            interval=assembly.pace(site, source).interval,
            clock=self._clock,
            publisher=self._store,
            telemetry=self._telemetry,
            first_polls=self._first_polls.place,
            reporter=Reporter(site.name, source.name, self._lines),
        )

    def _begin(self, polled: Polled) -> None:
        self._store.begin(assembly.first_snapshot(polled.site, polled.sources))

    def _start(self, polled: Polled) -> None:
        if self._group is not None:
            tasks = [self._group.create_task(poller.run()) for poller in polled.pollers]
            self._tasks[polled.site.name] = tasks

    async def _stop(self, sites: Iterable[str]) -> None:
        tasks = [task for site in sites for task in self._tasks.pop(site, [])]
        for task in tasks:
            task.cancel()
        # Over before anything else begins: polls of one site never overlap.
        await asyncio.gather(*tasks, return_exceptions=True)

    async def poll_once(self, progress: Callable[[int], None]) -> None:
        """Poll every source once, and return when all of that has ended.

        ``progress`` is told how many are done, each time one is.
        """
        done = count(1)
        async with asyncio.TaskGroup() as group:
            for poller in self.pollers:
                poll = group.create_task(poller.poll_first())
                poll.add_done_callback(lambda _: progress(next(done)))
        self._lines.sum_up()

    @property
    def pollers(self) -> Sequence[Poller]:
        """Every poller."""
        return [poller for polled in self._polled.values() for poller in polled.pollers]

    def snapshots(self) -> Iterable[Snapshot]:
        """Return every site's snapshot."""
        return self._store.snapshots

    async def probe(self, site: str, max_age: float | None, seconds: float) -> Snapshot | None:
        """Return the snapshot of one site, polled anew where its last poll is older.

        ``max_age`` is in seconds, None each source's own interval; after ``seconds`` it is what is
        known then. None when there is no such site.
        """
        pollers = self._polled[site].pollers if site in self._polled else ()
        await demand.polled(pollers, max_age, seconds)
        return self._store.snapshot(site)

    def due(self) -> Mapping[tuple[str, str], float | None]:
        """Return when each source of each site is polled next; None where a poll is under way."""
        return {(poller.site, poller.source): poller.due for poller in self.pollers}

    def monotonic(self) -> float:
        """Return the time by which ages are told."""
        return self._clock.monotonic()

    def time(self) -> float:
        """Return Unix time."""
        return self._clock.time()

    def healthy(self) -> bool:
        """Return whether every poller made progress when that was last checked, within a second."""
        now = self._clock.monotonic()
        if now >= self._check_at:
            self._check_at = now + _CHECK_SECONDS
            self._is_healthy = not any(poller.stuck for poller in self.pollers)
        return self._is_healthy

    def ready(self) -> bool:
        """Tell whether the first poll of every source of every site has ended.

        Once so it stays so: a site that is added later is no reason to send scrapes away.
        """
        self._was_ready = self._was_ready or all(each.ready for each in self._store.snapshots)
        return self._was_ready

    def http_request(self, handler: str, code: int) -> None:
        """Note one answered request."""
        self._telemetry.http_request(handler, code)


async def collect(
    configuration: config.Config, progress: Callable[[int], None] = lambda _: None
) -> tuple[bytes, bool]:
    """Poll everything once; return the exposition as text 0.0.4, and whether all succeeded.

    ``progress`` is told how many sources are done, each time one is.

    The client library's metrics about the process are left out: they would tell of this short run,
    and clash with node_exporter's own in a textfile.
    """
    async with open_session(f"whmcs-exporter/{__version__}") as session:
        exporter = Exporter(
            configuration.sites, session, clock=SystemClock(), process_metrics=False
        )
        await exporter.poll_once(progress)
        states = [state for snapshot in exporter.snapshots() for state in snapshot.sources.values()]
        exposition = exporter.exposition.render(TEXT, compress=False)
        return exposition, all(state.success for state in states)

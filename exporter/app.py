"""The composition root: a configuration in, running parts out.

The only module that knows all rooms. Whatever ends unexpectedly ends the process: a poller that
died in silence would leave numbers that look fine.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from exporter import __version__, assembly
from exporter.exposition.exposition import Exposition
from exporter.exposition.formats import TEXT
from exporter.exposition.telemetry import Telemetry
from exporter.polling.clock import Clock, SystemClock
from exporter.polling.poller import Poller
from exporter.polling.site import Site
from exporter.snapshots import Store
from exporter.web.server import Pages, Server, WebOptions
from exporter.whmcs.client import Client, open_session

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Sequence

    import aiohttp

    from exporter import config
    from exporter.polling.source import Source
    from exporter.snapshots import Snapshot
    from exporter.web.listen import Address, Listener
    from exporter.web.protection import Protection

log = logging.getLogger(__name__)

# How many first polls are under way at once, over all sites.
_FIRST_POLLS = 50
_REVISION = os.environ.get("WHMCS_EXPORTER_REVISION", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What the command line says about serving."""

    addresses: Sequence[Address]
    web: WebOptions = field(default_factory=WebOptions)
    process_metrics: bool = True
    protection: Protection | None = None


class Exporter:
    """All parts of one running exporter, wired; the caller runs the pollers."""

    version = __version__

    def __init__(
        self,
        sites: Iterable[config.Site],
        session: aiohttp.ClientSession,
        *,
        clock: Clock,
        process_metrics: bool,
    ) -> None:
        """Make the parts for ``sites``; calls go through ``session``."""
        sites = tuple(sites)
        self._clock = clock
        self._telemetry = Telemetry(__version__, _REVISION, process_metrics=process_metrics)
        self._telemetry.configured(len(sites), clock.time())
        self.exposition = Exposition(self._telemetry, clock)
        sources = {site.name: assembly.sources(site) for site in sites}
        snapshots = (assembly.first_snapshot(site, sources[site.name]) for site in sites)
        self._store = Store(snapshots, self.exposition.update)
        # One context for all sites of one TLS configuration.
        self._contexts = cache(assembly.tls_context)
        self._first_polls = asyncio.Semaphore(_FIRST_POLLS)
        self.pollers = tuple(
            poller for site in sites for poller in self._pollers(site, sources[site.name], session)
        )

    def _pollers(
        self, site: config.Site, sources: Iterable[Source], session: aiohttp.ClientSession
    ) -> Iterable[Poller]:
        context = self.tls_context(site)
        calls = Site(
            site.name,
            Client(session, assembly.endpoint(site, context)),
            timeout=site.timeout,
            max_concurrency=site.max_concurrency,
            clock=self._clock,
            telemetry=self._telemetry,
        )
        for source in sources:
            yield Poller(
                calls,
                source,
                interval=site.interval,
                clock=self._clock,
                publisher=self._store,
                telemetry=self._telemetry,
                first_polls=self._first_polls,
            )

    def tls_context(self, site: config.Site) -> ssl.SSLContext | None:
        """Return the one that all sites of this TLS configuration share; None for plain HTTP."""
        urls = (site.url, site.proxy_url or "")
        if not any(url.lower().startswith("https:") for url in urls):
            return None
        return self._contexts(replace(site.tls_config, server_name=None))

    def snapshots(self) -> Iterable[Snapshot]:
        """Return every site's snapshot."""
        return self._store.snapshots

    def monotonic(self) -> float:
        """Return the time by which ages are told."""
        return self._clock.monotonic()

    def healthy(self) -> bool:
        """Tell whether every poller makes progress."""
        return not any(poller.stuck for poller in self.pollers)

    def ready(self) -> bool:
        """Tell whether the first poll of every source of every site has ended."""
        return all(snapshot.ready for snapshot in self._store.snapshots)

    def http_request(self, handler: str, code: int) -> None:
        """Note one answered request."""
        self._telemetry.http_request(handler, code)


async def serve(
    configuration: config.Config,
    options: ServeOptions,
    *,
    stop: asyncio.Event | None = None,
    started: Callable[[Sequence[Address]], None] = lambda _: None,
) -> None:
    """Poll and serve until SIGTERM, SIGINT or ``stop``.

    ``started`` is told the addresses once they are served.

    Raises:
        OSError: An address cannot be listened on.
        BaseExceptionGroup: A part failed in a way that nobody foresaw.
    """
    stop = stop or asyncio.Event()
    _stop_on_signals(stop)
    async with AsyncExitStack() as stack:
        listeners = [await _listen(address, stack) for address in options.addresses]
        session = await stack.enter_async_context(open_session(f"whmcs-exporter/{__version__}"))
        exporter = Exporter(
            configuration.sites,
            session,
            clock=SystemClock(),
            process_metrics=options.process_metrics,
        )
        pages = Pages(exporter, exporter.exposition, options.web)
        server = Server(
            pages.application(),
            [listener.socket for listener in listeners],
            protection=options.protection,
            max_connections=options.web.max_connections,
        )
        async with asyncio.TaskGroup() as group, server:
            running = [group.create_task(poller.run()) for poller in exporter.pollers]
            if options.protection is not None:
                running.append(group.create_task(options.protection.watch()))
            addresses = [listener.address for listener in listeners]
            for address in addresses:
                log.info("listening", extra={"address": str(address)})
            started(addresses)
            await stop.wait()
            log.info("stopping")
            for task in running:
                task.cancel()


async def collect(configuration: config.Config) -> tuple[bytes, bool]:
    """Poll everything once; return the exposition as text 0.0.4, and whether all succeeded.

    The client library's metrics about the process are left out: they would tell of this short run,
    and clash with node_exporter's own in a textfile.
    """
    async with open_session(f"whmcs-exporter/{__version__}") as session:
        exporter = Exporter(
            configuration.sites, session, clock=SystemClock(), process_metrics=False
        )
        async with asyncio.TaskGroup() as group:
            for poller in exporter.pollers:
                group.create_task(poller.poll_first())
        states = [state for snapshot in exporter.snapshots() for state in snapshot.sources.values()]
        exposition = exporter.exposition.render(TEXT, compress=False)
        return exposition, all(state.success for state in states)


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)


async def _listen(address: Address, stack: AsyncExitStack) -> Listener:
    try:
        # In a thread: a name may take its time to be resolved.
        listener = await asyncio.to_thread(address.open)
    except OSError as error:
        # Not every error of a socket names its address.
        raise OSError(f"cannot listen on {address}: {error.strerror}") from error
    stack.callback(listener.close)
    return listener

"""The exporter's read path before made-up sites: ``read_path.py PORT SITES DEPARTMENTS POLLS``.

All that a scrape passes is the real thing: connections, pages, exposition, store, telemetry. Before
each scrape so many polls are published, as pollers would; they were made beforehand.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import cycle, islice
from typing import TYPE_CHECKING

from fleet import Fleet

from exporter import __version__
from exporter.exposition.exposition import Exposition
from exporter.exposition.telemetry import Telemetry
from exporter.polling.clock import SystemClock
from exporter.snapshots import Store
from exporter.web.listen import Address
from exporter.web.pages import Pages, WebOptions
from exporter.web.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from exporter.snapshots import Snapshot

# Enough that no number is the one that it was a scrape before.
_POLLS = 4_000


class MadeUp:
    """An exporter whose sites are made up."""

    version = __version__

    def __init__(self, fleet: Fleet, polls: int) -> None:
        """Show a fleet, of which so many polls are published before each scrape."""
        self._clock = SystemClock()
        self._telemetry = Telemetry(__version__, "benchmark")
        self._telemetry.configured(len(fleet.names), self._clock.time())
        self.exposition = Exposition(self._telemetry, self._clock)
        self.store = Store(self.exposition)
        for snapshot in fleet.snapshots():
            self.store.begin(snapshot)
        self._polls_each = polls
        made = islice(fleet.polls(), max(_POLLS, 4 * polls) if polls else 0)
        self._polls = cycle(tuple(made))

    def snapshots(self) -> Iterable[Snapshot]:
        """Return every site's snapshot."""
        return self.store.snapshots

    def due(self) -> Mapping[tuple[str, str], float | None]:
        """Say nothing: nobody polls."""
        return {}

    def time(self) -> float:
        """Return Unix time."""
        return self._clock.time()

    async def probe(self, site: str, max_age: float | None, seconds: float) -> Snapshot | None:
        """Return what is known of one site."""
        del max_age, seconds
        return self.store.snapshot(site)

    def monotonic(self) -> float:
        """Return the time by which ages are told."""
        return self._clock.monotonic()

    def healthy(self) -> bool:
        """Say yes."""
        return True

    def ready(self) -> bool:
        """Say yes."""
        return True

    async def reload(self) -> str:
        """Read nothing, and find nothing wrong with it."""
        return ""

    def http_request(self, handler: str, code: int) -> None:
        """Note one answered request, and publish the polls that come before the next one."""
        self._telemetry.http_request(handler, code)
        for poll in islice(self._polls, self._polls_each):
            self.store.publish(poll)


async def serve(port: int, sites: int, departments: int, polls: int) -> None:
    """Serve until the process is ended."""
    exporter = MadeUp(Fleet(sites, departments), polls)
    options = WebOptions()
    application = Pages(exporter, exporter.exposition, options, exporter.reload).application()
    listener = Address("127.0.0.1", port).open()
    async with Server(application, [listener.socket], max_connections=options.max_connections):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(*map(int, sys.argv[1:])))

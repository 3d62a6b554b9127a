"""What an exposition shows, checked on its way as Prometheus would."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from exporter.exposition.exposition import Exposition
from exporter.exposition.formats import TEXT
from exporter.exposition.telemetry import Telemetry
from tests.exposition.sites import START
from tests.exposition_check import check
from tests.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Collection

    from exporter.exposition.formats import Format
    from exporter.snapshots import Snapshot


class Shown:
    """An exposition, its clock and its telemetry; every text that it yields was checked."""

    def __init__(self, *snapshots: Snapshot, now: float = START) -> None:
        """Show sites at a monotonic time."""
        self.clock = FakeClock(monotonic=now)
        self.telemetry = Telemetry("1.2.3", "abc", process_metrics=False)
        self.exposition = Exposition(self.telemetry, self.clock)
        for snapshot in snapshots:
            self.exposition.update(snapshot)

    def text(self, text_format: Format = TEXT) -> str:
        """Return everything; the compressed bytes say the same."""
        plain = self.exposition.render(text_format, compress=False)
        assert plain == gzip.decompress(self.exposition.render(text_format, compress=True))
        check(plain.decode())
        return plain.decode()

    def text_of_sites(self, text_format: Format = TEXT) -> str:
        """Return everything but the exporter's own metrics, which depend on where it runs."""
        own = text_format.encode(self.telemetry.registry).decode()
        text = self.text(text_format)
        assert text.endswith(own)
        return text.removesuffix(own)

    async def text_of(
        self,
        names: Collection[str] | None = None,
        text_format: Format = TEXT,
        *,
        sites: Collection[str] | None = None,
    ) -> str:
        """Return the samples of some names, of some sites."""
        plain, compressed = [
            await self.exposition.scrape_only(
                text_format, names=names, sites=sites, compress=compress
            )
            for compress in (False, True)
        ]
        assert plain == gzip.decompress(compressed)
        check(plain.decode())
        return plain.decode()

"""The bytes of ``/metrics``, kept from one change to the next.

Samples are encoded when a site changes, once per format in use, and joined when somebody asks for
the first time after a change. The exporter's own metrics change all the time, by being asked for
even; they are encoded at most once a second.
"""

from __future__ import annotations

import gzip
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from exporter.exposition.families import FAMILIES, View

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from prometheus_client.core import Metric

    from exporter.exposition.formats import Format
    from exporter.exposition.telemetry import Telemetry
    from exporter.polling.clock import Clock
    from exporter.snapshots import Snapshot

_OWN_METRICS_AGE = 1.0
# Level 1 takes a third of the default level's time for a sixth more bytes.
_GZIP_LEVEL = 1


class Body:
    """Bytes of an exposition, compressed once, when first asked for."""

    def __init__(self, plain: bytes) -> None:
        """Keep the bytes."""
        self.plain = plain

    @cached_property
    def gzipped(self) -> bytes:
        """The same, as one gzip member: members may follow one another."""
        return gzip.compress(self.plain, _GZIP_LEVEL, mtime=0)


@dataclass(slots=True)
class Written:
    """What is kept in one format: each site's samples by family, and what was joined of them."""

    headers: tuple[bytes, ...]
    samples: dict[str, tuple[bytes, ...]]
    sites: Body | None = None
    own: Body | None = None
    own_until: float = field(default=-math.inf)


class Exposition:
    """The current state of all sites, as text."""

    def __init__(self, telemetry: Telemetry, clock: Clock) -> None:
        """Begin without any site; ``telemetry`` has the exporter's own metrics."""
        self._telemetry = telemetry
        self._clock = clock
        self._snapshots: dict[str, Snapshot] = {}
        self._series: dict[str, int] = {}
        self._stale_at: dict[str, float] = {}
        self._next_stale = math.inf
        self._written: dict[Format, Written] = {}
        telemetry.series.set_function(lambda: sum(self._series.values()))

    def update(self, snapshot: Snapshot) -> None:
        """Take a site's new snapshot and encode it in every format that was ever asked for."""
        self._snapshots[snapshot.site] = snapshot
        now = self._clock.monotonic()
        stale_at = min(state.next_stale(now) for state in snapshot.sources.values())
        self._stale_at[snapshot.site] = stale_at
        # Perhaps too early, when this site's was the next: then the look at all finds none stale.
        self._next_stale = min(self._next_stale, stale_at)
        view = View.of(snapshot, now)
        self._series[snapshot.site] = view.series
        metrics = _metrics(view)
        for text_format, written in self._written.items():
            written.samples[snapshot.site] = text_format.samples(metrics)
            written.sites = None

    def forget(self, site: str) -> None:
        """Show nothing more of a site."""
        for kept in (self._snapshots, self._series, self._stale_at):
            del kept[site]
        for written in self._written.values():
            del written.samples[site]
            written.sites = None

    def render(self, text_format: Format, *, compress: bool) -> bytes:
        """Return the whole exposition, gzipped on demand."""
        written = self._current(text_format)
        bodies = (self._sites(written), self._own(text_format, written))
        return b"".join(body.gzipped if compress else body.plain for body in bodies)

    def render_only(self, text_format: Format, names: Collection[str]) -> bytes:
        """Return the samples of some names only, as the client library's ``name[]`` means it."""
        written = self._current(text_format)
        wanted = (family.name in names for family in FAMILIES)
        own = self._telemetry.registry.restricted_registry(names)
        return _join(written, wanted) + text_format.encode(own)

    def _current(self, text_format: Format) -> Written:
        """Return what is written in a format, with nothing in it that is stale by now."""
        now = self._clock.monotonic()
        if now > self._next_stale:
            self._withhold_stale(now)
        if text_format not in self._written:
            self._written[text_format] = self._write(text_format, now)
        return self._written[text_format]

    def _withhold_stale(self, now: float) -> None:
        for site, stale_at in tuple(self._stale_at.items()):
            if now > stale_at:
                self.update(self._snapshots[site])
        self._next_stale = min(self._stale_at.values(), default=math.inf)

    def _write(self, text_format: Format, now: float) -> Written:
        views = {site: View.of(snapshot, now) for site, snapshot in self._snapshots.items()}
        headers = text_format.headers([family.header() for family in FAMILIES])
        samples = {site: text_format.samples(_metrics(view)) for site, view in views.items()}
        return Written(headers, samples)

    def _sites(self, written: Written) -> Body:
        if written.sites is None:
            written.sites = Body(_join(written, (True for _ in FAMILIES)))
        return written.sites

    def _own(self, text_format: Format, written: Written) -> Body:
        now = self._clock.monotonic()
        if written.own is None or now >= written.own_until:
            written.own = Body(text_format.encode(self._telemetry.registry))
            written.own_until = now + _OWN_METRICS_AGE
        return written.own


def _metrics(view: View) -> list[Metric]:
    return [family.metric(view) for family in FAMILIES]


def _join(written: Written, wanted: Iterable[bool]) -> bytes:
    """Put all sites' samples of a family beneath its one header; leave out a family without any."""
    sites = zip(*written.samples.values(), strict=True)
    by_family = zip(wanted, written.headers, sites, strict=False)
    return b"".join(
        part
        for is_wanted, header, samples in by_family
        if is_wanted and any(samples)
        for part in (header, *samples)
    )

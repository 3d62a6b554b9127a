"""The bytes of ``/metrics``, kept from one change to the next.

A site's samples are encoded when they change, for both formats at once. What a scrape needs beside
them is made by the first one after a change, and kept for the others: its chunks compressed, then
the whole. The exporter's own metrics change all the time, by being asked for even; they are encoded
at most once a second.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exporter import threads
from exporter.exposition.chunks import Chunks
from exporter.exposition.compression import Piece, gzipped
from exporter.exposition.families import BLOCKS
from exporter.exposition.lines import Lines
from exporter.exposition.view import View

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from exporter.exposition.formats import Format
    from exporter.exposition.telemetry import Telemetry
    from exporter.polling.clock import Clock
    from exporter.snapshots import Snapshot

_OWN_METRICS_AGE = 1.0
# What one turn of the event loop may compress: about a millisecond's worth.
_LONG = 256 * 1024
# To join is so much faster.
_FASTER = 16


@dataclass(frozen=True, slots=True)
class Body:
    """An exposition as it is at one moment, still to be put together."""

    pieces: tuple[Piece, ...]
    compress: bool

    @property
    def is_long(self) -> bool:
        """Whether ``make`` takes longer than the event loop should wait."""
        total = sum(piece.size for piece in self.pieces)
        return self._uncompressed + total // _FASTER > _LONG

    @property
    def _uncompressed(self) -> int:
        if not self.compress:
            return 0
        return sum(piece.size for piece in self.pieces if not piece.is_compressed)

    def make(self) -> bytes:
        """Return the bytes."""
        if self.compress:
            return gzipped(self.pieces)
        return b"".join(part for piece in self.pieces for part in piece.parts)

    async def made(self) -> bytes:
        """Return the bytes without holding up the event loop."""
        return await threads.compute(self.make) if self.is_long else self.make()


@dataclass(slots=True)
class Site:
    """What is kept of one site: its lines, one entry a block, what they show, and until when."""

    view: View | None = None
    lines: tuple[Lines, ...] = (Lines(),) * len(BLOCKS)
    series: int = 0
    stale_at: float = math.inf


class Exposition:
    """The current state of all sites, as text."""

    def __init__(self, telemetry: Telemetry, clock: Clock) -> None:
        """Begin without any site; ``telemetry`` has the exporter's own metrics."""
        self._telemetry = telemetry
        self._clock = clock
        self._sites: dict[str, Site] = {}
        self._blocks = tuple(Chunks() for _ in BLOCKS)
        self._next_stale = math.inf
        self._headers: dict[Format, tuple[Piece | None, ...]] = {}
        self._own: dict[Format, Piece] = {}
        self._own_until = -math.inf
        # Of the newest state. A change begins an empty one: who still works on the state before it
        # fills a dictionary that nobody looks at any more.
        self._bodies: dict[tuple[Format, bool], bytes] = {}
        self._making = asyncio.Lock()
        telemetry.series.set_function(lambda: sum(site.series for site in self._sites.values()))

    def update(self, snapshot: Snapshot) -> None:
        """Take a site's new snapshot, and encode what changed in it; new sites come last."""
        if snapshot.site not in self._sites:
            self._sites[snapshot.site] = Site()
            for chunks in self._blocks:
                chunks.put(snapshot.site, b"")
        now = self._clock.monotonic()
        view = View.of(snapshot, now)
        site = self._sites[snapshot.site]
        site.series = view.series
        site.stale_at = min(state.next_stale(now) for state in snapshot.sources.values())
        # Perhaps too early, when this site's was the next: then the look at all finds none stale.
        self._next_stale = min(self._next_stale, site.stale_at)
        self._encode(site, view)
        site.view = view

    def forget(self, name: str) -> None:
        """Show a site no longer."""
        del self._sites[name]
        for chunks in self._blocks:
            chunks.remove(name)
        self._bodies = {}

    def __contains__(self, name: str) -> bool:
        """Tell whether there is a site of this name."""
        return name in self._sites

    def render(self, text_format: Format, *, compress: bool) -> bytes:
        """Return the whole exposition, gzipped on demand; the event loop waits meanwhile."""
        self._refresh()
        return self._body(text_format, compress=compress).make()

    def at_once(self, text_format: Format, *, compress: bool) -> bytes | None:
        """Return the same if it is there, or made in no time; None where the loop had to wait."""
        self._refresh()
        if (text_format, compress) not in self._bodies:
            # Who waits for a thread gets what it makes, though its pieces are compressed by now.
            if self._making.locked():
                return None
            body = self._body(text_format, compress=compress)
            if body.is_long:
                return None
            self._bodies[text_format, compress] = body.make()
        return self._bodies[text_format, compress]

    async def scrape(self, text_format: Format, *, compress: bool) -> bytes:
        """Return the same without holding up the event loop, and made once for all who wait."""
        kept = self.at_once(text_format, compress=compress)
        if kept is not None:
            return kept
        async with self._making:
            self._refresh()
            bodies = self._bodies
            if (text_format, compress) not in bodies:
                body = self._body(text_format, compress=compress)
                bodies[text_format, compress] = await body.made()
            return bodies[text_format, compress]

    async def scrape_only(
        self,
        text_format: Format,
        *,
        names: Collection[str] | None,
        sites: Collection[str] | None,
        compress: bool,
    ) -> bytes:
        """Return the samples of some names, of some sites, or of some names of some sites.

        None stands for all. ``names`` are those of samples, as the client library's ``name[]``
        means it; in OpenMetrics a site's histogram comes whole. With ``sites``, each a known one,
        the exporter's own metrics are left out: they belong to none.
        """
        self._refresh()
        pieces = self._pieces() if sites is None else self._pieces_of(sites)
        chosen = self._with_headers(text_format, pieces, names)
        registry = self._telemetry.registry
        own = registry.restricted_registry(names if names and sites is None else ())
        return await Body((*chosen, Piece(text_format.encode(own))), compress).made()

    def _encode(self, site: Site, view: View) -> None:
        name, changed = view.snapshot.site, view.changed(site.view)
        before = site.lines
        site.lines = tuple(
            lines.after(block, name, block.rows(view)) if block.reads in changed else lines
            for block, lines in zip(BLOCKS, before, strict=True)
        )
        for chunks, old, new in zip(self._blocks, before, site.lines, strict=True):
            if new is not old:
                chunks.put(name, new.text)
                self._bodies = {}

    def _refresh(self) -> None:
        """Withhold what is stale by now, and let the exporter's own metrics go after a second."""
        now = self._clock.monotonic()
        if now > self._next_stale:
            self._withhold_stale(now)
        if now >= self._own_until:
            self._own = {}
            self._own_until = now + _OWN_METRICS_AGE
            self._bodies = {}

    def _withhold_stale(self, now: float) -> None:
        for site in self._sites.values():
            if site.view is not None and now > site.stale_at:
                self.update(site.view.snapshot)
        self._next_stale = min((site.stale_at for site in self._sites.values()), default=math.inf)

    def _body(self, text_format: Format, *, compress: bool) -> Body:
        if text_format not in self._own:
            self._own[text_format] = Piece(text_format.encode(self._telemetry.registry))
        sites = self._with_headers(text_format, self._pieces(), None)
        return Body((*sites, self._own[text_format]), compress)

    def _pieces(self) -> Iterator[tuple[Piece, ...]]:
        """Yield what there is of each block."""
        return (tuple(chunks.pieces()) for chunks in self._blocks)

    def _pieces_of(self, names: Collection[str]) -> Iterator[tuple[Piece, ...]]:
        """Yield what there is of each block of some sites, in the order in which all come."""
        chosen = [site.lines for name, site in self._sites.items() if name in names]
        for lines in zip(*chosen, strict=True):
            piece = Piece(*(line.text for line in lines))
            yield (piece,) if piece.size else ()

    def _with_headers(
        self,
        text_format: Format,
        blocks: Iterable[tuple[Piece, ...]],
        names: Collection[str] | None,
    ) -> Iterator[Piece]:
        """Put each block beneath its header; leave out one without samples."""
        headers = self._headers_of(text_format)
        for block, header, pieces in zip(BLOCKS, headers, blocks, strict=True):
            if header and pieces and block.is_among(names):
                yield header
                yield from pieces

    def _headers_of(self, text_format: Format) -> tuple[Piece | None, ...]:
        """Return the header of each block; None of one that the format does not have."""
        if text_format not in self._headers:
            written = [block for block in BLOCKS if block.is_in(text_format)]
            headers = map(Piece, text_format.headers([block.header() for block in written]))
            of_block = dict(zip(written, headers, strict=True))
            self._headers[text_format] = tuple(map(of_block.get, BLOCKS))
        return self._headers[text_format]

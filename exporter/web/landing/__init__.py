"""The landing page: whole without a script, live with its own, and nothing from elsewhere."""

from __future__ import annotations

import heapq
import html
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from exporter.web import paths
from exporter.web.status import WORST_FIRST, statuses

if TYPE_CHECKING:
    from collections.abc import Generator

    from exporter.web.status import Moment, SiteStatus, SourceStatus

# So many rows a browser lays out at once, the worst first; of more the page says that there are.
ROWS = 100
_FOLDER = Path(__file__).parent
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_PAGE = Template((_FOLDER / "page.html").read_text("utf-8"))
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_NOTHING = "-"


@dataclass(frozen=True, slots=True)
class File:
    """A file of the page: its content type and its bytes."""

    content_type: str
    body: bytes


FILES = {
    f"{paths.STATIC}{path.name}": File(_TYPES[path.suffix], path.read_bytes())
    for path in sorted(_FOLDER.iterdir())
    if path.suffix in _TYPES
}
"""What the page needs beside itself, by path."""


def page_steps(moment: Moment, *, version: str, telemetry_path: str) -> Generator[None, None, str]:
    """Render the page as it is at a moment, and return it; each step reads one site.

    Text from elsewhere is escaped.
    """
    rows: list[tuple[SiteStatus, SourceStatus]] = []
    for site in statuses(moment):
        rows += ((site, source) for source in site.sources)
        yield
    return _PAGE.substitute(
        version=html.escape(version),
        telemetry_path=html.escape(telemetry_path),
        time=f"{datetime.fromtimestamp(moment.time, UTC):%Y-%m-%d %H:%M:%S} UTC",
        summary=_summary(rows),
        note=_note(len(rows)),
        rows="\n".join(_row(*row) for row in heapq.nsmallest(ROWS, rows, key=_worst_first)),
    )


def _worst_first(row: tuple[SiteStatus, SourceStatus]) -> tuple[int, str, str]:
    site, source = row
    return WORST_FIRST.index(source.state), site.site, source.source


def _summary(rows: list[tuple[SiteStatus, SourceStatus]]) -> str:
    sites = len({site.site for site, _ in rows})
    counts = Counter(source.state for _, source in rows)
    states = ", ".join(f"{counts[word]:,} {word}" for word in WORST_FIRST if counts[word])
    return f"{sites:,} sites with {len(rows):,} sources: {states}." if rows else "No sites."


def _note(rows: int) -> str:
    if rows <= ROWS:
        return ""
    return (
        f"The first {ROWS} of {rows:,} are shown, the worst first; "
        f'<a href="{paths.SITES}">the JSON has all</a>.'
    )


def _row(site: SiteStatus, source: SourceStatus) -> str:
    tickets = site.tickets if source.source == "ticket_counts" else None
    link = html.escape(f"{paths.PROBE}?{urlencode({'target': site.site}, errors='replace')}")
    cells = (
        html.escape(source.source),
        source.state,
        _why(source),
        "never" if source.age is None else f"{_span(source.age)} ago",
        _NOTHING if source.duration is None else f"{source.duration:,.2f} s",
        "now" if source.next_poll is None else f"in {_span(source.next_poll)}",
        f"{tickets.active:,}" if tickets else _NOTHING,
        f"{tickets.awaiting_reply:,}" if tickets else _NOTHING,
    )
    return (
        f'<tr class="{source.state}">'
        f'<th scope="row"><a href="{link}">{html.escape(site.site)}</a></th>'
        + "".join(f"<td>{cell}</td>" for cell in cells)
        + "</tr>"
    )


def _why(source: SourceStatus) -> str:
    if source.reason is None:
        return ""
    reason, error, hint = map(html.escape, (source.reason, source.error or "", source.hint or ""))
    return f"<strong>{reason}</strong> <span>{error}</span> <small>{hint}</small>"


def _span(seconds: float) -> str:
    """Return a length of time with its two largest units, as ``landing.js`` writes it."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY:,} d {whole % _DAY // _HOUR} h"

"""The state of every site, for people: as JSON, and as the landing page's table."""

from __future__ import annotations

import html
from dataclasses import asdict, dataclass
from string import Template
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exporter.snapshots import Snapshot, SourceState


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """One source of one site; times are Unix time, the rest seconds, unknown ones None.

    ``age`` is how long ago the last success was, whatever has happened to the machine's clock.
    """

    source: str
    success: bool | None
    reason: str | None
    error: str | None
    last_success: float | None
    age: float | None
    duration: float | None
    interval: float

    @classmethod
    def of(cls, state: SourceState, now: float) -> SourceStatus:
        """Look at a state at a monotonic time."""
        return cls(
            source=state.name,
            success=state.success,
            reason=state.reason,
            error=state.error,
            last_success=state.last_success,
            age=None if state.succeeded is None else now - state.succeeded,
            duration=state.duration,
            interval=state.interval,
        )


def as_json(snapshots: Iterable[Snapshot], now: float) -> dict[str, Any]:
    """Return what ``/api/v1/sites`` shows at a monotonic time: every site and its sources."""
    return {
        "sites": [
            {
                "site": snapshot.site,
                "sources": [
                    asdict(SourceStatus.of(state, now)) for state in snapshot.sources.values()
                ],
            }
            for snapshot in snapshots
        ]
    }


def as_page(snapshots: Iterable[Snapshot], now: float, *, version: str, telemetry_path: str) -> str:
    """Return the landing page at a monotonic time; what in it is not ours is escaped."""
    rows = (
        _row(snapshot.site, SourceStatus.of(state, now))
        for snapshot in snapshots
        for state in snapshot.sources.values()
    )
    return _PAGE.substitute(
        version=html.escape(version),
        telemetry_path=html.escape(telemetry_path),
        rows="\n".join(rows),
    )


def _row(site: str, status: SourceStatus) -> str:
    word, css = _STATES[status.success]
    cells = (
        site,
        status.source,
        word,
        status.reason or "",
        status.error or "",
        "never" if status.age is None else f"{_seconds(status.age)} ago",
        _seconds(status.duration),
        _seconds(status.interval),
    )
    return f'<tr class="{css}">' + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:,.2f} s"


_STATES = {
    None: ("first poll under way", "new"),
    True: ("ok", "ok"),
    False: ("failing", "bad"),
}
_PAGE = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5">
<title>WHMCS exporter</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid #ccc; padding: .3rem .6rem }
th, td { text-align: left; vertical-align: top; white-space: nowrap }
td:nth-child(1), td:nth-child(5) { overflow-wrap: anywhere; white-space: pre-wrap }
td:nth-child(1) { min-width: 8rem }
td:nth-child(5) { min-width: 16rem }
th:nth-child(n+6), td:nth-child(n+6) { text-align: right; font-variant-numeric: tabular-nums }
.ok td:nth-child(3) { color: #176317 }
.bad td:nth-child(3) { color: #a40000; font-weight: bold }
</style>
</head>
<body>
<h1>WHMCS exporter</h1>
<p>Tickets of WHMCS's support desks for Prometheus. Version $version.</p>
<ul>
<li><a href="$telemetry_path">Metrics</a></li>
<li><a href="/sd">Targets</a> for Prometheus</li>
<li><a href="/api/v1/sites">This table as JSON</a></li>
<li><a href="/-/healthy">Health</a>, <a href="/-/ready">readiness</a></li>
</ul>
<table>
<thead>
<tr><th>Site<th>Source<th>State<th>Reason<th>What was said<th>Last success<th>Took<th>Interval
</thead>
<tbody>
$rows
</tbody>
</table>
</body>
</html>
""")

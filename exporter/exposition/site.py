"""One site by itself, for a scraper that gives its series a label of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporter.exposition.families import BLOCKS
from exporter.exposition.formats import Metrics
from exporter.exposition.view import View

if TYPE_CHECKING:
    from exporter.exposition.formats import Format
    from exporter.snapshots import Snapshot


def render(snapshot: Snapshot, now: float, text_format: Format) -> bytes:
    """Return the families of a site at a monotonic time, without the label ``site``."""
    view = View.of(snapshot, now)
    blocks = (block for block in BLOCKS if block.is_in(text_format))
    metrics = (block.metric(None, block.rows(view)) for block in blocks)
    return text_format.encode(Metrics([metric for metric in metrics if metric.samples]))

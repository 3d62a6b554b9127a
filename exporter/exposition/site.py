"""One site by itself, for a scraper that gives its series a label of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.samples import Sample

from exporter.exposition.families import FAMILIES, View
from exporter.exposition.formats import Metrics

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from exporter.exposition.families import Family
    from exporter.exposition.formats import Format
    from exporter.snapshots import Snapshot


def render(snapshot: Snapshot, now: float, text_format: Format) -> bytes:
    """Return the families of a site at a monotonic time, without the label ``site``."""
    view = View.of(snapshot, now)
    metrics = (_unlabelled(family, view) for family in FAMILIES)
    return text_format.encode(Metrics([metric for metric in metrics if metric.samples]))


def _unlabelled(family: Family, view: View) -> Metric:
    metric = family.header()
    metric.samples = [
        Sample(family.name, dict(zip(family.labels, values, strict=True)), value)
        for values, value in family.rows(view)
    ]
    return metric

"""The tables of docs/metrics.md: the families in code, with samples of a simulated history.

``python -m tests.docs.metrics`` writes them into the page; a test holds that they stand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from exporter.exposition.families import FAMILIES
from exporter.exposition.telemetry import Telemetry
from tests.docs.pages import renew
from tests.docs.sample import README
from tests.history.exporting import Exporting
from tests.history.scenes import END, scenes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prometheus_client.metrics_core import Metric

PAGE = README.parent / "docs" / "metrics.md"
_INTERVAL = timedelta(minutes=1)
_SITES, _DEPARTMENTS = 5, 4
# What the samples are of; tests run on several versions.
_PYTHON = 'python_version="3.11.2"'


@dataclass(frozen=True, slots=True)
class Row:
    """One family: its name as samples have it, its type, its HELP text and its labels."""

    name: str
    type: str
    help: str
    labels: tuple[str, ...]


def own_families() -> dict[str, Metric]:
    """Return the families of the exporter's own registry, by the name of their samples."""
    registry = Telemetry("1", "2", process_metrics=False).registry
    suffixes = {"counter": "_total"}
    return {metric.name + suffixes.get(metric.type, ""): metric for metric in registry.collect()}


def families() -> set[str]:
    """Return the names of all families in code."""
    return {family.name for family in FAMILIES} | own_families().keys()


def histograms() -> set[str]:
    """Return the names of those whose samples have names of their own."""
    types: dict[str, str] = {each.name: each.type for each in FAMILIES}
    types |= {name: metric.type for name, metric in own_families().items()}
    return {name for name, kind in types.items() if "histogram" in kind}


def parts() -> dict[str, str]:
    """Return what is generated, by the name of its place in the page."""
    samples = _samples()
    rows = [Row(each.name, each.type, each.help, ("site", *each.labels)) for each in FAMILIES]
    for name, metric in own_families().items():
        labels = re.findall(r'(\w+)="', samples.get(name, ""))
        known = tuple(label for label in labels if label != "le")
        rows.append(Row(name, metric.type, metric.documentation, known))
    own = [row for row in rows if row.name.startswith("whmcs_exporter_")]
    collection = [row for row in rows if re.match("whmcs_(up$|source_|api_)", row.name)]
    tickets = [row for row in rows if row not in own + collection]
    return {
        "tickets": _shown(tickets, samples),
        "collection": _shown(collection, samples),
        "exporter": _shown(own, samples),
    }


def _shown(rows: Sequence[Row], samples: dict[str, str]) -> str:
    table = ["| family | type | labels | meaning |", "|---|---|---|---|"]
    for row in rows:
        about = row.help.replace("*", r"\*")
        table.append(f"| `{row.name}` | {row.type} | {', '.join(row.labels)} | {about} |")
    examples = [samples[row.name] for row in rows if row.name in samples]
    return "\n".join([*table, "", "For example:", "", "```", *examples, "```"])


def _samples() -> dict[str, str]:
    """Return the first line of each family: of a histogram, that of a bucket."""
    begin = END - _INTERVAL
    exporting = Exporting(scenes(begin, _SITES, _DEPARTMENTS), begin, _INTERVAL.total_seconds())
    exporting.poll(begin)
    exporting.poll(END)
    found: dict[str, str] = {}
    for line in exporting.samples():
        text = re.sub('python_version="[^"]*"', _PYTHON, line.decode())
        found.setdefault(re.split("[{ ]", text)[0].removesuffix("_bucket"), text)
    return found


if __name__ == "__main__":
    renew(PAGE, parts())

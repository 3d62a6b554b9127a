"""The series of a file in client_python's own gauges and server: ``client_python.py PORT FILE``."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import Gauge, start_http_server
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from prometheus_client.core import Metric


def register(metric: Metric) -> None:
    """Make a gauge of a family: a counter cannot be set, and costs the same."""
    first = metric.samples[0]
    gauge = Gauge(first.name, metric.documentation, list(first.labels))
    for sample in metric.samples:
        gauge.labels(**sample.labels).set(sample.value)


def main(port: int, path: Path) -> None:
    """Serve until the process is ended."""
    for metric in text_string_to_metric_families(path.read_text("utf-8")):
        register(metric)
    start_http_server(port, "127.0.0.1")
    threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))

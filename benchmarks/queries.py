"""How long the boards' queries take on the history of many sites.

Makes 22 days of 200 sites (one of them with 60 departments), starts a Prometheus on it, and asks
every query of every board as Grafana would, three times; the middle one counts. The slowest are
printed. Needs ``prometheus`` and ``promtool``, 2 GB in the folder for temporary files while it
prepares, and two minutes: ``python benchmarks/queries.py``.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tests.grafana import boards
from tests.grafana.choices import EXPORTER, FLEET, SITE
from tests.grafana.interpolation import interpolate
from tests.history.backfill import Plan, make
from tests.history.prometheus import HistoryPrometheus
from tests.process.program import launched
from tests.tools import tool

PLAN = Plan(sites=200, departments=60, step=timedelta(minutes=30), replicas=("exporter-a:9942",))
ROUNDS = 3
_SHOWN = 12
CHOICES = {
    "whmcs-fleet": FLEET,
    "whmcs-site": SITE | {"site": "globex"},
    "whmcs-exporter": EXPORTER | {"instance": PLAN.replicas},
}


def measure(prometheus: HistoryPrometheus) -> list[tuple[float, str]]:
    """Return milliseconds and name of each query, the slowest first."""
    found = []
    for uid, choice in CHOICES.items():
        board = boards.BOARDS[uid]
        for query in boards.queries(board):
            sent = interpolate(query.expression, choice, query.span, PLAN.step)
            ready = replace(query, expression=sent)
            taken = statistics.median(_once(prometheus, ready) for _ in range(ROUNDS))
            found.append((taken * 1000, f"{uid}: {query.panel} {query.ref}"))
    return sorted(found, reverse=True)


def _once(prometheus: HistoryPrometheus, query: boards.Query) -> float:
    started = time.monotonic()
    if query.instant:
        prometheus.now(query.expression, query.span.end)
    else:
        prometheus.over(query.expression, query.span)
    return time.monotonic() - started


def main() -> None:
    """Prepare, measure, print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.process_time()
        history = make(PLAN, folder)
        print(f"made in {time.process_time() - started:.0f} s of CPU, without promtool's")
        with (
            launched(folder) as launcher,
            closing(
                HistoryPrometheus.start(
                    tool("prometheus"),
                    launcher,
                    _made(folder / "prometheus"),
                    history.storage,
                    PLAN.step,
                )
            ) as prometheus,
        ):
            found = measure(prometheus)
    print(f"{len(found)} queries at a load of {os.getloadavg()[0]:.1f}; the slowest, ms:")
    for milliseconds, query in found[:_SHOWN]:
        print(f"{milliseconds:8.0f}  {query}")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main()

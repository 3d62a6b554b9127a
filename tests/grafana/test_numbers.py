"""The numbers of the Exporter dashboard and of the waiting panels, for samples that are known.

Neither has its numbers in the history of the other tests; promtool evaluates the queries instead.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.grafana.boards import BOARDS, drawn, queries
from tests.grafana.interpolation import All, Choice, interpolate
from tests.rules.promtool import VERSIONS, promtool, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.grafana.boards import Query

CASES: dict[str, dict[str, dict[str, Any]]] = yaml.load(
    Path(__file__).with_name("numbers.yml").read_text(encoding="utf-8"),
    yaml.BaseLoader,  # noqa: S506 - makes nothing but strings: promtool's 0x70 is no number
)
CHOSEN: dict[str, Choice] = {
    "job": ("whmcs",),
    "instance": ("a", "b", "c"),
    "site": All(".+"),
    "department": All(".+"),
}
SCRAPED_EVERY = timedelta(minutes=1)


def test_every_query_has_a_case() -> None:
    """A new query of the Exporter dashboard, or about waiting, comes with its numbers."""
    waiting = {
        panel["title"]
        for panel in drawn(BOARDS["whmcs-site"])
        if "_oldest_awaiting_reply" in str(panel) or "_awaiting_reply_age" in str(panel)
    }
    asked = [*queries(BOARDS["whmcs-exporter"]), *queries(BOARDS["whmcs-site"])]
    exporters = {panel["title"] for panel in drawn(BOARDS["whmcs-exporter"])}
    expected = {(each.panel, each.ref) for each in asked if each.panel in waiting | exporters}
    found = {
        (panel, ref)
        for panels in CASES.values()
        for panel in panels
        for ref in panels[panel]["shows"]
    }
    assert expected == found


@pytest.mark.parametrize("version", VERSIONS)
def test_panels_show_the_numbers(version: str, tmp_path: Path) -> None:
    """Each query finds exactly what its case says."""
    path = tmp_path / "numbers.yml"
    path.write_text(json.dumps({"evaluation_interval": "1m", "tests": list(cases())}))
    done = run(promtool(version), "test", "rules", path)
    assert 0 == done.returncode, done.stdout + done.stderr


def cases() -> Iterator[dict[str, Any]]:
    """Yield promtool's test of each panel."""
    for uid, panels in CASES.items():
        for query in queries(BOARDS[uid]):
            if query.panel in panels:
                yield promtools_test(query, panels[query.panel])


def promtools_test(query: Query, case: dict[str, Any]) -> dict[str, Any]:
    """Return a query's test, in promtool's format."""
    expression = interpolate(query.expression, CHOSEN, query.span, SCRAPED_EVERY)
    samples = [
        {"labels": labels, "value": float(value)}
        for labels, value in case["shows"][query.ref].items()
    ]
    # Ratios of rates are not exact.
    rounded = f"round({expression}, 0.0001)"
    return {
        "name": f"{query.panel} {query.ref}",
        "interval": "1m",
        "input_series": [
            {"series": name, "values": text} for name, text in case["samples"].items()
        ],
        "promql_expr_test": [{"expr": rounded, "eval_time": "60m", "exp_samples": samples}],
    }

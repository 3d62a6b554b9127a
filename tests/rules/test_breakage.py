"""The cases are worth something: they fail when a rule is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rules.breakage import broken, broken_alert
from tests.rules.promtool import promtool, run
from tests.rules.rules import alerts, records, write_cases

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rules.rules import Rule

SLIPS = [
    pytest.param(name, rule, id=f"{name}: {slip}")
    for name, alert in alerts().items()
    for slip, rule in broken_alert(alert)
]
RECORD_SLIPS = [
    pytest.param(name, rule, id=f"{rule['record']} for {name}: {slip}")
    for name, alert in alerts().items()
    for record in records().values()
    if record["record"] in alert["expr"]
    for slip, rule in broken(record)
]


@pytest.mark.parametrize("alert", alerts())
def test_cases_hold_for_an_alert_alone(alert: str, tmp_path: Path) -> None:
    """What the other tests break is whole to begin with."""
    assert 0 == _tried(tmp_path, alert, *records().values(), alerts()[alert])


@pytest.mark.parametrize(("alert", "rule"), SLIPS)
def test_a_broken_alert_is_noticed(alert: str, rule: Rule, tmp_path: Path) -> None:
    """A wrong comparison, operator, threshold or wait fails a case."""
    assert 0 != _tried(tmp_path, alert, *records().values(), rule)


@pytest.mark.parametrize(("alert", "rule"), RECORD_SLIPS)
def test_a_broken_record_is_noticed(alert: str, rule: Rule, tmp_path: Path) -> None:
    """A slip in a recording rule fails a case of each alert that uses it."""
    rules = records() | {rule["record"]: rule}
    assert 0 != _tried(tmp_path, alert, *rules.values(), alerts()[alert])


def _tried(folder: Path, alert: str, *rules: Rule) -> int:
    """Return promtool's exit code for the cases of an alert and these rules alone."""
    path = write_cases(folder, alert, rules)
    return run(promtool("promtool"), "test", "rules", path).returncode

"""The cases of an alert fail when one of its rules has an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rules.breakage import broken, broken_alert
from tests.rules.promtool import passing
from tests.rules.rules import alerts, cases, records, write_cases, write_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.rules.rules import Rule

Rules = list["Rule"]
# Their cases span weeks, which takes promtool half a second for each error.
OVER_WEEKS = {"WHMCSAwaitingReplyHigh", "WHMCSBacklogGrowing"}


def broken_alerts(alert: str) -> Iterator[tuple[str, Rules]]:
    """Yield rule files with one error each in an alert."""
    for name, wrong in broken_alert(alerts()[alert]):
        yield name, [*records().values(), wrong]


def broken_records(alert: str) -> Iterator[tuple[str, Rules]]:
    """Yield rule files with one error each in a record that an alert uses."""
    for record in records().values():
        if record["record"] in alerts()[alert]["expr"]:
            for name, wrong in broken(record):
                others = records() | {wrong["record"]: wrong}
                yield f"{wrong['record']}: {name}", [*others.values(), alerts()[alert]]


def surviving(folder: Path, alert: str, files: Mapping[str, Rules]) -> list[str]:
    """Return the names of the rule files for which all cases of the alert hold."""
    left = {
        write_rules(folder / str(number), rules): name
        for number, (name, rules) in enumerate(files.items())
    }
    for file in cases(alert):
        held = passing("promtool", [write_cases(file, rule_file) for rule_file in left])
        folders = {path.parent for path in held}
        left = {path: name for path, name in left.items() if path.parent in folders}
    return list(left.values())


@pytest.mark.parametrize("broken_rules", [broken_alerts, broken_records])
@pytest.mark.parametrize(
    "alert",
    [pytest.param(name, marks=pytest.mark.slow if name in OVER_WEEKS else ()) for name in alerts()],
)
def test_cases_detect_every_error(
    alert: str, broken_rules: Callable[[str], Iterator[tuple[str, Rules]]], tmp_path: Path
) -> None:
    """A wrong operator, or a threshold or duration that is 20 % off, fails a case.

    A new alert needs cases on both sides of each of its thresholds to pass.
    """
    correct = [*records().values(), alerts()[alert]]
    files = {"correct": correct, **dict(broken_rules(alert))}
    assert ["correct"] == surviving(tmp_path, alert, files)

"""Every alert fires when it should, stays silent when it should, and says what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rules.promtool import VERSIONS, promtool, run
from tests.rules.rules import CASES, RULES, alerts, cases

if TYPE_CHECKING:
    from pathlib import Path

FILES = set(CASES.iterdir())
# Evaluated for weeks, or every few minutes of one.
LONG = {*CASES.glob("*.for.yml"), *CASES.glob("*.weeks.yml")}
slow = pytest.mark.slow


@pytest.mark.parametrize("version", VERSIONS)
def test_the_rules_are_good(version: str) -> None:
    """Promtool finds no fault in the rule file."""
    done = run(promtool(version), "check", "rules", RULES)
    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "files",
    [
        pytest.param(FILES - LONG, id="quick"),
        pytest.param(LONG, id="long", marks=slow),
    ],
)
def test_alerts_keep_to_their_cases(files: set[Path], version: str) -> None:
    """Firing, silent, two exporters, a blip, recovery, removed sites, and every limit."""
    done = run(promtool(version), "test", "rules", *sorted(files))
    assert 0 == done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("alert", alerts())
def test_every_alert_has_cases(alert: str) -> None:
    """A new alert comes with cases."""
    assert cases(alert)


def test_every_file_of_cases_belongs_to_an_alert() -> None:
    """No case remains of an alert that was renamed or removed."""
    assert FILES == {file for alert in alerts() for file in cases(alert)}

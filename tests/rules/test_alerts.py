"""Every alert fires when it should, stays silent when it should, and says what it says."""

from __future__ import annotations

import pytest

from tests.rules.promtool import VERSIONS, promtool, run
from tests.rules.rules import RULES, alerts, cases


@pytest.mark.parametrize("version", VERSIONS)
def test_the_rules_are_good(version: str) -> None:
    """Promtool finds no fault in the rule file."""
    done = run(promtool(version), "check", "rules", RULES)
    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("alert", alerts())
def test_an_alert_keeps_to_its_cases(alert: str, version: str) -> None:
    """Firing, silent, two exporters, a blip, recovery, and sites that vanish."""
    done = run(promtool(version), "test", "rules", cases(alert))
    assert 0 == done.returncode, done.stdout + done.stderr


def test_every_file_of_cases_is_an_alerts() -> None:
    """No case is left behind by an alert that was renamed."""
    folder = cases("any").parent
    assert alerts().keys() == {path.stem for path in folder.iterdir()}

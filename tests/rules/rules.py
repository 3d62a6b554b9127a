"""The rules as Prometheus reads them, and the cases that they are held against."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy" / "prometheus"
RULES = DEPLOY / "rules" / "whmcs.rules.yml"
RUNBOOKS = ROOT / "docs" / "runbooks"

_AS_CASES_NAME_IT = "../../../deploy/prometheus/rules/whmcs.rules.yml"

Rule = dict[str, Any]


def groups() -> list[dict[str, Any]]:
    """Return the groups of the rule file."""
    loaded: list[dict[str, Any]] = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return loaded


def records() -> dict[str, Rule]:
    """Return the recording rules by name."""
    return {rule["record"]: rule for rule in _rules() if "record" in rule}


def alerts() -> dict[str, Rule]:
    """Return the alert rules by name."""
    return {rule["alert"]: rule for rule in _rules() if "alert" in rule}


def cases(alert: str) -> Path:
    """Return the file with the cases of an alert, in promtool's format for tests."""
    return Path(__file__).parent / "cases" / f"{alert}.yml"


def write_cases(folder: Path, alert: str, rules: Iterable[Rule]) -> Path:
    """Write an alert's cases so that they test other rules, all in one group."""
    rule_file = folder / "rules.yml"
    rule_file.write_text(
        yaml.safe_dump({"groups": [{"name": "whmcs", "rules": list(rules)}]}), encoding="utf-8"
    )
    path = folder / "cases.yml"
    text = cases(alert).read_text(encoding="utf-8")
    path.write_text(text.replace(_AS_CASES_NAME_IT, str(rule_file)), encoding="utf-8")
    return path


def _rules() -> list[Rule]:
    return [rule for group in groups() for rule in group["rules"]]

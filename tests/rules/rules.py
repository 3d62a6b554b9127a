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
CASES = Path(__file__).parent / "cases"
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


def cases(alert: str) -> list[Path]:
    """Return the files with the cases of an alert, in promtool's format for tests.

    The first one has the alert's name alone; cases that take longer have files of their own.
    """
    return sorted(CASES.glob(f"{alert}.*yml"), key=lambda file: len(file.name))


def write_rules(folder: Path, rules: Iterable[Rule]) -> Path:
    """Write a rule file with all rules in one group into a new folder."""
    folder.mkdir()
    path = folder / "rules.yml"
    groups = [{"name": "whmcs", "rules": list(rules)}]
    path.write_text(yaml.safe_dump({"groups": groups}), encoding="utf-8")
    return path


def write_cases(file: Path, rule_file: Path) -> Path:
    """Write a file of cases so that it tests another rule file, beside that one."""
    path = rule_file.with_name(file.name)
    text = file.read_text(encoding="utf-8")
    path.write_text(text.replace(_AS_CASES_NAME_IT, str(rule_file)), encoding="utf-8")
    return path


def _rules() -> list[Rule]:
    return [rule for group in groups() for rule in group["rules"]]

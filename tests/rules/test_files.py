"""The examples and the manifest: what their own programs say of them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.rules.promtool import VERSIONS, promtool, run
from tests.rules.rules import DEPLOY, RULES, alerts, groups
from tests.tools import tool

if TYPE_CHECKING:
    from pathlib import Path

GENERATE = DEPLOY / "operator" / "generate.py"
MANIFEST = DEPLOY / "operator" / "prometheusrule.yml"
ALERTMANAGER = DEPLOY / "alertmanager.yml"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_configuration_of_prometheus_is_good(version: str) -> None:
    """Promtool takes it, and the rules that it names."""
    done = run(promtool(version), "check", "config", DEPLOY / "prometheus.yml")
    assert (0, "") == (done.returncode, done.stderr)
    assert RULES.name in done.stdout


def test_the_configuration_of_alertmanager_is_good() -> None:
    """Amtool takes it."""
    done = run(tool("amtool"), "check-config", ALERTMANAGER)
    assert 0 == done.returncode, done.stderr


@pytest.mark.parametrize("alert", alerts())
def test_an_alert_reaches_who_can_help(alert: str) -> None:
    """Support hears of customers who wait, the pager of what is critical, operations the rest."""
    labels = alerts()[alert]["labels"]
    urgent = "pager" if labels["severity"] == "critical" else "operations"
    wanted = labels.get("team", urgent)
    pairs = [f"{name}={text}" for name, text in {"alertname": alert, **labels}.items()]
    file = f"--config.file={ALERTMANAGER}"
    done = run(
        tool("amtool"), "config", "routes", "test", file, f"--verify.receivers={wanted}", *pairs
    )
    assert (0, wanted) == (done.returncode, done.stdout.strip())


def test_the_manifest_holds_the_rules() -> None:
    """The Prometheus Operator gets the very same groups."""
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    assert "PrometheusRule" == manifest["kind"]
    assert {"groups": groups()} == manifest["spec"]


def test_the_manifest_is_up_to_date() -> None:
    """The generator has nothing to write."""
    done = run(sys.executable, GENERATE, "--check")
    assert (0, "") == (done.returncode, done.stderr)


def test_an_outdated_manifest_is_noticed_and_mended(tmp_path: Path) -> None:
    """``--check`` fails after a change of the rules and says what to do; without it, it is done."""
    for folder in ("operator", "rules"):
        (tmp_path / folder).mkdir()
    program = tmp_path / "operator" / GENERATE.name
    program.write_bytes(GENERATE.read_bytes())
    (tmp_path / "operator" / MANIFEST.name).write_bytes(MANIFEST.read_bytes())
    rules = RULES.read_text(encoding="utf-8").replace("for: 10m", "for: 20m")
    (tmp_path / "rules" / RULES.name).write_text(rules, encoding="utf-8")

    done = run(sys.executable, program, "--check")
    assert 1 == done.returncode
    assert f"run {program}" in done.stderr
    subprocess.run([sys.executable, program], check=True)
    assert 0 == run(sys.executable, program, "--check").returncode

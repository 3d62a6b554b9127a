"""The workflows: what their linter says, and how little they may do."""

from __future__ import annotations

import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tools import tool

WORKFLOWS = sorted((Path(__file__).parents[2] / ".github" / "workflows").glob("*.yml"))
each = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda path: path.name)


def read(file: Path) -> dict[str, Any]:
    """Return a workflow."""
    workflow: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return workflow


@each
def test_actionlint_has_nothing_to_say(file: Path) -> None:
    """Syntax, expressions, and the shell within, by shellcheck."""
    shellcheck = f"{sysconfig.get_path('scripts')}/shellcheck"
    command = (tool("actionlint"), "-shellcheck", shellcheck, str(file))
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (0, "") == (done.returncode, done.stdout + done.stderr)


@each
def test_workflows_may_do_little(file: Path) -> None:
    """Nothing but reading is allowed to all jobs, and each of them ends in time."""
    workflow = read(file)
    assert workflow["permissions"] in ({}, {"contents": "read"})
    own = [job for job in workflow["jobs"].values() if "uses" not in job]
    assert all(job["timeout-minutes"] <= 90 for job in own)


@each
def test_actions_have_a_version(file: Path) -> None:
    """A release of the action, not whatever its branch holds today."""
    uses = re.findall(r"uses: (\S+)", file.read_text(encoding="utf-8"))
    remote = [action for action in uses if not action.startswith("./")]
    assert all(re.fullmatch(r"[\w/-]+@(release/)?v\d+", action) for action in remote)


def test_only_what_was_tested_is_published() -> None:
    """Every job with a right to write comes after the tests and the build."""
    jobs = read(next(path for path in WORKFLOWS if path.name == "release.yml"))["jobs"]
    assert {"test", "build"} == set(jobs["image"]["needs"])
    writers = {name for name, job in jobs.items() if "write" in job.get("permissions", {}).values()}
    assert {"image", "publish", "pypi"} == writers
    assert {"image"} == {jobs[name]["needs"] for name in writers - {"image"}}

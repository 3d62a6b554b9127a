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

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
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
    assert all(job["timeout-minutes"] <= 180 for job in own)


@each
def test_actions_are_pinned(file: Path) -> None:
    """A commit, which nobody can move as a tag can be, with its version for Dependabot."""
    uses = re.findall(r"uses: (.+)", file.read_text(encoding="utf-8"))
    remote = [action for action in uses if not action.startswith("./")]
    pinned = re.compile(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [] == [action for action in remote if not pinned.fullmatch(action)]


def test_an_action_has_one_version() -> None:
    """An action that several workflows use is the same one in all of them."""
    text = "".join(file.read_text(encoding="utf-8") for file in WORKFLOWS)
    found = dict(re.findall(r"uses: ([\w/-]+)@(\w+)", text))
    assert set(found.items()) == set(re.findall(r"uses: ([\w/-]+)@(\w+)", text))


def test_jobs_are_the_stages_of_the_script() -> None:
    """Every stage of ``.ci/run`` has a job, and nothing runs before the code is checked."""
    jobs = read(WORKFLOWS[0].with_name("ci.yml"))["jobs"]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    matrix = jobs["test"]["strategy"]["matrix"]["include"]
    stages = {"lint", *(stage for each in matrix for stage in each["stages"].split())}
    assert set(re.findall(r"^stage_(\w+)\(\)", script, re.MULTILINE)) == stages
    assert "lint" == jobs["test"]["needs"]


def test_dependabot_knows_every_manifest() -> None:
    """Each lock and each module of Go or npm is in a folder that is watched."""
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text("utf-8"))["updates"]
    watched = {
        (update["package-ecosystem"], folder)
        for update in updates
        for folder in update.get("directories", [update.get("directory")])
    }
    listed = subprocess.run(
        (tool("git"), "ls-files"), cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    kinds = {"go.mod": "gomod", "package-lock.json": "npm", "Dockerfile": "docker"}
    manifests = {
        (kinds[path.name], f"/{path.parent}".removesuffix("."))
        for path in map(Path, listed)
        if path.name in kinds
    }
    assert manifests | {("pip", "/requirements"), ("github-actions", "/")} == watched


def test_only_what_was_tested_is_published() -> None:
    """Every job with a right to write comes after the tests and the build."""
    jobs = read(next(path for path in WORKFLOWS if path.name == "release.yml"))["jobs"]
    assert {"test", "build"} == set(jobs["image"]["needs"])
    writers = {name for name, job in jobs.items() if "write" in job.get("permissions", {}).values()}
    assert {"image", "publish", "pypi"} == writers
    assert {"image"} == {jobs[name]["needs"] for name in writers - {"image"}}

"""Every test has a time limit: the output names a test that exceeds it, however it hangs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HANGS = '''
"""Each way to hang, with the fixture that most tests of coroutines use."""

import time

import pytest

from tests.blocking import refused_in


@pytest.fixture(autouse=True)
def no_blocking_calls():
    with refused_in("exporter"):
        yield


@pytest.fixture
def endless():
    time.sleep(1000)


def test_passes():
    pass


async def test_loop_is_blocked():
    while True:
        pass


def test_sleeps():
    time.sleep(1000)


def test_fixture_sleeps(endless):
    pass
'''


def run(folder: Path, *options: str) -> str:
    """Run those tests with the project's configuration and a short limit; return the output."""
    file = folder / "test_sample.py"
    file.write_text(HANGS, encoding="utf-8")
    # The variables of this pytest and of its coverage are not for that one.
    variables = {"PYTHONPATH": str(ROOT)} | {
        name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST"))
    }
    done = subprocess.run(
        (
            sys.executable,
            "-m",
            "pytest",
            "-c",
            "pyproject.toml",
            "--timeout=2",
            *options,
            str(file),
        ),
        cwd=ROOT,
        env=variables,
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert 0 != done.returncode
    return done.stdout + done.stderr


def test_hang_is_named(tmp_path: Path) -> None:
    """The run ends at the limit, and the output names the test and has its stack."""
    output = run(tmp_path, "-v")
    assert "timeout method: thread" in output
    assert "::test_passes PASSED" in output
    assert "::test_loop_is_blocked" in output
    assert "in test_loop_is_blocked" in output.partition(" Timeout ")[2]


@pytest.mark.slow
def test_hang_is_named_in_parallel_runs(tmp_path: Path) -> None:
    """A test at its limit ends its worker; the rest run in a new one, the summary has the names."""
    summary = run(tmp_path, "--numprocesses=1").partition("short test summary")[2]
    for name in ("loop_is_blocked", "sleeps", "fixture_sleeps"):
        assert f"::test_{name} - worker" in summary
    assert "3 failed, 1 passed" in summary


def test_every_test_has_a_limit(pytestconfig: pytest.Config) -> None:
    """Without a mark of its own, a test may take two minutes: enough on a busy machine."""
    assert 120.0 == float(pytestconfig.getini("timeout"))

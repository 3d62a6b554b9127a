"""`make audit` does not take silence for good news."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from tests.supply.locks import NAMES, ROOT

# Discard, where nobody listens: whatever is looked up is not found out.
NOWHERE = "http://127.0.0.1:9"


def recipe() -> list[str]:
    """Return the command of `make audit`, to run from this environment."""
    command = ["make", "--no-print-directory", "--dry-run", "--assume-old=.venv/dev", "audit"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    program, *arguments = shlex.split(done.stdout)
    return [str(Path(sys.executable).with_name(Path(program).name)), *arguments]


def test_every_lock_is_looked_up() -> None:
    """What is installed anywhere, for building and testing too, is looked up."""
    assert {f"--requirement=requirements/{name}" for name in NAMES} <= set(recipe())


def test_package_that_is_not_found_counts() -> None:
    """Without this flag a package that the service does not know is left out, in silence."""
    assert "--strict" in recipe()


def test_without_an_answer_it_fails(tmp_path: Path) -> None:
    """A service of advisories that cannot be reached ends it with an error."""
    environment = os.environ | {"HTTPS_PROXY": NOWHERE, "https_proxy": NOWHERE}
    command = [*recipe(), f"--cache-dir={tmp_path}"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert 0 != done.returncode
    assert b"127.0.0.1" in done.stderr  # it had tried

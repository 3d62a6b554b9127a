"""Real tools that tests use: where one is missing it is skipped, but never in CI."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def lacking(what: str) -> NoReturn:
    """Skip the test for ``what`` this machine lacks; fail it in CI, which must have everything."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}; in CI that must not be")
    pytest.skip(what)


def tool(name: str) -> str:
    """Return the path of a program; without it the test is skipped, or fails in CI."""
    return shutil.which(name) or lacking(f"{name} is not installed")


def prometheus3(name: str) -> str:
    """Return the path of a program of Prometheus 3, from the folder that ``PROMETHEUS3`` names.

    It is in no Debian 12 and takes minutes to build, so without the variable the test is skipped,
    but never in CI.
    """
    folder = os.environ.get("PROMETHEUS3") or lacking("Prometheus 3 is not built: make prometheus3")
    path = shutil.which(name, path=folder)
    assert path is not None, f"PROMETHEUS3 names a folder without {name}"
    return path

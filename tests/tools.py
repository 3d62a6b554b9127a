"""Real tools that tests use: where one is missing it is skipped, but never in CI."""

from __future__ import annotations

import os
import shutil

import pytest


def tool(name: str) -> str:
    """Return the path of a program; without it the test is skipped, or fails in CI."""
    path = shutil.which(name)
    if path is None and os.environ.get("CI"):
        pytest.fail(f"{name} is missing; in CI every tool must be there")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def prometheus3(name: str) -> str:
    """Return the path of a program of Prometheus 3, from the folder that ``PROMETHEUS3`` names.

    It is in no Debian 12 and takes minutes to build, so without the variable the test is skipped.
    CI sets it wherever Go is there to build with.
    """
    folder = os.environ.get("PROMETHEUS3")
    if folder is None:
        pytest.skip("Prometheus 3 is not built: CONTRIBUTING.md tells how")
    path = shutil.which(name, path=folder)
    assert path is not None, f"PROMETHEUS3 names a folder without {name}"
    return path

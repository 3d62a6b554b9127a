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

"""Prometheus's own checker, as old as Debian's and, where it is installed, of Prometheus 3."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.tools import tool

if TYPE_CHECKING:
    from pathlib import Path

# PromQL changed between them: the left end of a range is open in Prometheus 3.
VERSIONS = ("promtool", "promtool3")


def promtool(version: str) -> str:
    """Return the path of one of ``VERSIONS``; ``PROMTOOL3`` may name the newer one."""
    if version == "promtool":
        return tool(version)
    path = os.environ.get("PROMTOOL3") or shutil.which(version)
    if path is None:
        pytest.skip("promtool of Prometheus 3 takes minutes to build: CONTRIBUTING.md tells how")
    return path


def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run promtool or its like; its output is kept."""
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)

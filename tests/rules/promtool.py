"""Prometheus's own checker, as old as Debian's and, where it is installed, of Prometheus 3."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.tools import prometheus3, tool

if TYPE_CHECKING:
    from pathlib import Path

# PromQL changed between them: the left end of a range is open in Prometheus 3.
VERSIONS = ("promtool", "promtool3")


def promtool(version: str) -> str:
    """Return the path of one of ``VERSIONS``."""
    return tool("promtool") if version == "promtool" else prometheus3("promtool")


def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run promtool or its like; its output is kept."""
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)

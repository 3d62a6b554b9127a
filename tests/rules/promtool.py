"""Promtool of Debian's Prometheus and, where it is installed, of Prometheus 3."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.tools import prometheus3, tool

if TYPE_CHECKING:
    from collections.abc import Iterable
# PromQL changed between them: the left end of a range is open in Prometheus 3.
VERSIONS = ("promtool", "promtool3")
_HEADING = r"(?:Unit Testing|Processing test file): +"
_TESTED = re.compile(rf"^{_HEADING}(\S+)\n((?:.*\n)*?)(?={_HEADING}|\Z)", re.MULTILINE)


def promtool(version: str) -> str:
    """Return the path of one of ``VERSIONS``."""
    return tool("promtool") if version == "promtool" else prometheus3("promtool")


def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run promtool or a similar program; its output is kept."""
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def passing(version: str, files: Iterable[Path]) -> set[Path]:
    """Return the files whose cases all hold; promtool runs once for all files."""
    files = list(files)
    done = run(promtool(version), "test", "rules", *files)
    verdicts = {Path(match[1]): match[2] for match in _TESTED.finditer(done.stdout)}
    assert files == list(verdicts), done.stdout + done.stderr
    return {path for path, verdict in verdicts.items() if "SUCCESS" in verdict}

"""The documented files, and copies of them that look elsewhere and hurry."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DEPLOY = Path(__file__).parents[3] / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
COLLECTORS = DEPLOY / "collectors"


def elsewhere(file: Path, folder: Path, changes: Mapping[str, str]) -> Path:
    """Copy a file, with the rules beside it, and change texts in it that must be there."""
    text = file.read_text(encoding="utf-8")
    for old, new in {**changes, "scrape_interval: 30s": "scrape_interval: 1s"}.items():
        assert old in text, f"{file.name} has no {old!r}"
        text = text.replace(old, new)
    shutil.copytree(PROMETHEUS / "rules", folder / "rules", dirs_exist_ok=True)
    path = folder / file.name
    path.write_text(text, encoding="utf-8")
    return path

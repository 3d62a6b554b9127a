"""The lock files, read as pip reads them: one requirement an entry, with its hashes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "requirements"
NAMES = ("build.txt", "runtime.txt", "dev.txt")
_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Entry:
    """One requirement, its hashes, and what the resolver says asked for it."""

    requirement: Requirement
    hashes: tuple[str, ...]
    asked_by: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the name as indexes have it."""
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        """Return the one version that fits; there is no other."""
        (specifier,) = self.requirement.specifier
        assert "==" == specifier.operator
        return specifier.version


def entries(name: str) -> dict[str, Entry]:
    """Return the entries of a lock file by name."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    return {entry.name: entry for entry in map(_entry, _blocks(text))}


def _blocks(text: str) -> Iterator[str]:
    """Yield each entry with the indented lines behind it."""
    return (block for block in re.split(r"^(?=\S)", text, flags=re.MULTILINE) if block)


def _entry(block: str) -> Entry:
    head, *details = block.splitlines()
    comments = [line.strip() for line in details if line.strip().startswith("#")]
    return Entry(
        requirement=Requirement(head.removesuffix(" \\")),
        hashes=tuple(_HASH.findall(block)),
        asked_by=tuple(
            comment.removeprefix("#").strip().removeprefix("via ") for comment in comments
        ),
    )

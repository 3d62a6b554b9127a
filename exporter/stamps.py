"""Whether files have changed, told without reading them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from pathlib import Path

Stamp: TypeAlias = tuple[int, int, int]
"""When a file was written (nanoseconds), how long it is (bytes), and which one (inode)."""


def stamp(status: os.stat_result) -> Stamp:
    """Return what becomes another value when the file does."""
    return status.st_mtime_ns, status.st_size, status.st_ino


def stamps(files: Iterable[Path]) -> tuple[Stamp | None, ...]:
    """Return the stamps of files as they are now; None for one that cannot be looked at.

    Follows links: Kubernetes changes a mounted file by pointing a link elsewhere.
    """
    return tuple(_stamp(file) for file in files)


def _stamp(file: Path) -> Stamp | None:
    try:
        return stamp(file.stat())
    except OSError:
        return None

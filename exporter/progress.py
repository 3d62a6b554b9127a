"""How far long work has come: one line on a terminal, and nothing where nobody watches."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def counted(total: int, things: str) -> Iterator[Callable[[int], None]]:
    """Count on standard error what may take minutes; the line is wiped out at the end.

    What it yields is told how many of the ``total`` are done. One thing is not worth a line.
    """
    if total == 1 or not _is_watched():
        yield lambda _: None
        return
    try:
        yield lambda done: _show(f"{done} of {total} {things}")
    finally:
        _show("")


def _is_watched() -> bool:
    understood = os.environ.get("TERM") != "dumb"
    return understood and sys.stderr is not None and sys.stderr.isatty()


def _show(line: str) -> None:
    # Back to its begin, so that a line of the log, which is longer, takes its place.
    sys.stderr.write(f"\r\x1b[K{line}\r")
    sys.stderr.flush()

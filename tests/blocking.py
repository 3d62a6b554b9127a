"""Nothing of the exporter may hold up the event loop: calls that would, fail the test."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from blockbuster import blockbuster_ctx

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def refused_in(module: str) -> Iterator[None]:
    """Fail calls from ``module`` that block."""
    with blockbuster_ctx(module) as blockbuster:
        # Coverage takes its own lock wherever a line is run first, which another thread may hold.
        blockbuster.functions["threading.Lock.acquire"].can_block_in(
            "coverage/collector.py", "lock_data"
        )
        yield

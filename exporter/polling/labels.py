"""Names from WHMCS to label values, and statuses of one label added up.

Prometheus takes any UTF-8 in a label value, but an empty one is no label, a lone surrogate is no
UTF-8, and two series with equal labels cost the whole scrape.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exporter.whmcs.decode import StatusCount

MAX_LENGTH = 256
UNTITLED = "(untitled)"
# Control characters but newline and tab, and lone surrogates.
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Selection(Generic[T]):
    """Which items are wanted: all when ``include`` is empty, and never an excluded one."""

    include: frozenset[T] = frozenset()
    exclude: frozenset[T] = frozenset()

    def __contains__(self, item: T) -> bool:
        """Tell whether an item is wanted."""
        return (not self.include or item in self.include) and item not in self.exclude


def label_value(text: str) -> str:
    """Make a name harmless and leave it as it is otherwise, spaces and newlines included."""
    return _HARMFUL.sub("\N{REPLACEMENT CHARACTER}", text[:MAX_LENGTH]) or UNTITLED


def by_title(statuses: Iterable[StatusCount], wanted: Selection[str]) -> tuple[dict[str, int], int]:
    """Return the wanted statuses' counts by label value, and how many had to share one."""
    counts: dict[str, int] = {}
    collisions = 0
    for status in statuses:
        title = label_value(status.title)
        if title in wanted:
            collisions += title in counts
            counts[title] = counts.get(title, 0) + status.count
    return counts, collisions

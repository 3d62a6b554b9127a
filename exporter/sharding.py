"""Which of several processes a site belongs to.

The hash is that of the action ``hashmod`` in Prometheus's ``relabel_config``, so that shards of
exporters and of Prometheus servers can be reasoned about together: both put a site of one name
into the same shard.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class Named(Protocol):
    """What has a name to be told by."""

    @property
    def name(self) -> str:
        """Return a name that nothing beside it has."""


T = TypeVar("T", bound=Named)


@dataclass(frozen=True, slots=True)
class Shard:
    """The ``index``-th of ``total`` processes, counted from 0."""

    index: int = 0
    total: int = 1

    def of(self, sites: Iterable[T]) -> tuple[T, ...]:
        """Return those of the sites that are this shard's, in their order."""
        return tuple(site for site in sites if shard_of(site.name, self.total) == self.index)


def shard_of(name: str, total: int) -> int:
    """Return the one shard, of ``total``, that a site belongs to by its name."""
    digest = hashlib.md5(name.encode(), usedforsecurity=False).digest()
    # Prometheus takes the last half, for the sake of what earlier versions of it did.
    return int.from_bytes(digest[8:]) % total

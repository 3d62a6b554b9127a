"""Who is told of every change of a store, as tests read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exporter.snapshots import Store

if TYPE_CHECKING:
    from exporter.snapshots import Snapshot


@dataclass
class Changes:
    """Every snapshot that was told, and every site that was forgotten, in order."""

    snapshots: list[Snapshot] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)

    def update(self, snapshot: Snapshot) -> None:
        """Note a snapshot."""
        self.snapshots.append(snapshot)

    def forget(self, site: str) -> None:
        """Note a site."""
        self.forgotten.append(site)


def store_of(*snapshots: Snapshot) -> tuple[Store, Changes]:
    """Return a store that has begun with these sites, and what it has told."""
    changes = Changes()
    store = Store(changes)
    for snapshot in snapshots:
        store.begin(snapshot)
    return store, changes

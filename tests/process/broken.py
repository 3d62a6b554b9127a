"""An exporter with a bug: one of its sources raises what nobody foresaw, with its secret at hand.

Run as a script with the exporter's own arguments. Everything but the source is the real thing.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from exporter import assembly, cli

if TYPE_CHECKING:
    from exporter.config import Credential, Site
    from exporter.polling.site import Cycle
    from exporter.polling.source import Outcome, Source


@dataclass(frozen=True, slots=True)
class BrokenSource:
    """A source whose first poll fails in a way that is none of the known ones."""

    credential: Credential
    name: ClassVar[str] = "departments"
    actions: ClassVar[tuple[str, ...]] = ()

    async def poll(self, cycle: Cycle) -> Outcome:
        """Raise, and name everything there is."""
        raise RuntimeError(f"a bug at {self.credential} in {cycle}")


_whole = assembly.sources


def _with_a_bug(site: Site) -> tuple[Source, ...]:
    sound = (source for source in _whole(site) if source.name != BrokenSource.name)
    return (*sound, BrokenSource(site.credential))


if __name__ == "__main__":
    assembly.sources = _with_a_bug
    sys.exit(cli.main(sys.argv[1:]))

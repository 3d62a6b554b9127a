"""The files that ``site_files`` stands for, and whether they are others by now."""

import glob
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from exporter.stamps import Stamp, stamps


@dataclass(frozen=True, slots=True)
class SiteFiles:
    """Patterns of files with sites; relative ones start at ``folder``."""

    folder: Path = Path()
    patterns: tuple[str, ...] = ()

    def matching(self, pattern: str) -> tuple[Path, ...]:
        """Return the files that a pattern matches now, by name."""
        # pathlib's glob takes no absolute pattern.
        names = sorted(glob.glob(pattern, root_dir=self.folder))  # noqa: PTH207 - see above
        return tuple(self.folder / name for name in names)

    def files(self) -> tuple[Path, ...]:
        """Return every file that is matched now, once."""
        found = (file for pattern in self.patterns for file in self.matching(pattern))
        return tuple(dict.fromkeys(found))

    def look(self) -> Mapping[Path, Stamp | None]:
        """Return the files that are matched now, with what tells whether they have changed."""
        files = self.files()
        return dict(zip(files, stamps(files), strict=True))

"""What is wrong with a configuration, and where."""

from dataclasses import dataclass
from pathlib import Path


class ConfigError(Exception):
    """The configuration cannot be used.

    ``problems`` holds every problem as ``FILE:LINE:COLUMN: what is wrong; what would be right``,
    in order of position. No problem quotes a value or an unknown key: either may be a secret.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        """Keep the problems, one line each."""
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        """Return the problems, one per line."""
        return "\n".join(self.problems)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a piece of configuration stands.

    ``source`` is the file as it was named, or the environment variable; ``line`` and ``column``
    count from 1, and are 0 where there are none. Relative paths start at ``folder``.
    """

    source: str
    folder: Path
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Return ``FILE:LINE:COLUMN``, or the source alone where there is no line."""
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


class Problems:
    """The problems found so far, each of them once."""

    def __init__(self) -> None:
        """Start without any."""
        self._found: dict[tuple[Place, str], None] = {}
        self._sources: dict[str, int] = {}

    def __bool__(self) -> bool:
        """Say whether there is any."""
        return bool(self._found)

    def opened(self, source: str) -> None:
        """Note that ``source`` is read now: its problems stand before those of later ones."""
        self._sources.setdefault(source, len(self._sources))

    def add(self, place: Place, text: str) -> None:
        """Record ``text``; what several sites share (defaults, anchors) is recorded once."""
        self.opened(place.source)
        self._found[place, text] = None

    def lines(self) -> tuple[str, ...]:
        """Return every problem as one line, in order of position."""
        ordered = sorted(self._found, key=lambda problem: self._position(problem[0]))
        return tuple(printable(f"{place}: {text}") for place, text in ordered)

    def _position(self, place: Place) -> tuple[int, int, int]:
        return self._sources[place.source], place.line, place.column


def printable(text: str) -> str:
    """Escape what would break a line or a terminal: file names may hold anything."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )

"""A configuration as a tree of values that know where they stand.

Files (``document``) and the environment (``environment``) are both turned into this tree, so that
one reader (``section``) and one set of checks serve them both.
"""

from dataclasses import dataclass

from exporter.config.problems import Place


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value, its text as it was written; ``empty`` when nothing was.

    ``kind`` is what YAML takes it for, unless it is quoted: ``str``, ``null``, ``bool``, ``int``.
    """

    text: str
    place: Place
    empty: bool = False
    kind: str = "str"


@dataclass(frozen=True, slots=True)
class Listing:
    """Several values in order."""

    items: "tuple[Node, ...]"
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """The value of one key; ``place`` is the key's."""

    place: Place
    value: "Node"


@dataclass(frozen=True, slots=True)
class Table:
    """Values by key."""

    entries: dict[str, Entry]
    place: Place

    def without(self, *keys: str) -> "Table":
        """Return the table without some of its keys."""
        kept = {key: entry for key, entry in self.entries.items() if key not in keys}
        return Table(kept, self.place)


Node = Scalar | Listing | Table

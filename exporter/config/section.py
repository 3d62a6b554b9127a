"""One mapping of the configuration, read key by key.

A section records what is wrong and goes on with the default, so that one run finds every problem.
It may lie over others (a site over ``defaults``): a key counts where it is first given.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

from exporter.config.certificates import Problem, checker
from exporter.config.keys import shown_key
from exporter.config.model import TLSConfig
from exporter.config.problems import Place, Problems
from exporter.config.tree import Listing, Node, Scalar, Table
from exporter.config.values import Unfit, nearest, suggestion

T = TypeVar("T")
D = TypeVar("D")
N = TypeVar("N", Scalar, Listing, Table)

_KINDS = {Scalar: "one value", Listing: "a list", Table: "a mapping"}
_SHAPES = {
    Scalar: "write one value behind the key",
    Listing: "write it like [a, b], or `- ` before each item",
    Table: "write `key: value` lines, indented",
}
_NOTHING = "nothing here; give a value, or leave the key out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What all sections of one reading share.

    ``spelling`` has the names that users know the keys by, where those are not the keys
    themselves. What is not ``whole`` (``defaults``) may lack keys, and its values need not fit
    together: that counts only in the sites that use them. ``tls_problem`` tries files of
    certificates, each once. ``secret_files`` collects, in order, the files of secrets.

    Thousands of sites can share a mapping or a list through ``defaults`` and anchors. ``checked``
    holds the mappings that were checked for unknown keys, by the keys that were known. ``sets``
    holds the values of lists, by list and parser. Both may hold secrets, so ``repr`` omits them.
    """

    problems: Problems
    environment: Mapping[str, str] = field(repr=False)
    spelling: Mapping[str, str] = field(default_factory=dict)
    whole: bool = True
    tls_problem: Callable[[TLSConfig], Problem | None] = field(default_factory=checker)
    secret_files: dict[Path, None] = field(default_factory=dict, repr=False)
    checked: dict[tuple[int, frozenset[str]], Table] = field(default_factory=dict, repr=False)
    sets: dict[tuple[int, Hashable], tuple[tuple[Node, ...], Any]] = field(
        default_factory=dict, repr=False
    )


class Section:
    """A mapping, its first layer, over those that serve for what it does not give.

    As a context manager it reports, on leaving, the keys that nobody has asked for.
    """

    def __init__(
        self, scope: Scope, place: Place, *layers: Table, stranger: str = "remove it"
    ) -> None:
        """Lay the tables over one another; ``place`` is where a missing key is reported.

        ``stranger`` says what to do with a key that is unknown, and like none that is known.
        """
        self.scope = scope
        self.place = place
        self._stranger = stranger
        self._layers = layers
        self._known: set[str] = set()
        self._unfit: set[str] = set()

    def __enter__(self) -> Self:
        """Return the section."""
        return self

    def __exit__(self, *_: object) -> None:
        """Report unknown keys."""
        known = frozenset(self._known)
        for layer in self._layers:
            case = (id(layer), known)
            if case not in self.scope.checked:
                # It is kept, so no other mapping gets its identity.
                self.scope.checked[case] = layer
                self._report_unknown(layer)

    def _report_unknown(self, layer: Table) -> None:
        for key, entry in layer.entries.items():
            if key not in self._known:
                near = nearest(key, self._known)
                right = suggestion(near, self._stranger)
                self.problem(entry.place, f"unknown {shown_key(key, near)}; {right}")

    @property
    def is_given(self) -> bool:
        """Whether there is a mapping at all."""
        return bool(self._layers)

    def problem(self, place: Place, text: str) -> None:
        """Record a problem."""
        self.scope.problems.add(place, text)

    def lacks(self, text: str) -> None:
        """Record that something is missing."""
        if self.scope.whole:
            self.problem(self.place, text)

    def conflict(self, keys: tuple[str, ...], text: str) -> None:
        """Record that values do not fit together, unless one of them is unfit by itself.

        It is recorded at the first of ``keys`` in the first layer that gives any.
        """
        if self.scope.whole and self._unfit.isdisjoint(keys):
            self.problem(next(iter(self.find(*keys).values())).place, text)

    def spelled(self, *keys: str) -> str:
        """Return what users call ``keys``, as alternatives."""
        names = dict.fromkeys(f"`{self.scope.spelling.get(key, key)}`" for key in keys)
        *others, last = names
        return f"{', '.join(others)} or {last}" if others else last

    def find(self, *keys: str) -> dict[str, Node]:
        """Return those of ``keys`` that the first layer which gives any of them gives."""
        self._known.update(keys)
        for layer in self._layers:
            found = {key: layer.entries[key].value for key in keys if key in layer.entries}
            if found:
                return found
        return {}

    def scalar(self, key: str, parse: Callable[[str], T], default: D) -> T | D:
        """Return one value, or ``default`` when it is not given or unfit."""
        node = self.find(key).get(key)
        value = None if node is None else self.parsed(key, node, parse)
        if node is not None and value is None:
            self._unfit.add(key)
        return default if value is None else value

    def required(self, key: str, parse: Callable[[str], T]) -> T | None:
        """Return one value; that it is not given is a problem."""
        if not self.find(key):
            self.lacks(f"no {self.spelled(key)}; give one")
        return self.scalar(key, parse, None)

    def scalars(self, key: str, parse: Callable[[str], T]) -> tuple[T, ...]:
        """Return the values of a list, without those that are unfit."""
        parsed = (self.parsed(key, item, parse) for item in self.listing(key))
        return tuple(value for value in parsed if value is not None)

    def scalar_set(self, key: str, parse: Callable[[str], T]) -> frozenset[T]:
        """Return the different values of a list; sites that share the list share the set."""
        items = self.listing(key)
        case = (id(items), parse)
        if case not in self.scope.sets:
            # The items are kept, so no others get their identity.
            self.scope.sets[case] = items, frozenset(self.scalars(key, parse))
        values: frozenset[T] = self.scope.sets[case][1]
        return values

    def listing(self, key: str) -> tuple[Node, ...]:
        """Return the items of a list."""
        node = self.find(key).get(key)
        if node is None:
            return ()
        listing = self._expect(node, Listing)
        if listing is None:
            self._unfit.add(key)
            return ()
        return listing.items

    def section(self, key: str) -> "Section":
        """Return the mapping of one key; without any, every key of it has its default."""
        self._known.add(key)
        nodes = [layer.entries[key].value for layer in self._layers if key in layer.entries]
        tables = [table for node in nodes if (table := self._expect(node, Table))]
        return Section(self.scope, tables[0].place if tables else self.place, *tables)

    def sections(self, key: str) -> Iterator["Section"]:
        """Read the mappings of a list, one after the other."""
        for item in self.listing(key):
            table = self._expect(item, Table)
            if table is not None:
                with Section(self.scope, table.place, table) as section:
                    yield section

    def parsed(self, key: str, node: Node, parse: Callable[[str], T]) -> T | None:
        """Return the value of one scalar of ``key``, or ``None`` when it is unfit."""
        scalar = self._expect(node, Scalar)
        if scalar is None:
            return None
        if scalar.empty:
            self.problem(scalar.place, _NOTHING)
            return None
        try:
            return parse(scalar.text)
        except Unfit as unfit:
            # The place of a variable already is its name.
            named = f"`{key}`: " if scalar.place.line else ""
            self.problem(scalar.place, f"{named}{unfit}")
            return None

    def _expect(self, node: Node, kind: type[N]) -> N | None:
        return expect(node, kind, self.scope.problems)


def expect(node: Node, kind: type[N], problems: Problems) -> N | None:
    """Return the node when it is of that kind; record a problem when it is not."""
    if isinstance(node, kind):
        return node
    if isinstance(node, Scalar) and node.empty:
        problems.add(node.place, _NOTHING)
    else:
        text = f"{_KINDS[type(node)]} where {_KINDS[kind]} belongs; {_SHAPES[kind]}"
        problems.add(node.place, text)
    return None

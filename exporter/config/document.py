"""YAML files as trees with positions.

PyYAML composes the nodes; it is not asked to construct values, for it would keep the last of two
equal keys, read ``no`` as false and ``1:30`` as 90. Its messages are never passed on either: they
quote the offending text, which may be a secret.
"""

from pathlib import Path

import yaml

from exporter.config import tags
from exporter.config.keys import shown_key
from exporter.config.problems import Place, Problems
from exporter.config.secret import open_regular
from exporter.config.tree import Entry, Listing, Node, Scalar, Table

MAX_BYTES = 16 * 1024 * 1024
# Mappings that merge one another grow with the square of the file.
_MOST_MERGES = 1_000_000
# What PyYAML says, without the part that quotes, and what is said instead.
_SYNTAX = {
    "mapping values are not allowed": (
        "a second `: ` in one value; check the indentation, or put the value in quotes"
    ),
    "undefined alias": "an alias without an anchor; define the anchor above it",
    "second occurrence": "an anchor is defined twice; give each a name of its own",
    "another document": "a second document; write everything into one",
    "cannot start any token": "a tab or a reserved character; indent with spaces, quote the value",
    "expected ':'": "a key without `:`; write `key: value`",
    "expected <block end>": "this does not fit what is above it; check indentation and quotes",
    "expected ',' or": "brackets without end, or a comma is missing; close them, or add it",
    "unexpected end of stream": "a quote is not closed; close it",
}
_SYNTAX_OTHER = "not valid YAML; check quotes, brackets, colons and indentation"


def read(path: Path, problems: Problems, *, may_be_empty: bool = False) -> Node | None:
    """Read the one document of a YAML file.

    ``None`` when there is none to go on with; ``problems`` then says why, unless the file is empty
    and may be so.
    """
    start = Place(str(path), path.parent)
    problems.opened(start.source)
    text = _text(path, start, problems)
    if text is None:
        return None
    try:
        root = _compose(text, start, problems, may_be_empty=may_be_empty)
        return None if root is None else _Converter(start, problems).node(root)
    except RecursionError:
        problems.add(start, "too deeply nested; a configuration has a few levels")
    return None


def _text(path: Path, start: Place, problems: Problems) -> str | None:
    try:
        with open_regular(path) as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        problems.add(start, f"cannot be read ({error.strerror}); give the path of a readable file")
        return None
    if len(raw) > MAX_BYTES:
        problems.add(start, "larger than 16 MiB; split it with `site_files`")
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode()
    problems.add(_place_after(before, start), "not UTF-8; save the file as UTF-8")
    return None


def _compose(
    text: str, start: Place, problems: Problems, *, may_be_empty: bool
) -> yaml.Node | None:
    try:
        loader = tags.Loader(text)
    except yaml.reader.ReaderError as error:
        place = _place_after(text[: error.position], start)
        problems.add(place, "a control character; remove it")
        return None
    try:
        root: yaml.Node | None = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        place = _place(error.problem_mark or loader.get_mark(), start)
        problems.add(place, _syntax(str(error.problem)))
        return None
    except (ValueError, OverflowError):  # from numbers in escapes and in %YAML
        problems.add(_place(loader.get_mark(), start), _SYNTAX_OTHER)
        return None
    if root is None and not may_be_empty:
        problems.add(start, "empty; write the configuration into it")
    return root


def _syntax(problem: str) -> str:
    said = (ours for theirs, ours in _SYNTAX.items() if theirs in problem)
    return next(said, _SYNTAX_OTHER)


def _place(mark: yaml.Mark, start: Place) -> Place:
    return Place(start.source, start.folder, mark.line + 1, mark.column + 1)


def _place_after(text: str, start: Place) -> Place:
    line, column = text.count("\n") + 1, len(text) - text.rfind("\n")
    return Place(start.source, start.folder, line, column)


class _Converter:
    """Turns composed nodes into the tree: each once, however many aliases lead to it."""

    def __init__(self, start: Place, problems: Problems) -> None:
        self._start = start
        self._problems = problems
        self._done: dict[int, Node] = {}
        self._open: set[int] = set()
        self._merges = 0

    def node(self, node: yaml.Node) -> Node:
        number, place = id(node), _place(node.start_mark, self._start)
        if number in self._open:
            self._problems.add(place, "an alias inside its own anchor; write the value out")
            return Scalar("", place, empty=True)
        if number not in self._done:
            self._open.add(number)
            self._done[number] = self._convert(node, place)
            self._open.remove(number)
        return self._done[number]

    def _convert(self, node: yaml.Node, place: Place) -> Node:
        fits = self._check_tag(node, place)
        if isinstance(node, yaml.MappingNode):
            return self._table(node, place)
        if isinstance(node, yaml.SequenceNode):
            return Listing(tuple(self.node(item) for item in node.value), place)
        kind = node.tag.removeprefix(tags.STANDARD) if fits else "str"
        return Scalar(node.value, place, empty=kind == "null" or node.value == "", kind=kind)

    def _check_tag(self, node: yaml.Node, place: Place) -> bool:
        """Record a problem with a tag; return whether there is none."""
        problem = tags.problem(node)
        if problem:
            self._problems.add(place, problem)
        return problem is None

    def _table(self, node: yaml.MappingNode, place: Place) -> Table:
        entries: dict[str, Entry] = {}
        merges: list[yaml.Node] = []
        for key, value in node.value:
            if key.value == "<<" and key.tag == f"{tags.STANDARD}merge":
                merges.append(value)
            else:
                self._enter(entries, key, value)
        for merge in merges:
            # An alias that occurs again adds nothing.
            for table in {id(table): table for table in self._merged(merge)}.values():
                if self._may_merge(table, merge):
                    # What stands in the mapping itself, or in an earlier merge, wins.
                    entries |= {k: v for k, v in table.entries.items() if k not in entries}
        return Table(entries, place)

    def _may_merge(self, table: Table, merge: yaml.Node) -> bool:
        """Count what is merged; report the first that is too much."""
        if self._merges <= _MOST_MERGES:
            self._merges += 1 + len(table.entries)
            if self._merges > _MOST_MERGES:
                place = _place(merge.start_mark, self._start)
                text = f"`<<` merges more than {_MOST_MERGES} keys in all; use `defaults` instead"
                self._problems.add(place, text)
        return self._merges <= _MOST_MERGES

    def _enter(self, entries: dict[str, Entry], key: yaml.Node, value: yaml.Node) -> None:
        place = _place(key.start_mark, self._start)
        if not isinstance(key, yaml.ScalarNode):
            self._problems.add(place, "a key that is not one word; write `key: value`")
        elif key.value in entries:
            text = f"the {shown_key(key.value)} stands here a second time; keep one of the two"
            self._problems.add(place, text)
        else:
            self._check_tag(key, place)
            entries[key.value] = Entry(place, self.node(value))

    def _merged(self, merge: yaml.Node) -> list[Table]:
        converted = self.node(merge)
        nodes = converted.items if isinstance(converted, Listing) else (converted,)
        tables = [node for node in nodes if isinstance(node, Table)]
        if len(tables) < len(nodes):
            self._problems.add(converted.place, "`<<` takes mappings; write `<<: *anchor`")
        return tables

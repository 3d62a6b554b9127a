"""YAML tags: only those of plain values are supported, because no value is constructed from a tag.

An explicit tag must match its value. Plain text that YAML takes for a date is text.
"""

from typing import Final

import yaml

STANDARD: Final = "tag:yaml.org,2002:"
_TEXT: Final = f"{STANDARD}str"
_INT: Final = f"{STANDARD}int"
_FLOAT: Final = f"{STANDARD}float"
_MAP: Final = f"{STANDARD}map"
_SEQ: Final = f"{STANDARD}seq"
_SUPPORTED: Final = {_TEXT, _INT, _FLOAT, f"{STANDARD}bool", f"{STANDARD}null", _MAP, _SEQ}
# A configuration has about six levels.
_MAX_DEPTH: Final = 64
# Tags that YAML 1.1 gives to some plain text and that have no meaning here.
_AS_TEXT: Final = {f"{STANDARD}{kind}" for kind in ("timestamp", "value", "yaml")}


class _Resolver(yaml.resolver.Resolver):
    """Resolves no dates, so that a date tag on a node is always an explicit one."""

    def resolve(self, *node: object) -> str:
        """Return the tag of a node without an explicit tag."""
        tag: str = super().resolve(*node)  # type: ignore[no-untyped-call]  # the library's lack
        return _TEXT if tag in _AS_TEXT else tag


class Loader(_Resolver, yaml.SafeLoader):
    """PyYAML's safe loader, without dates and without deep nesting.

    Each token of a nested flow collection costs PyYAML time in proportion to the depth.
    """

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Return the next node; raise ``RecursionError`` when it is too deeply nested."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise RecursionError
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node


_PLAIN: Final = _Resolver()


def problem(node: yaml.Node) -> str | None:
    """Return what is wrong with the tag of a node and how to fix it, or ``None``."""
    if _matches(node):
        return None
    if node.tag in _SUPPORTED:
        return "the YAML tag does not match the value; remove the tag"
    return "unsupported YAML tag; remove it"


def _matches(node: yaml.Node) -> bool:
    """Return whether a tag is supported and is that of the value."""
    if isinstance(node, yaml.MappingNode):
        return node.tag == _MAP
    if isinstance(node, yaml.SequenceNode):
        return node.tag == _SEQ
    if node.tag == _TEXT:
        return True
    plain = _PLAIN.resolve(yaml.ScalarNode, node.value, (True, False))
    return node.tag == plain or (node.tag, plain) == (_FLOAT, _INT)

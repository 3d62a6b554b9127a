"""Bytes to JSON, as strictly as JSON is meant, and bounded.

The standard library's reader takes more than JSON (NaN), keeps the last of two equal keys,
recurses until it falls over, rounds fractions to whole numbers, and refuses integers of more than
4,300 digits as if they were no JSON. Each of these is settled here, so that what comes out can be
trusted or was refused.
"""

from __future__ import annotations

import json
import math
from decimal import Decimal, InvalidOperation
from itertools import chain
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from exporter.whmcs.errors import NotJSON, TooLarge

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

JSON: TypeAlias = "bool | int | float | Decimal | str | list[JSON] | dict[str, JSON] | None"
Container: TypeAlias = "list[JSON] | dict[str, JSON]"

MAX_NESTING = 64
# Each costs hundreds of bytes, and two bytes make one: no help desk has so many rows.
MAX_CONTAINERS = 65_536
# 2**53 has 16 digits. Longer numbers are no count, but still JSON.
_LONGEST_INTEGER = 20
_TOO_DEEP = f"the answer is nested deeper than {MAX_NESTING} levels"
_CONTAINERS = (list, dict)


class EqualKeys(dict[str, JSON]):
    """A JSON object in which a key stood twice: readable, but not to be trusted."""


def parse(body: bytes) -> JSON:
    """Read one JSON document in UTF-8, with an optional byte order mark.

    Raises:
        NotJSON: There is no JSON document, or something beside it.
        TooLarge: It is nested deeper than 64 levels, or has more than 65,536 lists and objects.
    """
    containers = _brackets(body)
    if containers > MAX_CONTAINERS:
        # Customers may write as many into their tickets' subjects as they like.
        containers = _brackets(_without_texts(body))
    if containers > MAX_CONTAINERS:
        raise TooLarge(f"the answer has more than {MAX_CONTAINERS} lists and objects")
    try:
        document: JSON = json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_refuse_constant,
        )
    except RecursionError:
        raise TooLarge(_TOO_DEEP) from None
    except ValueError:
        raise NotJSON("the answer is not one JSON document in UTF-8") from None
    # Few containers cannot be nested deep.
    if containers > MAX_NESTING and sum(1 for _ in _levels(document)) > MAX_NESTING:
        raise TooLarge(_TOO_DEEP)
    return document


def has_equal_keys(document: JSON) -> bool:
    """Tell whether any object of a document had two equal keys."""
    return any(isinstance(node, EqualKeys) for level in _levels(document) for node in level)


def texts(document: JSON, keys: Collection[str]) -> Iterator[str]:
    """Yield the texts under these keys, at any depth of a document."""
    for level in _levels(document):
        for node in level:
            if isinstance(node, dict):
                yield from (text for key in keys if isinstance(text := node.get(key), str))


def replace_texts(document: JSON, keys: Collection[str], replace: Callable[[str], str]) -> None:
    """Replace the texts that stand under these keys, wherever in a document they do."""
    for level in _levels(document):
        for node in level:
            if isinstance(node, dict):
                texts = [(key, node.get(key)) for key in keys]
                node.update((key, replace(text)) for key, text in texts if isinstance(text, str))


def _brackets(body: bytes) -> int:
    return body.count(b"[") + body.count(b"{")


def _without_texts(body: bytes) -> bytes:
    """Remove the texts from a document, in linear time even if one of them has no end.

    A backslash between texts is not JSON, so it does not matter which quote follows it.
    """
    unescaped = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(unescaped.split(b'"')[::2])


def _object(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else EqualKeys(members)


def _integer(digits: str) -> int | float | Decimal:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else _number(digits)


def _number(text: str) -> float | Decimal:
    """Read a number as it stands: as a float, 6.9999999999999999999 would be 7."""
    try:
        return Decimal(text)
    except InvalidOperation:
        # An exponent of twenty digits is JSON, but no number that anybody has.
        return math.nan


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _levels(document: JSON) -> Iterator[list[Container]]:
    """Yield the containers of a document, outermost level first."""
    nodes: Iterable[JSON] = [document]
    while level := [node for node in nodes if isinstance(node, _CONTAINERS)]:
        yield level
        nodes = chain.from_iterable(map(_children, level))


def _children(node: Container) -> Iterable[JSON]:
    return node.values() if isinstance(node, dict) else node

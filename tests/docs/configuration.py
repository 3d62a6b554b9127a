"""The tables of docs/configuration.md: the keys of ``keys.py`` with the defaults in code.

``python -m tests.docs.configuration`` writes them into the page; a test holds that they stand.
"""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from typing import TYPE_CHECKING, get_type_hints

from exporter import config
from exporter.config.secret import Credential
from exporter.durations import written
from tests.docs.keys import GROUPS
from tests.docs.pages import renew
from tests.docs.sample import README

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.docs.key import Key

PAGE = README.parent / "docs" / "configuration.md"


def in_code(kind: type = config.Site, before: str = "") -> Iterator[tuple[str, object]]:
    """Yield every key that the dataclasses have, and its default; None where there is none."""
    hints = get_type_hints(kind)
    for each in fields(kind):
        inner = _dataclass(hints[each.name])
        if inner is Credential:
            yield from in_code(inner, before)
        elif inner is not None:
            yield from in_code(inner, f"{before}{each.name}.")
        else:
            yield f"{before}{each.name}", None if each.default is MISSING else each.default


def nested(path: str, value: str) -> str:
    """Return YAML with a value at the end of its way: ``limits: {series: 5}``."""
    *outer, key = path.split(".")
    line = f"{key}: {value}"
    for name in reversed(outer):
        line = f"{name}: {{{line}}}"
    return line


def parts() -> dict[str, str]:
    """Return what is generated, by the name of its place in the page."""
    defaults = dict(in_code())
    return {group: _table(keys, defaults) for group, keys in GROUPS.items()}


def _table(keys: tuple[Key, ...], defaults: dict[str, object]) -> str:
    rows = ["| key | type and bounds | default | example | |", "|---|---|---|---|---|"]
    for key in keys:
        bounds = key.bounds or (f"{key.fits[0]} to {key.fits[-1]}" if len(key.fits) > 1 else "")
        kind = ", ".join(filter(None, (key.kind, bounds)))
        default = key.default or _shown(key, defaults[key.path])
        example = f"`{nested(key.path, key.example)}`"
        rows.append(f"| `{key.path}` | {kind} | {default} | {example} | {key.about} |")
    return "\n".join(rows)


def _shown(key: Key, default: object) -> str:
    """Write a default as the configuration would have it."""
    if default is None:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, (tuple, frozenset)):
        return f"[{', '.join(map(str, default))}]"
    if key.kind == "duration" and isinstance(default, float):
        return written(default)
    if key.kind == "size" and isinstance(default, int):
        return f"{default // 2**20}MiB"
    return str(default)


def _dataclass(hint: object) -> type | None:
    """Return the dataclass that a field holds, perhaps beside None."""
    kinds = (hint, *getattr(hint, "__args__", ()))
    found = [each for each in kinds if isinstance(each, type) and is_dataclass(each)]
    lists = getattr(hint, "__origin__", None) is tuple
    return found[0] if found and not lists else None


if __name__ == "__main__":
    renew(PAGE, parts())

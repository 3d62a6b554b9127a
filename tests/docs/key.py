"""What is told of one key of the configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key by its way from the site, with dots: ``limits.series``.

    ``example``, ``fits`` and ``refused`` are values as YAML has them: the first and last that are
    taken, and what lies just beyond. ``bounds`` is said of them where "first to last" would not do.
    ``beside`` are keys without which the value is not taken. ``default`` is said where it follows
    from other keys.
    """

    path: str
    kind: str
    example: str
    about: str
    fits: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    bounds: str = ""
    default: str = ""
    beside: Mapping[str, str] = field(default_factory=dict)


def count(path: str, most: int, example: int, about: str) -> Key:
    """Describe a number from 1 to ``most``."""
    return Key(
        path=path,
        kind="integer",
        example=str(example),
        fits=("1", str(most)),
        refused=("0", str(most + 1)),
        about=about,
    )


def ids(path: str, example: str, about: str) -> Key:
    """Describe a list of ids, which JSON carries exactly up to 2^53."""
    return Key(
        path=path,
        kind="list of ids",
        example=example,
        fits=("[1]", "[9007199254740992]"),
        refused=("[0]", "[9007199254740993]", "[Sales]"),
        bounds="1 to 2^53",
        about=about,
    )

"""From the text of one value to the value.

Each reader takes the text as it was written and returns the value, or raises :class:`Unfit` with
``problem; fix``. No message quotes the text: it may be a misplaced secret. Python's own ``float``
and ``int`` take far more than is meant ("NaN", "1_000", digits of other scripts), so shapes are
matched first.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TypeVar

from exporter import durations
from exporter.durations import written

L = TypeVar("L", bound=str)

YEAR = 365 * 86400.0

_MAX_NAME = 256

_SIZE = re.compile(r"([0-9]{1,15})(KiB|MiB|GiB)?")
_BYTES = {None: 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_LONGEST_WORD = 64


class Unfit(ValueError):
    """A text that is not the value it should be; its message never quotes the text."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that is most like a misspelled one, or nothing when none is."""
    import difflib  # noqa: PLC0415 - only a mistake needs it, and every start would pay

    if len(word) > _LONGEST_WORD:
        return ""
    return next(iter(difflib.get_close_matches(word, list(known), n=1)), "")


def suggestion(word: str, otherwise: str) -> str:
    """Return the question whether ``word`` was meant; ``otherwise`` when there is no word."""
    return f"did you mean `{word}`?" if word else otherwise


def text(value: str, *, allowed: str = "") -> str:
    """Return a text without control characters (but ``allowed``) and lone surrogates."""
    if any(unicodedata.category(char) in {"Cc", "Cs"} and char not in allowed for char in value):
        msg = "a control character or half of a surrogate pair; remove it"
        raise Unfit(msg)
    return value


def title(value: str) -> str:
    """Return the title of a ticket status, which may hold newlines and tabs."""
    return text(value, allowed="\n\t")


def name(value: str) -> str:
    """Return the name of a site or a department: it becomes a label value."""
    if not value.strip():
        msg = "a name of white space; write a name"
        raise Unfit(msg)
    if len(value) > _MAX_NAME:
        msg = f"a name of {len(value)} characters; write at most {_MAX_NAME}"
        raise Unfit(msg)
    return text(value)


def username(value: str) -> str:
    """Return the name for HTTP's basic authentication (RFC 7617: without a colon)."""
    if ":" in value:
        msg = "a `:` in the name, which HTTP does not allow; write a name without it"
        raise Unfit(msg)
    return text(value)


def boolean(value: str) -> bool:
    """Return true or false, and nothing that looks like them."""
    if value not in {"true", "false"}:
        msg = "not a boolean; write true or false"
        raise Unfit(msg)
    return value == "true"


def integer(value: str, *, least: int, most: int) -> int:
    """Return a whole number within its bounds."""
    number = int(value) if _INTEGER.fullmatch(value) else None
    if number is None or not least <= number <= most:
        msg = f"not a whole number from {least} to {most}; write one"
        raise Unfit(msg)
    return number


def size(value: str) -> int:
    """Return a size in bytes: ``1MiB``, ``512KiB``, ``1GiB`` or a plain number."""
    match = _SIZE.fullmatch(value)
    number = int(match[1]) * _BYTES[match[2]] if match else None
    if number is None or not _BYTES["KiB"] <= number <= _BYTES["GiB"]:
        msg = "not a size from 1KiB to 1GiB; write one like 512KiB"
        raise Unfit(msg)
    return number


def duration(value: str, *, least: float = 0.001, most: float = YEAR) -> float:
    """Return seconds from Prometheus's notation, like ``30s``, ``1h30m`` or ``500ms``."""
    if value.isascii() and value.isdigit():
        msg = "a number without a unit; write it like 30s, 5m or 1h30m"
        raise Unfit(msg)
    seconds = durations.seconds(value)
    if seconds is None:
        msg = "invalid duration; write it like 30s, 5m or 1h30m"
        raise Unfit(msg)
    if not least <= seconds <= most:
        msg = f"duration out of range; write one from {written(least)} to {written(most)}"
        raise Unfit(msg)
    return seconds


def choice(value: str, *, options: Sequence[L]) -> L:
    """Return the one of ``options`` that was written."""
    for option in options:
        if option == value:
            return option
    right = suggestion(nearest(value, options), f"write {' or '.join(options)}")
    msg = f"unknown value; {right}"
    raise Unfit(msg)


def timezone(value: str) -> str:
    """Return the name of a time zone that this system knows."""
    import zoneinfo  # noqa: PLC0415 - few configurations need it, and every start would pay

    try:
        zoneinfo.ZoneInfo(text(value))
    except (zoneinfo.ZoneInfoNotFoundError, OSError, ValueError):
        pass
    else:
        return value
    msg = "unknown time zone on this system; write one like Europe/Berlin"
    raise Unfit(msg)

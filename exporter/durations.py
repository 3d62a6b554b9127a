"""Lengths of time as Prometheus writes them: ``30s``, ``1h30m``, ``500ms``."""

from __future__ import annotations

import re

_DAY = 86400_000
_MILLISECONDS = {
    "y": 365 * _DAY,
    "w": 7 * _DAY,
    "d": _DAY,
    "h": 3600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
_DURATION = re.compile("".join(rf"(?:([0-9]{{1,15}}){unit})?" for unit in _MILLISECONDS))


def seconds(text: str) -> float | None:
    """Return how many seconds a text means; None when it is no duration, 0 when it is empty."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    parts = zip(match.groups("0"), _MILLISECONDS.values(), strict=True)
    return sum(int(count) * unit for count, unit in parts) / 1000


def written(seconds: float) -> str:
    """Return seconds in this notation, with the largest unit that leaves no rest."""
    count = round(seconds * 1000)
    return next(f"{count // of}{unit}" for unit, of in _MILLISECONDS.items() if not count % of)

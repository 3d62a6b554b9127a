"""Small errors in a rule, each of which a case must detect."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.rules.rules import Rule

_NEVER = "vector(0) > 1"
# Each pattern and its replacement, at every place in an expression.
_SLIPS = (
    (r" == ", " != "),
    (r" (?:>=|>) ", " < "),
    (r" < ", " > "),
    (r" and ", " or "),
    (r" or ", " and "),
    (r" unless ", " and "),
    (r"\{[^{}]*\}", ""),
)
# A number in an expression, outside of names, strings and durations; of a product the first one.
_NUMBER = re.compile(r'(?<![\w."])(?<!\d \* )\d+(?:\.\d+)?(?![\w.":])')
_DURATION = re.compile(r"(?<![\w:])(?:\d+[hms])+\b")
_ALTERNATIVES = re.compile(r'(?<==~")[^"]*\|[^"]*(?=")')
_SECONDS = {"h": 3600, "m": 60, "s": 1}
_FACTORS = (0.8, 1.2)


def broken_alert(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """Yield alerts with one error each, with a name; every ``for`` is 20 % off."""
    yield from broken(rule)
    for factor in _FACTORS:
        wait = _seconds(rule["for"]) * factor
        # Rules are evaluated every minute, so a wait of 96 s would not differ from one of 2 min.
        minutes = math.floor(wait / 60) if factor < 1 else math.ceil(wait / 60)
        yield f"for: {minutes}m", rule | {"for": f"{minutes}m"}


def broken(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """Yield rules with one error each in the expression; every number and time is 20 % off."""
    expression = rule["expr"]
    yield "never", rule | {"expr": _NEVER}
    for pattern, slip in _SLIPS:
        for match in re.finditer(pattern, expression):
            yield _changed(rule, match, slip)
    for match in _ALTERNATIVES.finditer(expression):
        for dropped in (parts := match[0].split("|")):
            yield _changed(rule, match, "|".join(part for part in parts if part != dropped))
    for factor in _FACTORS:
        for match in _NUMBER.finditer(expression):
            if float(match[0]):
                yield _changed(rule, match, f"{float(match[0]) * factor:g}")
        for match in _DURATION.finditer(expression):
            yield _changed(rule, match, f"{_seconds(match[0]) * factor:.0f}s")


def _seconds(duration: str) -> int:
    parts = re.findall(r"(\d+)([hms])", duration)
    return sum(int(number) * _SECONDS[unit] for number, unit in parts)


def _changed(rule: Rule, match: re.Match[str], text: str) -> tuple[str, Rule]:
    expression = rule["expr"]
    changed = expression[: match.start()] + text + expression[match.end() :]
    return f"{match[0].strip()} to {text.strip()} at {match.start()}", rule | {"expr": changed}

"""Ways to break a rule, each small enough to be somebody's slip."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.rules.rules import Rule

_NEVER = "vector(0) > 1"
# What is replaced, wherever it stands in an expression, and by what.
_SLIPS = (
    (r" == ", " != "),
    (r" (?:>=|>) ", " < "),
    (r" < ", " > "),
    (r" and ", " or "),
    (r" or ", " and "),
    (r" unless ", " and "),
    (r"\boffset (?!335h30m)\w+", "offset 335h30m"),
    (r"\boffset 335h30m", "offset 167h30m"),
    (r"\(0\.5,", "(1,"),
)
# A threshold stands at an operator; ten times as much and a tenth must both be noticed.
_THRESHOLD = re.compile(r"(?<=[>+*] )\d+(?:\.\d+)?(?! \* \d)|\b\d+(?:\.\d+)?(?= [*+] [a-z])")


def broken_alert(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """Yield alerts that are wrong in one place, each with a name."""
    yield from broken(rule)
    yield "hasty", rule | {"for": "0s"}


def broken(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """Yield rules whose expression is wrong in one place, each with a name."""
    expression = rule["expr"]
    yield "never", rule | {"expr": _NEVER}
    for pattern, slip in _SLIPS:
        for match in re.finditer(pattern, expression):
            yield _changed(rule, match, slip)
    for match in _THRESHOLD.finditer(expression):
        if float(match[0]):
            yield _changed(rule, match, f"{match[0]} * 10")
            yield _changed(rule, match, f"{match[0]} / 10")


def _changed(rule: Rule, match: re.Match[str], text: str) -> tuple[str, Rule]:
    expression = rule["expr"]
    changed = expression[: match.start()] + text + expression[match.end() :]
    return f"{match[0].strip()} to {text.strip()} at {match.start()}", rule | {"expr": changed}

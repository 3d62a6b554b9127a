"""How Grafana fills variables into a query: its own rules, as far as the boards use them.

Source: "Variable syntax" and "Global variables" of Grafana's documentation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from tests.history.prometheus import Span

_VARIABLE = re.compile(r"\$\{(\w+):(\w+)\}|\$(__\w+)")
# What the format `regex` escapes.
_SPECIAL = re.compile(r"[\\^$*+?.()|\[\]{}/]")


@dataclass(frozen=True, slots=True)
class All:
    """The choice "All" of a variable with a regular expression of its own for it."""

    pattern: str


Choice: TypeAlias = str | tuple[str, ...] | All


def interpolate(
    query: str, variables: Mapping[str, Choice], span: Span, scraped_every: timedelta
) -> str:
    """Return the query that Grafana would send.

    Raises:
        KeyError: The query names a variable that is not there, or in no format that is known.
    """
    texts = {
        "__interval": _seconds(span.step),
        "__range": _seconds(span.end - span.begin),
        "__rate_interval": _seconds(max(span.step + scraped_every, 4 * scraped_every)),
    }

    def fill(match: re.Match[str]) -> str:
        name, form, built_in = match.groups()
        return texts[built_in] if built_in else _FORMATS[form](variables[name])

    return _VARIABLE.sub(fill, query)


def _seconds(length: timedelta) -> str:
    return f"{length.total_seconds():.0f}s"


def _regex(choice: Choice) -> str:
    if isinstance(choice, All):
        return choice.pattern
    values = (choice,) if isinstance(choice, str) else choice
    escaped = [_SPECIAL.sub(r"\\\g<0>", value) for value in values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def _raw(choice: Choice) -> str:
    assert isinstance(choice, str)
    return choice


_FORMATS = {"regex": _regex, "raw": _raw}

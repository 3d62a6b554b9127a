"""A Prometheus with the rules, in which time passes faster."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.real.prometheus import Prometheus
from tests.rules.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.process.program import Launcher

# The window of 20 minutes stays: the exporter's own waits after a refusal pass as ever.
_DURATION = re.compile(r"(?<![\w.])(?!20m\b)(?:\d+[hm])+\b")
# How often a rule is evaluated, and how long it has to hold before it fires.
_WAIT = re.compile(r"^ +(?:interval|for): (\w+)$", re.MULTILINE)
_MILLISECONDS = {"h": 3_600_000, "m": 60_000}


def hurried(rules: str, times: int = 60) -> str:
    """Return rules all of whose durations are so many ``times`` as short."""
    return _DURATION.sub(lambda match: _shorter(match[0], times), rules)


def impatient(rules: str, times: int = 600) -> str:
    """Return rules that look as far back as ever, but wait so many ``times`` as short."""
    return _WAIT.sub(lambda match: hurried(match[0], times), rules)


async def start(
    launcher: Launcher, folder: Path, target: str, faster: Callable[[str], str] = hurried
) -> Prometheus:
    """Scrape ``target`` (HOST:PORT) every second, and evaluate the rules that ``faster`` makes."""
    rules = folder / "rules.yml"
    rules.write_text(faster(RULES.read_text(encoding="utf-8")), encoding="utf-8")
    return await Prometheus.start(launcher, folder, target, rules)


def _shorter(duration: str, times: int) -> str:
    parts = re.findall(r"(\d+)([hm])", duration)
    return f"{sum(int(n) * _MILLISECONDS[unit] for n, unit in parts) // times}ms"

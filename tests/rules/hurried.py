"""A Prometheus with the rules, in which time passes sixty times as fast."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.real.prometheus import Prometheus
from tests.rules.rules import RULES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.process.program import Launcher

# The window of 20 minutes stays: the exporter's own waits after a refusal pass as ever.
_DURATION = re.compile(r"(?<![\w.])(?!20m\b)(?:\d+[hm])+\b")
_SHORTER = str.maketrans("hm", "ms")


def hurried(rules: str) -> str:
    """Return rules whose minutes are seconds and whose hours are minutes."""
    return _DURATION.sub(lambda match: match[0].translate(_SHORTER), rules)


async def start(launcher: Launcher, folder: Path, target: str) -> Prometheus:
    """Scrape ``target`` (HOST:PORT) and evaluate the hurried rules every second."""
    rules = folder / "rules.yml"
    rules.write_text(hurried(RULES.read_text(encoding="utf-8")), encoding="utf-8")
    return await Prometheus.start(launcher, folder, target, rules)

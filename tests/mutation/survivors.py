"""The mutants that may survive, each with its reason."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).with_name("survivors.toml")


@dataclass(frozen=True, slots=True)
class Survivor:
    """A line of a function, what it may become without anybody noticing, and why."""

    function: str
    line: str
    mutants: list[str]
    why: str


def explained() -> list[Survivor]:
    """Return the list."""
    listed = tomllib.loads(LIST.read_text(encoding="utf-8"))["survivor"]
    return [Survivor(**each) for each in listed]

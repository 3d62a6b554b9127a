"""What an examination finds: the steps of a site, each with its mark."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Mark(StrEnum):
    """How a step went."""

    GOOD = "ok"
    WARNING = "warn"
    FAILED = "FAIL"
    NOT_TRIED = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Why a step failed, and what to do about it, in words.

    ``reason`` is the label value of ``whmcs_api_failures_total``; None for a mere warning.
    """

    reason: str | None
    cause: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of an examination; ``seconds`` is how long it took, where that says something."""

    name: str
    mark: Mark = Mark.GOOD
    detail: str = ""
    seconds: float | None = None
    advice: Advice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """Everything that was found about one site."""

    site: str
    url: str
    steps: tuple[Step, ...]

    @property
    def failed(self) -> bool:
        """Whether any step failed: the exporter will not get all that it is configured to get."""
        return any(step.mark is Mark.FAILED for step in self.steps)

    @property
    def advice(self) -> tuple[Advice, ...]:
        """Every advice, in the order of the steps, each once."""
        return tuple(dict.fromkeys(step.advice for step in self.steps if step.advice))

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons of what failed, each once."""
        return tuple(dict.fromkeys(each.reason for each in self.advice if each.reason))


def not_tried(names: Iterable[str]) -> list[Step]:
    """Make the steps behind one that failed."""
    return [Step(name=name, mark=Mark.NOT_TRIED, detail="not tried") for name in names]

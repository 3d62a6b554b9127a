"""Checkups as text for people, and as JSON for programs."""

from __future__ import annotations

import json
from textwrap import wrap
from typing import TYPE_CHECKING

from exporter.doctor.checkup import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exporter.doctor.checkup import Advice, Checkup, Step

_WIDTH = 100
_COLOURS = {Mark.GOOD: "32", Mark.WARNING: "33", Mark.FAILED: "31", Mark.NOT_TRIED: "2"}
_MARK_WIDTH = max(map(len, Mark))


def text(checkups: Sequence[Checkup], *, colour: bool) -> str:
    """Write a table for each site, with advice beneath it, and one line about all of them."""
    parts = [*("\n".join(_site(checkup, colour=colour)) for checkup in checkups), _sum(checkups)]
    return "\n\n".join(parts) + "\n"


def as_json(checkups: Sequence[Checkup]) -> str:
    """Write an object whose ``sites`` are the checkups; texts are those of ``text``."""
    return json.dumps({"sites": [_site_object(checkup) for checkup in checkups]}, indent=2) + "\n"


def _site(checkup: Checkup, *, colour: bool) -> Iterator[str]:
    yield f"{_printable(checkup.site)}  {checkup.url}"
    width = max(len(_printable(step.name)) for step in checkup.steps)
    for step in checkup.steps:
        mark = _coloured(f"{step.mark:{_MARK_WIDTH}}", step.mark, colour=colour)
        detail = "  ".join(filter(None, (_milliseconds(step), _printable(step.detail))))
        yield f"  {mark}  {_printable(step.name):{width}}  {detail}".rstrip()
    for advice in checkup.advice:
        yield ""
        yield from _paragraph(advice.cause, "  ", "  ")
        yield from _paragraph(advice.remedy, "  => ", "     ")


def _sum(checkups: Sequence[Checkup]) -> str:
    failed = [checkup for checkup in checkups if checkup.failed]
    if not failed:
        return "1 site is good" if len(checkups) == 1 else f"{len(checkups)} sites are good"
    names = (f"{_printable(each.site)} ({', '.join(each.reasons)})" for each in failed)
    share = "1 site" if len(checkups) == 1 else f"{len(failed)} of {len(checkups)} sites"
    return f"{share} failed: {', '.join(names)}"


def _coloured(words: str, mark: Mark, *, colour: bool) -> str:
    return f"\x1b[{_COLOURS[mark]}m{words}\x1b[0m" if colour else words


def _milliseconds(step: Step) -> str:
    return "" if step.seconds is None else f"{step.seconds * 1000:.0f} ms"


def _paragraph(words: str, first: str, then: str) -> list[str]:
    return wrap(
        _printable(words),
        _WIDTH,
        initial_indent=first,
        subsequent_indent=then,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _printable(words: str) -> str:
    # A certificate may hold any name, a terminal's control characters among them.
    return "".join(char if char.isprintable() else " " for char in words)


def _site_object(checkup: Checkup) -> dict[str, object]:
    return {
        "site": checkup.site,
        "url": checkup.url,
        "failed": checkup.failed,
        "steps": [_step_object(step) for step in checkup.steps],
    }


def _step_object(step: Step) -> dict[str, object]:
    return {
        "step": step.name,
        "mark": _WORDS[step.mark],
        "detail": step.detail,
        "seconds": step.seconds,
        **_advice_object(step.advice),
    }


_WORDS = {
    Mark.GOOD: "good",
    Mark.WARNING: "warning",
    Mark.FAILED: "failed",
    Mark.NOT_TRIED: "not_tried",
}


def _advice_object(advice: Advice | None) -> dict[str, object]:
    if advice is None:
        return {}
    return {"reason": advice.reason, "cause": advice.cause, "remedy": advice.remedy}

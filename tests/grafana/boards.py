"""The boards' JSON, as tests look at it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from tests.history.prometheus import Span
from tests.history.scenes import END

if TYPE_CHECKING:
    from collections.abc import Iterator

GRAFANA = Path(__file__).parents[2] / "grafana"
JSON: TypeAlias = "dict[str, Any]"
OPENED = END + timedelta(minutes=1)
"""When the boards are looked at: no range then begins or ends at a sample, which Prometheus 2 and 3
would judge differently."""
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
# What an annotation gets: as many points as a wide screen has.
_POINTS = 900
_LEAST_STEP = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One query of a board, of a panel or of an annotation, and what it is asked for."""

    panel: str
    number: int | None
    """The panel's id; None for an annotation."""
    ref: str
    expression: str
    instant: bool
    span: Span


def read(uid: str) -> JSON:
    """Return a board as it is committed."""
    path = GRAFANA / "dashboards" / f"{uid}.json"
    board: JSON = json.loads(path.read_text(encoding="utf-8"))
    return board


BOARDS = {path.stem: read(path.stem) for path in sorted((GRAFANA / "dashboards").glob("*.json"))}


def panels(board: JSON) -> Iterator[JSON]:
    """Yield every panel, rows and what is hidden in them among them."""
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels", [])


def drawn(board: JSON) -> Iterator[JSON]:
    """Yield every panel but the rows."""
    yield from (panel for panel in panels(board) if panel["type"] != "row")


def queries(board: JSON) -> Iterator[Query]:
    """Yield every query but those of variables."""
    for panel in drawn(board):
        for target in panel["targets"]:
            yield Query(
                panel=panel["title"],
                number=panel["id"],
                ref=target["refId"],
                expression=target["expr"],
                instant=target["instant"],
                span=span(board, points=panel.get("maxDataPoints", _POINTS)),
            )
    for annotation in board["annotations"]["list"]:
        yield Query(
            panel=annotation["name"],
            number=None,
            ref="",
            expression=annotation["expr"],
            instant=False,
            span=span(board, least_step=_duration(annotation["step"])),
        )


def variables(board: JSON) -> dict[str, JSON]:
    """Return the variables by name."""
    return {variable["name"]: variable for variable in board["templating"]["list"]}


def span(board: JSON, *, points: int = _POINTS, least_step: timedelta = _LEAST_STEP) -> Span:
    """Return the range that a board shows at first, as if it were opened at ``OPENED``."""
    length = _duration(board["time"]["from"].removeprefix("now-"))
    seconds = round(length.total_seconds() / points / 60) * 60
    return Span(begin=OPENED - length, end=OPENED, step=max(least_step, timedelta(seconds=seconds)))


def _duration(text: str) -> timedelta:
    return int(text[:-1]) * _UNITS[text[-1]]

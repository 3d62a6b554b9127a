"""What a panel of what is now shows, and what it ought to show."""

from __future__ import annotations

from datetime import timedelta
from statistics import mean
from typing import TYPE_CHECKING

from tests.grafana import boards
from tests.grafana.boards import OPENED
from tests.grafana.conftest import PLAN
from tests.grafana.interpolation import interpolate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from tests.grafana.boards import Query
    from tests.grafana.interpolation import Choice
    from tests.history.backfill import History, Moment
    from tests.history.prometheus import Found, HistoryPrometheus

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
HALF_HOUR = timedelta(minutes=30)


def query_of(uid: str, panel: str, ref: str = "A") -> Query:
    """Return one query of a panel."""
    (found,) = (
        query
        for query in boards.queries(boards.BOARDS[uid])
        if (query.panel, query.ref) == (panel, ref)
    )
    return found


def shown(
    prometheus: HistoryPrometheus,
    uid: str,
    panel: str,
    choice: Mapping[str, Choice],
    *,
    ref: str = "A",
    at: datetime = OPENED,
) -> list[Found]:
    """Return what a panel of what is now shows at a moment."""
    query = query_of(uid, panel, ref)
    assert query.instant
    return prometheus.now(interpolate(query.expression, choice, query.span, PLAN.step), at)


def number(found: list[Found]) -> float:
    """Return the only number that is shown."""
    (only,) = found
    return only.values[-1]


def by(label: str, found: list[Found]) -> dict[str, float]:
    """Return the numbers by a label."""
    return {row.labels[label]: row.values[-1] for row in found}


def awaiting(moment: Moment) -> int:
    """Return how many wait."""
    return moment.awaiting


def active(moment: Moment) -> int:
    """Return how many are active."""
    return moment.active


def flagged(moment: Moment) -> int:
    """Return how many are flagged."""
    return moment.flagged


def around(history: History, site: str, at: datetime, truth: Callable[[Moment], int]) -> float:
    """Return the mean of the hour around a moment."""
    near = [moment for moment in PLAN.moments() if abs(moment - at) < HALF_HOUR]
    return mean(truth(history.at(moment)[site]) for moment in near)

"""Every query of every board, as Grafana would send it, answered by a real Prometheus."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.grafana import boards
from tests.grafana.choices import CHOICES
from tests.grafana.conftest import PLAN
from tests.grafana.interpolation import Choice, interpolate
from tests.history.prometheus import QueryError
from tests.history.scenes import DEAD_SITE, HOSTILE_DEPARTMENT, HOSTILE_SITE, REMOVED_DEPARTMENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.grafana.boards import Query
    from tests.history.prometheus import Found, HistoryPrometheus

NO_ALERT = "alerts fire of the site that died alone"
ALL_REPORT = "marks what is not so for these sites"
NOT_POLLED = "the sites of the history are not polled for waiting times"
NO_MISHAP = "nothing of that kind happens in the history"
# Panels that may stay empty: by title, each with its choices (None: any) and the reason.
MAY_BE_EMPTY: Mapping[str, tuple[frozenset[str] | None, str]] = {
    "Firing alerts": (frozenset({"one site", "two sites", "a site with quotes"}), NO_ALERT),
    "Site not reporting": (None, ALL_REPORT),
    "Statuses added up": (None, NO_MISHAP),
    "Series withheld": (None, NO_MISHAP),
    "Longest waiting by department": (None, NOT_POLLED),
    "Share that waits longer": (None, NOT_POLLED),
    "Ages of waiting tickets": (None, NOT_POLLED),
    "Failed calls by reason": (frozenset({"a site with quotes"}), "its failures are a day old"),
}
EACH = [(uid, name) for uid, choices in CHOICES.items() for name in choices]
_LABEL_VALUES = re.compile(r"label_values\((.+), (\w+)\)")


def answer(
    prometheus: HistoryPrometheus, query: Query, choice: Mapping[str, Choice]
) -> list[Found]:
    """Return what a panel gets when its board is opened at the end of the history."""
    expression = interpolate(query.expression, choice, query.span, PLAN.step)
    if query.instant:
        return prometheus.now(expression, query.span.end)
    return prometheus.over(expression, query.span)


def may_be_empty(query: Query, name: str) -> bool:
    """Tell whether a panel may stay empty for a choice."""
    choices, _ = MAY_BE_EMPTY.get(query.panel, (frozenset(), ""))
    return choices is None or name in choices


@pytest.mark.parametrize(("uid", "name"), EACH)
def test_every_panel_shows_something(uid: str, name: str, prometheus: HistoryPrometheus) -> None:
    """No query is refused, and none is empty but those that have a reason."""
    board, choice = boards.BOARDS[uid], CHOICES[uid][name]
    complaints = []
    for query in boards.queries(board):
        try:
            found = answer(prometheus, query, choice)
        except QueryError as error:
            complaints.append(f"{query.panel} {query.ref}: {error}")
        else:
            if not found and not may_be_empty(query, name):
                complaints.append(f"{query.panel} {query.ref} is empty")
    assert [] == complaints


@pytest.mark.parametrize("title", MAY_BE_EMPTY)
def test_panels_that_may_be_empty_exist(title: str) -> None:
    """The table of exceptions names no panel that is gone."""
    assert title in {
        query.panel for board in boards.BOARDS.values() for query in boards.queries(board)
    }


def options(
    uid: str, variable: str, choice: Mapping[str, Choice], prometheus: HistoryPrometheus
) -> set[str]:
    """Return what a variable offers."""
    board = boards.BOARDS[uid]
    span = boards.span(board)
    query = boards.variables(board)[variable]["query"]["query"]
    match = _LABEL_VALUES.fullmatch(query)
    assert match, query
    selector = interpolate(match[1], choice, span, PLAN.step)
    return set(prometheus.label_values(match[2], selector, span))


@pytest.mark.parametrize("uid", CHOICES)
def test_every_site_is_offered(uid: str, prometheus: HistoryPrometheus) -> None:
    """A dead site and one of an odd name can be chosen, too."""
    choice = next(iter(CHOICES[uid].values()))
    assert {"acme", "globex", DEAD_SITE, HOSTILE_SITE, "hooli"} == options(
        uid, "site", choice, prometheus
    )


def test_departments_of_the_chosen_site_are_offered(prometheus: HistoryPrometheus) -> None:
    """Names that need care are offered as they are."""
    choice = CHOICES["whmcs-site"]["all departments"]
    assert {"Technical Support", "Billing & Abuse", HOSTILE_DEPARTMENT} == options(
        "whmcs-site", "department", choice, prometheus
    )


def test_a_removed_department_is_offered_for_the_time_when_it_was_there(
    prometheus: HistoryPrometheus,
) -> None:
    """Whoever looks back a week finds it."""
    choice = CHOICES["whmcs-site"]["a site with quotes"]
    assert REMOVED_DEPARTMENT in options("whmcs-site", "department", choice, prometheus)


@pytest.mark.parametrize(
    ("uid", "variable"),
    [
        (uid, name)
        for uid, board in boards.BOARDS.items()
        for name, variable in boards.variables(board).items()
        if variable["type"] == "query"
    ],
)
def test_every_variable_offers_something(
    uid: str, variable: str, prometheus: HistoryPrometheus
) -> None:
    """No variable's query is refused or empty."""
    choice = next(iter(CHOICES[uid].values()))
    assert options(uid, variable, choice, prometheus)

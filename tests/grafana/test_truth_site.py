"""What a site's own board shows, held against the truth that the history was made from."""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

import pytest

from tests.grafana import boards
from tests.grafana.boards import OPENED
from tests.grafana.choices import SITE
from tests.grafana.conftest import PLAN
from tests.grafana.shown import DAY, WEEK, around, awaiting, by, number, shown
from tests.history.scenes import (
    DEAD_SITE,
    END,
    HOSTILE_DEPARTMENT,
    HOSTILE_SITE,
    REMOVED_DEPARTMENT,
)

if TYPE_CHECKING:
    from tests.history.backfill import History
    from tests.history.prometheus import HistoryPrometheus


@pytest.mark.parametrize("site", ["acme", "globex", HOSTILE_SITE, "hooli"])
def test_a_site_shows_its_own_numbers(
    site: str, prometheus: HistoryPrometheus, history: History
) -> None:
    """Every large number of the site's board."""
    choice = SITE | {"site": site}
    now, before = history.at(END)[site], history.at(END - DAY)[site]
    weeks = [around(history, site, OPENED - count * WEEK, awaiting) for count in (1, 2, 3)]
    expected = {
        "Poll": 1,
        "Data age": (OPENED - END).total_seconds(),
        "Awaiting reply": now.awaiting,
        "Usual for this hour": median(weeks),
        "Active tickets": now.active,
        "Active, 24 h change": now.active - before.active,
        "Flagged": now.flagged,
    }
    found = {panel: number(shown(prometheus, "whmcs-site", panel, choice)) for panel in expected}
    assert pytest.approx(expected) == found


def test_a_dead_site_shows_no_number_of_tickets(prometheus: HistoryPrometheus) -> None:
    """Of all panels of what is now, two know it: it fails, and since when."""
    choice = SITE | {"site": DEAD_SITE}
    speaking = {
        query.panel
        for query in boards.queries(boards.BOARDS["whmcs-site"])
        if query.instant and shown(prometheus, "whmcs-site", query.panel, choice, ref=query.ref)
    }
    assert {"Poll", "Data age"} == speaking


@pytest.mark.parametrize("department", ["Technical Support", HOSTILE_DEPARTMENT])
def test_one_department_is_shown_alone(
    department: str, prometheus: HistoryPrometheus, history: History
) -> None:
    """A name full of operators chooses its department and no other."""
    choice = SITE | {"department": (department,)}
    found = shown(prometheus, "whmcs-site", "Attention by department, last 4 h", choice)
    expected = {
        name.partition(" ")[2]: count
        for name, count in history.at(END)["acme"].departments.items()
        if name.endswith(department)
    }
    assert expected == by("department", found)


def test_attention_tells_least_waiting_and_decreases(
    prometheus: HistoryPrometheus, history: History
) -> None:
    """Both over four hours; of decreases nothing is told where nothing waited for a while."""
    panel = "Attention by department, last 4 h"
    moments = [history.at(END - count * PLAN.step)["acme"] for count in range(15, -1, -1)]
    least, decreases = {}, {}
    for name in moments[-1].departments:
        counts = [moment.departments[name] for moment in moments]
        least[name.partition(" ")[2]] = min(counts)
        if min(counts):
            decreases[name.partition(" ")[2]] = sum(b < a for a, b in pairwise(counts))
    assert least == by("department", shown(prometheus, "whmcs-site", panel, SITE, ref="B"))
    assert decreases == by("department", shown(prometheus, "whmcs-site", panel, SITE, ref="C"))


def test_a_removed_department_is_in_no_panel_of_now(prometheus: HistoryPrometheus) -> None:
    """It was there two days ago, and is gone."""
    choice = SITE | {"site": HOSTILE_SITE}
    for panel in ("Department and status", "Attention by department, last 4 h"):
        found = shown(prometheus, "whmcs-site", panel, choice)
        assert REMOVED_DEPARTMENT not in by("department", found)


def test_departments_of_one_name_are_added_up_in_the_matrix(
    prometheus: HistoryPrometheus,
) -> None:
    """A cell of the matrix has room for one number: the sum, not one of the two."""
    choice = SITE | {"site": "hooli"}
    found = shown(prometheus, "whmcs-site", "Department and status", choice)
    cells = [(row.labels["department"], row.labels["status"]) for row in found]
    assert len(set(cells)) == len(cells)
    expected = prometheus.now(
        'sum(max by (department_id, status) (whmcs_department_tickets{site="hooli", '
        'department="Support", status!="Closed"}))',
        OPENED,
    )
    support = [row.values[0] for row in found if row.labels["department"] == "Support"]
    assert number(expected) == sum(support)

"""What the boards of all sites show, held against the truth that the history was made from."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.grafana.boards import OPENED
from tests.grafana.choices import CLOSED, EXPORTER, FLEET
from tests.grafana.conftest import PLAN
from tests.grafana.interpolation import interpolate
from tests.grafana.shown import (
    DAY,
    WEEK,
    active,
    around,
    awaiting,
    by,
    flagged,
    number,
    query_of,
    shown,
)
from tests.history.scenes import DEAD_SITE, DIED, END, HOSTILE_SITE, RENAMED_STATUS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.history.backfill import History, Moment
    from tests.history.prometheus import HistoryPrometheus

AFTER_THE_EXPORTER = END + timedelta(hours=2)
REPORTING = {"acme", "globex", HOSTILE_SITE, "hooli"}


@pytest.mark.parametrize(
    ("panel", "truth"),
    [
        ("Awaiting reply", awaiting),
        ("Active tickets", active),
        ("Flagged", flagged),
    ],
)
def test_totals_are_those_of_the_sites_that_report(
    panel: str, truth: Callable[[Moment], int], prometheus: HistoryPrometheus, history: History
) -> None:
    """Two replicas count once, and the dead site is in no total."""
    now = history.at(END)
    assert REPORTING == now.keys()
    assert sum(map(truth, now.values())) == number(shown(prometheus, "whmcs-fleet", panel, FLEET))


def test_the_missing_site_is_counted_beside_the_totals(prometheus: HistoryPrometheus) -> None:
    """One of five sites does not report."""
    assert 1 == number(shown(prometheus, "whmcs-fleet", "Sites not reporting", FLEET))


def test_no_site_is_missing_while_all_report(prometheus: HistoryPrometheus) -> None:
    """Then a zero stands there, not a panel without a number."""
    before = DIED - timedelta(hours=1)
    found = shown(prometheus, "whmcs-fleet", "Sites not reporting", FLEET, at=before)
    assert 0 == number(found)


def test_without_any_exporter_all_sites_are_missing(prometheus: HistoryPrometheus) -> None:
    """Totals have no number then, not even 0, and every site is counted as missing."""
    at = AFTER_THE_EXPORTER
    for panel in ("Awaiting reply", "Active tickets", "Flagged", "Active vs. last week"):
        assert [] == shown(prometheus, "whmcs-fleet", panel, FLEET, at=at)
    assert 5 == number(shown(prometheus, "whmcs-fleet", "Sites not reporting", FLEET, at=at))


def test_nothing_is_claimed_of_a_prometheus_that_never_saw_an_exporter(
    prometheus: HistoryPrometheus,
) -> None:
    """No site missing of no site known is no good news."""
    at = END + timedelta(days=30)
    assert [] == shown(prometheus, "whmcs-fleet", "Sites not reporting", FLEET, at=at)


def test_the_oldest_data_is_the_dead_sites(prometheus: HistoryPrometheus) -> None:
    """Its age goes on when its numbers are gone."""
    age = (OPENED - DIED + PLAN.step).total_seconds()
    assert age == number(shown(prometheus, "whmcs-fleet", "Oldest data", FLEET))


def test_active_against_last_week_compares_equal_sites(
    prometheus: HistoryPrometheus, history: History
) -> None:
    """A dead site is missing on both sides, so that the rest does not look smaller."""
    now = {site: moment.active for site, moment in history.at(END).items()}
    then = {site: around(history, site, OPENED - WEEK, active) for site in now}
    expected = sum(now.values()) / sum(then.values()) - 1
    found = number(shown(prometheus, "whmcs-fleet", "Active vs. last week", FLEET))
    assert pytest.approx(expected) == found


@pytest.mark.parametrize(
    ("ref", "truth"),
    [
        ("D", awaiting),
        ("E", flagged),
        ("F", active),
    ],
)
def test_the_table_has_each_sites_numbers(
    ref: str, truth: Callable[[Moment], int], prometheus: HistoryPrometheus, history: History
) -> None:
    """The cells of the dead site are empty: it has no row in any of these columns."""
    found = shown(prometheus, "whmcs-fleet", "Sites", FLEET, ref=ref)
    expected = {site: truth(moment) for site, moment in history.at(END).items()}
    assert expected == by("site", found)


def test_the_table_has_a_row_for_the_dead_site(prometheus: HistoryPrometheus) -> None:
    """Its poll fails, its age is shown, and nothing about tickets."""
    columns = {
        ref: by("site", shown(prometheus, "whmcs-fleet", "Sites", FLEET, ref=ref))
        for ref in "ABCDEFGH"
    }
    assert {ref for ref, sites in columns.items() if DEAD_SITE in sites} == {"A", "B", "C"}
    assert 0 == columns["B"][DEAD_SITE]


def test_the_change_in_a_day_is_that_of_each_site(
    prometheus: HistoryPrometheus, history: History
) -> None:
    """Now less 24 hours ago, by site."""
    before = history.at(END - DAY)
    expected = {
        site: moment.active - before[site].active for site, moment in history.at(END).items()
    }
    assert expected == by("site", shown(prometheus, "whmcs-fleet", "Sites", FLEET, ref="G"))


def test_the_busiest_departments_stand_in_order(
    prometheus: HistoryPrometheus, history: History
) -> None:
    """The ten highest of all sites; those of one name stay two."""
    found = shown(prometheus, "whmcs-fleet", "Departments with most tickets awaiting reply", FLEET)
    truth = {
        (site, department): count
        for site, moment in history.at(END).items()
        for department, count in moment.departments.items()
    }
    numbers = [row.values[0] for row in found]
    assert sorted(truth.values(), reverse=True)[:10] == numbers
    assert numbers == [
        truth[row.labels["site"], f"{row.labels['department_id']} {row.labels['department']}"]
        for row in found
    ]


def test_statuses_are_added_over_sites(prometheus: HistoryPrometheus, history: History) -> None:
    """The last point of the stack, without what is left out."""
    query = query_of("whmcs-fleet", "Tickets by status")
    expression = interpolate(query.expression, FLEET, query.span, PLAN.step)
    found = prometheus.over(expression, query.span)
    expected: dict[str, int] = {}
    for moment in history.at(END).values():
        for status, count in moment.statuses.items():
            expected[status] = expected.get(status, 0) + count
    del expected[CLOSED]
    assert expected == {s: v for s, v in by("status", found).items() if s in expected}
    assert RENAMED_STATUS in expected


def test_the_dead_site_is_marked_from_when_its_numbers_were_withheld(
    prometheus: HistoryPrometheus,
) -> None:
    """The annotation begins when they were older than three intervals, and lasts."""
    query = query_of("whmcs-fleet", "Site not reporting", "")
    choice = FLEET | {"site": (DEAD_SITE,)}
    expression = interpolate(query.expression, choice, query.span, PLAN.step)
    (found,) = prometheus.over(expression, query.span)
    withheld = END - DIED - 2 * PLAN.step
    marked = len(found.values) * query.span.step
    assert abs(withheld - marked) <= PLAN.step + 2 * query.span.step


def test_the_alert_that_fires_is_listed(prometheus: HistoryPrometheus) -> None:
    """For all sites and for its own, and not for another."""
    for choice, expected in (
        (FLEET, {DEAD_SITE}),
        (FLEET | {"site": (DEAD_SITE,)}, {DEAD_SITE}),
        (FLEET | {"site": ("acme",)}, set()),
    ):
        found = shown(prometheus, "whmcs-fleet", "Firing alerts", choice)
        assert expected == {row.labels["site"] for row in found}


def test_the_exporters_board_counts_failing_sites_and_exporters(
    prometheus: HistoryPrometheus,
) -> None:
    """Both exporters are up; one site of five fails, though both of them say so."""
    uid = "whmcs-exporter"
    assert 2 == number(shown(prometheus, uid, "Exporters", EXPORTER))
    assert 0 == number(shown(prometheus, uid, "Exporters", EXPORTER, ref="B"))
    assert 1 == number(shown(prometheus, uid, "Sites failing", EXPORTER))

"""How many series a reading makes, and what of it is published within the limits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.polling.readings import (
    AGES,
    Departments,
    DepartmentTickets,
    DepartmentWaiting,
    SiteTickets,
    Waiting,
)
from exporter.polling.source import Limits, Outcome


def site_tickets(statuses: int, visible: int | None = 3) -> SiteTickets:
    """Return a reading of ``ticket_counts``."""
    return SiteTickets(
        active=1,
        awaiting_reply=2,
        flagged=3,
        statuses={str(number): number for number in range(statuses)},
        departments_visible=visible,
    )


def department(number: int, statuses: int, *, active: int | None = None) -> DepartmentTickets:
    """Return one department's tickets, by statuses or, with ``active``, by credentials."""
    return DepartmentTickets(
        id=number,
        name="Sales",
        awaiting_reply=1,
        open=2 if active is None else None,
        active=active,
        statuses={str(number): number for number in range(statuses)},
    )


BOTH = Departments((department(1, 2), department(2, 5, active=0)))


@pytest.mark.parametrize(
    ("reading", "series", "most"),
    [
        (site_tickets(0), 4, 0),
        (site_tickets(6), 10, 6),
        (site_tickets(6, visible=None), 9, 6),
        (site_tickets(6, visible=0), 10, 6),
        (Departments(()), 0, 0),
        (BOTH, 4 + 7, 5),
    ],
)
def test_series_of_a_reading(reading: SiteTickets | Departments, series: int, most: int) -> None:
    """Each number that is there is one series."""
    assert (series, most) == (reading.series, reading.most_statuses)


def test_series_of_waiting_times() -> None:
    """Thirteen buckets, the infinite one and two totals, and where somebody waits the oldest."""
    nobody = DepartmentWaiting(
        id=1, name="Sales", oldest=None, younger=(0,) * len(AGES), count=0, age_sum=0.0
    )
    somebody = replace(nobody, oldest=1.0, count=1)
    assert (16, 17) == (nobody.series, somebody.series)
    assert 33 == Waiting((nobody, somebody)).series


@pytest.mark.parametrize(("statuses", "kept"), [(5, True), (4, False)])
def test_reading_beyond_a_limit_is_withheld_whole(statuses: int, *, kept: bool) -> None:
    """Exactly as much as allowed is kept; one more and nothing of it is."""
    limits = Limits(departments=1, statuses=statuses)

    expected = (
        Outcome(readings={"p": BOTH}, collisions=2)
        if kept
        else Outcome(readings={"p": None}, collisions=2, dropped=11)
    )
    assert expected == limits.outcome(BOTH, 2, "p")

"""A site may show so many series, of all its sources together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from exporter.exposition.view import View
from exporter.polling.readings import Departments, DepartmentTickets
from exporter.polling.source import Outcome
from exporter.whmcs.errors import HTTPStatus
from tests.changes import store_of
from tests.test_snapshots import STALE_AFTER, first_snapshot, poll, reading

if TYPE_CHECKING:
    from exporter.polling.poll import Poll
    from exporter.polling.readings import Reading
    from exporter.snapshots import Snapshot

TICKETS = reading(1)
TICKETS_SERIES = 3
BILLING = Departments(
    (
        DepartmentTickets(
            id=1, name="Billing", awaiting_reply=0, open=0, active=None, statuses={"Open": 0}
        ),
    )
)
BILLING_SERIES = 3
SALES = Departments((replace(BILLING.departments[0], id=2, name="Sales"),))


def site(limit: int) -> Snapshot:
    """Return a site before its first polls that may show so many series."""
    return replace(first_snapshot(), series_limit=limit)


def departments(now: float, **parts: Reading | None) -> Poll:
    """Return a poll of ``departments`` that ended now."""
    return replace(poll(now, None, **parts), source="departments")


def published(limit: int, *polls: Poll) -> tuple[list[Outcome], Snapshot]:
    """Return what was published of each poll, and what is known in the end."""
    store, _ = store_of(site(limit))
    outcomes = [store.publish(each).outcome for each in polls]
    return outcomes, store.snapshots[0]


def test_sources_share_the_room() -> None:
    """As much as allowed is shown; with one less, the source that came last is withheld whole."""
    polls = (poll(1.0, a=TICKETS), departments(2.0, a=BILLING))
    limit = TICKETS_SERIES + BILLING_SERIES

    (_, fits), _ = published(limit, *polls)
    (first, beyond), known = published(limit - 1, *polls)

    assert Outcome(readings={"a": BILLING}) == fits
    assert Outcome(readings={"a": TICKETS}) == first
    assert Outcome(readings={"a": None}, dropped=BILLING_SERIES) == beyond
    assert (TICKETS_SERIES, BILLING_SERIES) == (View.of(known, 2.0).series, known.dropped)


def test_parts_share_the_room() -> None:
    """Of several credentials' departments those are shown that fit, each whole."""
    (outcome,), _ = published(BILLING_SERIES, departments(1.0, a=BILLING, b=SALES))

    assert Outcome(readings={"a": BILLING, "b": None}, dropped=BILLING_SERIES) == outcome


def test_what_does_not_fit_takes_no_room() -> None:
    """A part that is too large leaves the room to a smaller one behind it."""
    both = Departments(BILLING.departments + SALES.departments)

    (outcome,), _ = published(BILLING_SERIES, departments(1.0, a=both, b=BILLING))

    assert Outcome(readings={"a": None, "b": BILLING}, dropped=both.series) == outcome


def test_a_reading_needs_no_room_beside_its_predecessor() -> None:
    """What a poll replaces does not count."""
    outcomes, _ = published(BILLING_SERIES, *(departments(now, a=BILLING) for now in (1.0, 2.0)))

    assert [Outcome(readings={"a": BILLING})] * 2 == outcomes


def test_the_other_parts_of_a_source_count() -> None:
    """A credential that failed keeps its last numbers, and their room."""
    polls = (departments(1.0, a=BILLING), departments(2.0, b=SALES))

    outcomes, _ = published(BILLING_SERIES, *polls)

    assert Outcome(readings={"b": None}, dropped=BILLING_SERIES) == outcomes[1]


@pytest.mark.parametrize(("later", "fits"), [(STALE_AFTER, False), (STALE_AFTER + 1, True)])
def test_what_is_stale_takes_no_room(later: float, *, fits: bool) -> None:
    """A source that has failed for long leaves its room to the others."""
    polls = (poll(1.0, a=TICKETS), departments(1.0 + later, a=BILLING))

    outcomes, _ = published(BILLING_SERIES, *polls)

    assert fits == (outcomes[1].readings["a"] is not None)


def test_what_was_withheld_comes_back_with_the_room() -> None:
    """The poll after the room is there publishes everything again."""
    polls = (
        departments(1.0, a=BILLING, b=SALES),
        departments(2.0, a=None, b=SALES),
    )

    outcomes, known = published(BILLING_SERIES, *polls)

    assert {"a": None, "b": SALES} == outcomes[1].readings
    assert BILLING_SERIES == known.dropped


def test_a_failure_passes() -> None:
    """A poll without a reading is published as it is, whatever the room."""
    failed = replace(poll(1.0, HTTPStatus("HTTP status 500")), outcome=Outcome(readings={}))

    outcomes, _ = published(0, failed)

    assert [failed.outcome] == outcomes


def test_what_a_source_withheld_is_counted_with_it() -> None:
    """Series that a source dropped itself and those without room are one number."""
    both = departments(1.0, a=BILLING, b=None)
    both = replace(both, outcome=replace(both.outcome, dropped=10))

    (outcome,), _ = published(0, both)

    assert Outcome(readings={"a": None, "b": None}, dropped=10 + BILLING_SERIES) == outcome

"""The source ``ticket_counts``: what it asks, and what becomes of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exporter.polling.labels import Selection
from exporter.polling.readings import SiteTickets
from exporter.polling.source import ONLY_PART, Limits
from exporter.whmcs.errors import SchemaMismatch
from tests.polling.outside import COUNTS, Bench, ticket_counts

if TYPE_CHECKING:
    from exporter.whmcs.document import JSON


@pytest.mark.parametrize(
    ("ignore", "parameters"),
    [
        (True, {"includeCountsByStatus": "1", "ignoreDepartmentAssignments": "1"}),
        (False, {"includeCountsByStatus": "1"}),
    ],
)
async def test_parameters(*, ignore: bool, parameters: dict[str, str]) -> None:
    """Booleans are sent as 1 or left out, for PHP takes "false" for true."""
    bench = Bench()

    await bench.poll(bench.ticket_counts(ignore_department_assignments=ignore))

    assert [(COUNTS, parameters)] == [(call.action, call.parameters) for call in bench.whmcs.calls]


async def test_answer_becomes_a_reading() -> None:
    """Each number is published as WHMCS sent it."""
    bench = Bench()
    bench.whmcs.answers[COUNTS] = ticket_counts({"Open": 60, "Customer-Reply": 40})

    poll = await bench.poll(bench.ticket_counts())

    assert None is poll.error
    assert {
        ONLY_PART: SiteTickets(
            active=123,
            awaiting_reply=100,
            flagged=15,
            statuses={"Open": 60, "Customer-Reply": 40},
            departments_visible=3,
        )
    } == poll.outcome.readings


@pytest.mark.parametrize(("ids", "visible"), [([], 0), ({"5": 1, "7": "2"}, 2)])
async def test_visible_departments_are_counted(ids: JSON, visible: int) -> None:
    """PHP's arrays count alike, whether they come as a list or as an object."""
    bench = Bench()
    bench.whmcs.answers[COUNTS] = ticket_counts(filteredDepartments=ids)

    reading = (await bench.poll(bench.ticket_counts())).outcome.readings[ONLY_PART]

    assert isinstance(reading, SiteTickets)
    assert visible == reading.departments_visible


async def test_unknown_visible_departments_withhold_only_themselves() -> None:
    """WHMCS before 9.0 says nothing of departments; the counts are good all the same."""
    bench = Bench()
    answer = ticket_counts()
    del answer["filteredDepartments"]
    bench.whmcs.answers[COUNTS] = answer

    poll = await bench.poll(bench.ticket_counts())
    reading = poll.outcome.readings[ONLY_PART]

    assert None is poll.error
    assert isinstance(reading, SiteTickets)
    assert (None, 123) == (reading.departments_visible, reading.active)


async def test_unwanted_statuses_are_left_out() -> None:
    """The filter is by the label, and touches no other number."""
    bench = Bench()
    bench.whmcs.answers[COUNTS] = ticket_counts({"Open": 1, "Closed": 4220, "": 7})
    unwanted = Selection(exclude=frozenset({"Closed"}))

    poll = await bench.poll(bench.ticket_counts(statuses=unwanted))
    reading = poll.outcome.readings[ONLY_PART]

    assert isinstance(reading, SiteTickets)
    assert ({"Open": 1, "(untitled)": 7}, 123) == (reading.statuses, reading.active)


async def test_statuses_of_one_label_are_added_and_told() -> None:
    """Titles that differ only in what no label may hold share one series."""
    bench = Bench()
    bench.whmcs.answers[COUNTS] = ticket_counts({"a\0": 1, "a\x01": 2, "a\x02": 4, "b": 8})

    poll = await bench.poll(bench.ticket_counts())
    reading = poll.outcome.readings[ONLY_PART]

    assert isinstance(reading, SiteTickets)
    assert {"a�": 7, "b": 8} == reading.statuses
    assert 2 == poll.outcome.collisions


async def test_reading_beyond_the_limits_is_withheld_and_the_poll_succeeds() -> None:
    """WHMCS did nothing wrong; what was dropped is told."""
    bench = Bench()
    bench.whmcs.answers[COUNTS] = ticket_counts({"a": 1, "b": 2, "c": 3})
    limits = Limits(departments=500, statuses=2)

    poll = await bench.poll(bench.ticket_counts(limits=limits))

    assert None is poll.error
    assert {ONLY_PART: None} == poll.outcome.readings
    assert 7 == poll.outcome.dropped


async def test_unfit_answer_is_a_failure_with_nothing_to_publish() -> None:
    """An answer without its counts is `schema`."""
    bench = Bench()
    bench.whmcs.answers[COUNTS] = ticket_counts(allActive="1_000")

    poll = await bench.poll(bench.ticket_counts())

    assert isinstance(poll.error, SchemaMismatch)
    assert {} == poll.outcome.readings
    assert ({COUNTS: 1}, {"schema": 1}) == (poll.tally.requests, poll.tally.failures)

"""The source ``departments``: GetTicketCounts, once with each credential of one department."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from exporter.polling.backoff import BackingOff
from exporter.polling.labels import Selection
from exporter.polling.readings import Departments, DepartmentTickets
from exporter.polling.source import Limits
from exporter.whmcs.errors import HTTPStatus, PermissionMissing, SchemaMismatch
from tests.polling.outside import (
    COUNTS,
    Bench,
    by_credentials,
    ticket_counts,
)

if TYPE_CHECKING:
    from exporter.whmcs.document import JSON


def rows(reading: object) -> tuple[DepartmentTickets, ...]:
    """Return the departments of a reading that must have some."""
    assert isinstance(reading, Departments)
    return reading.departments


def scoped(**ids: JSON) -> Bench:
    """Return a bench whose WHMCS scopes each credential to some departments' ids."""
    bench = Bench()
    bench.whmcs.answers[COUNTS] = lambda call: ticket_counts(
        {"Open": 1, "Closed": 2}, filteredDepartments=ids[call.form["identifier"]]
    )
    return bench


async def test_parameters() -> None:
    """The assignments must not be ignored: they are what scopes the counts."""
    bench = scoped(a=[1], b=[2])

    await bench.poll(by_credentials("a", "b"))

    assert [
        (COUNTS, {"includeCountsByStatus": "1"}, "a"),
        (COUNTS, {"includeCountsByStatus": "1"}, "b"),
    ] == [(call.action, call.parameters, call.form["identifier"]) for call in bench.whmcs.calls]


async def test_each_credential_is_a_part() -> None:
    """Ids are WHMCS's, names the configuration's; open tickets are not known this way."""
    bench = scoped(a=[7], b={"0": "9"})

    poll = await bench.poll(by_credentials("a", "b"))

    assert None is poll.error
    assert {
        part: Departments(
            (
                DepartmentTickets(
                    id=number,
                    name=name,
                    awaiting_reply=100,
                    open=None,
                    active=123,
                    statuses={"Open": 1, "Closed": 2},
                ),
            )
        )
        for part, name, number in (("0", "a", 7), ("1", "b", 9))
    } == poll.outcome.readings


@pytest.mark.parametrize("ids", [[], [1, 2], {"a": 1, "b": 2}])
async def test_credential_of_no_or_several_departments_fails_alone(ids: JSON) -> None:
    """Its part is `schema` and the source did not succeed; the rest is published."""
    bench = scoped(a=ids, b=[9])

    poll = await bench.poll(by_credentials("a", "b"))

    assert [SchemaMismatch] == [type(failure) for failure in poll.outcome.failed]
    assert ({"schema": 1}, "schema") == (poll.tally.failures, poll.error and poll.error.reason)
    assert ["1"] == list(poll.outcome.readings)


async def test_whmcs_that_does_not_scope_fails_all() -> None:
    """Before 9.0 there is no `filteredDepartments`, and so nothing to publish."""
    bench = Bench()
    answer = ticket_counts()
    del answer["filteredDepartments"]
    bench.whmcs.answers[COUNTS] = answer

    poll = await bench.poll(by_credentials("a", "b"))

    assert 2 == len(poll.outcome.failed)
    assert {} == poll.outcome.readings


@pytest.mark.parametrize(("ids", "parts"), [([1, 1, 2], ["0", "2"]), ([1, 2, 1], ["0", "1"])])
async def test_second_credential_of_a_department_is_a_failure(
    ids: list[int], parts: list[str]
) -> None:
    """Both would make the same series; the first one's numbers stand, whoever is between them."""
    departments: dict[str, JSON] = {name: [number] for name, number in zip("abc", ids, strict=True)}
    bench = scoped(**departments)

    poll = await bench.poll(by_credentials("a", "b", "c"))

    assert ["two credentials stand for department 1"] == [str(twin) for twin in poll.outcome.failed]
    assert {"schema": 1} == poll.tally.failures
    assert isinstance(poll.error, SchemaMismatch)
    assert parts == list(poll.outcome.readings)


async def test_unwanted_department_is_left_out() -> None:
    """Its part is empty, so that what it showed before does not linger."""
    bench = scoped(a=[1], b=[2])

    poll = await bench.poll(by_credentials("a", "b", departments=Selection(exclude=frozenset({1}))))

    assert None is poll.error
    assert [(), (2,)] == [
        tuple(row.id for row in rows(reading)) for reading in poll.outcome.readings.values()
    ]


async def test_part_beyond_the_limits_is_withheld_alone() -> None:
    """A part is withheld whole, and the others stay; the twins behind it too."""
    bench = scoped(a=[1], b=[2])
    bench.whmcs.answers[COUNTS] = lambda call: ticket_counts(
        {"Open": 1} if call.form["identifier"] == "b" else {"Open": 1, "Closed": 2},
        filteredDepartments=[len(bench.whmcs.calls)],
    )

    poll = await bench.poll(by_credentials("a", "b", limits=Limits(departments=1, statuses=1)))

    assert None is poll.error
    assert None is poll.outcome.readings["0"]
    assert [2] == [row.id for row in rows(poll.outcome.readings["1"])]
    assert 4 == poll.outcome.dropped


async def test_collisions_of_all_parts_are_added_up() -> None:
    """The site's counter grows by those of every credential."""
    bench = scoped(a=[1], b=[2])
    bench.whmcs.answers[COUNTS] = lambda call: ticket_counts(
        {"\0": 1, "\x01": 2}, filteredDepartments=[1 + (call.form["identifier"] == "b")]
    )

    poll = await bench.poll(by_credentials("a", "b"))

    assert 2 == poll.outcome.collisions


async def test_failure_explains_more_than_a_wait() -> None:
    """When one part is held and another fails, the failure is the poll's."""
    bench = scoped(a=[1], b=[2])
    denied = {"a": PermissionMissing("no"), "b": HTTPStatus("HTTP status 500")}
    bench.whmcs.answers[COUNTS] = lambda call: denied[call.form["identifier"]]
    source = by_credentials("a", "b")

    await bench.poll(source)
    poll = await bench.poll(source)

    assert [BackingOff, HTTPStatus] == [type(failure) for failure in poll.outcome.failed]
    assert isinstance(poll.error, HTTPStatus)


async def test_poll_that_was_held_in_part_has_a_length() -> None:
    """Calls were made, and their time is the poll's."""
    bench = scoped(a=[1], b=[2])
    answer = bench.whmcs.answers[COUNTS]
    assert callable(answer)
    bench.whmcs.answers[COUNTS] = lambda call: (
        PermissionMissing("no") if call.form["identifier"] == "a" else answer(call)
    )
    source = by_credentials("a", "b")
    await bench.poll(source)
    bench.whmcs.seconds = 2.0

    polling = asyncio.create_task(bench.poll(source))
    await bench.clock.advance(5)
    poll = await polling

    assert isinstance(poll.error, BackingOff)
    assert 2.0 == poll.duration


async def test_bug_in_one_part_is_raised_and_ends_the_others() -> None:
    """No call outlives the poll that made it."""
    bench = scoped()
    held_open: asyncio.Future[dict[str, JSON]] = asyncio.get_running_loop().create_future()
    bench.whmcs.answers[COUNTS] = lambda call: (
        ZeroDivisionError() if call.form["identifier"] == "b" else held_open
    )

    with pytest.raises(ExceptionGroup) as raised:
        await bench.poll(by_credentials("a", "b"))

    assert raised.group_contains(ZeroDivisionError)
    assert 0 == bench.whmcs.under_way

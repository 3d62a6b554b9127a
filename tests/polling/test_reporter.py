"""What the log says of the polls: one line for each change, and none in between."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeAlias

import pytest

from exporter.polling.source import Limits
from exporter.whmcs.errors import AuthFailed, HTTPStatus, PermissionMissing
from tests.polling.outside import COUNTS, Answer, Bench, ticket_counts

if TYPE_CHECKING:
    from exporter.polling.poller import Poller

Line: TypeAlias = "tuple[str, str, dict[str, object]]"

SUCCEEDS: Line = ("INFO", "poll succeeds", {})
COLLIDES: Line = ("WARNING", "several statuses share one label value and are added", {})
TOO_MANY: Line = ("WARNING", "reading withheld: more than `limits` allow", {"series": 7})
LACKING: list[tuple[dict[str, int], Line]] = [
    ({"\0": 1, "\x01": 2}, COLLIDES),
    ({"a": 1, "b": 2, "c": 3}, TOO_MANY),
]


def fails(reason: str, error: str) -> Line:
    """Return the line of a failure."""
    return ("WARNING", "poll fails", {"reason": reason, "error": error})


def lines(caplog: pytest.LogCaptureFixture) -> list[Line]:
    """Return level, message and facts of the lines so far; all are about one source of one site."""
    places = {(record.__dict__["site"], record.__dict__["source"]) for record in caplog.records}
    assert len(places) <= 1
    facts = ("reason", "error", "series")
    found = [
        (
            record.levelname,
            record.getMessage(),
            {name: record.__dict__[name] for name in facts if name in record.__dict__},
        )
        for record in caplog.records
    ]
    caplog.clear()
    return found


@pytest.fixture
def bench(caplog: pytest.LogCaptureFixture) -> Bench:
    """Return a bench whose log is seen from `info` on."""
    caplog.set_level(logging.INFO)
    return Bench()


@pytest.fixture
def poller(bench: Bench) -> Poller:
    """Return a poller of ``ticket_counts`` that lets two statuses pass."""
    limits = Limits(departments=500, statuses=2)
    return bench.poller(bench.ticket_counts(limits=limits))


async def poll(bench: Bench, poller: Poller, answer: Answer) -> None:
    """Poll once, a minute after the last."""
    await bench.clock.advance(60)
    bench.whmcs.answers[COUNTS] = answer
    await poller.poll()


async def test_line_for_each_change_of_state(
    bench: Bench, poller: Poller, caplog: pytest.LogCaptureFixture
) -> None:
    """Success, failure, another reason, success: a line each, and none for more of the same."""
    answers: tuple[tuple[Answer, list[Line]], ...] = (
        (ticket_counts(), [SUCCEEDS]),
        (ticket_counts(), []),
        (HTTPStatus("HTTP status 500"), [fails("http_status", "HTTP status 500")]),
        (HTTPStatus("HTTP status 502"), []),
        (PermissionMissing("WHMCS says: no"), [fails("permission", "WHMCS says: no")]),
        (ticket_counts(), []),
        (ticket_counts(), []),
        (ticket_counts(), [SUCCEEDS]),
    )
    for answer, expected in answers:
        await poll(bench, poller, answer)
        assert expected == lines(caplog)


async def test_no_line_while_held(
    bench: Bench, poller: Poller, caplog: pytest.LogCaptureFixture
) -> None:
    """A refusal is told once, however long the waits and often the tries that follow."""
    for _ in range(60):
        await poll(bench, poller, AuthFailed("WHMCS says: no"))

    assert [fails("auth", "WHMCS says: no")] == lines(caplog)


async def test_source_that_is_held_from_the_start_says_so(
    bench: Bench, poller: Poller, caplog: pytest.LogCaptureFixture
) -> None:
    """Another source's refusal is the reason, and it is told for this one too."""
    await poll(bench, poller, AuthFailed("WHMCS says: no"))
    caplog.clear()

    await bench.poll(bench.departments())

    assert {("acme", "departments")} == {
        (record.__dict__["site"], record.__dict__["source"]) for record in caplog.records
    }
    assert [fails("auth", "backing off after `auth`")] == lines(caplog)


async def test_line_says_since_when_and_what_to_do(
    bench: Bench, poller: Poller, caplog: pytest.LogCaptureFixture
) -> None:
    """The state before and how long it lasted, the last success, and a hint by reason."""
    names = ("previous", "lasted", "last_success", "hint")
    last_success = "2027-01-15T08:02:00Z"
    expected: list[dict[str, object]] = [
        {"last_success": "never", "hint": HTTPStatus.hint},
        {"previous": "http_status", "lasted": "60s"},
        {
            "previous": "ok",
            "lasted": "60s",
            "last_success": last_success,
            "hint": HTTPStatus.hint,
        },
        {
            "previous": "http_status",
            "lasted": "120s",
            "last_success": last_success,
            "hint": AuthFailed.hint,
        },
    ]

    down, refused = HTTPStatus("HTTP status 500"), AuthFailed("WHMCS says: no")
    for answer in (down, ticket_counts(), down, down, refused):
        await poll(bench, poller, answer)

    found = [record.__dict__ for record in caplog.records]
    assert expected == [{name: line[name] for name in names if name in line} for line in found]


@pytest.mark.parametrize(("statuses", "line"), LACKING, ids=["collisions", "limits"])
async def test_what_the_first_reading_lacks_is_told(
    bench: Bench,
    poller: Poller,
    caplog: pytest.LogCaptureFixture,
    statuses: dict[str, int],
    line: Line,
) -> None:
    """Nothing is taken as told before the first poll."""
    await poll(bench, poller, ticket_counts(statuses))

    assert [SUCCEEDS, line] == lines(caplog)


@pytest.mark.parametrize(("statuses", "line"), LACKING, ids=["collisions", "limits"])
async def test_what_a_reading_lacks_is_told_once(
    bench: Bench,
    poller: Poller,
    caplog: pytest.LogCaptureFixture,
    statuses: dict[str, int],
    line: Line,
) -> None:
    """It is told when it begins, not while it stays nor after a failure, and when it is back."""
    for answer, expected in (
        (ticket_counts(), [SUCCEEDS]),
        (ticket_counts(statuses), [line]),
        (ticket_counts(statuses), []),
        (HTTPStatus("HTTP status 500"), [fails("http_status", "HTTP status 500")]),
        (ticket_counts(statuses), [SUCCEEDS]),
        (ticket_counts(), []),
        (ticket_counts(statuses), [line]),
    ):
        await poll(bench, poller, answer)
        assert expected == lines(caplog)

"""Statuses and departments that come, change and go while a desk lives."""

from datetime import UTC, datetime, timedelta

import pytest

from exporter.simulator.desk import HelpDesk

# A Monday.
START = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = timedelta(weeks=1)


def _desk() -> HelpDesk:
    return HelpDesk("acme", seed=1, start=START)


def test_a_new_status_is_used() -> None:
    """Tickets are parked in a status that was added."""
    desk = _desk()
    desk.add_status("On Fire", active=True, awaiting=True)
    assert 0 == desk.state().by_status["On Fire"]
    desk.advance(START + WEEK)

    assert desk.state().by_status["On Fire"] > 0


def test_a_renamed_status_keeps_its_tickets() -> None:
    """Only the title changes."""
    desk = _desk()
    before = desk.state()
    desk.rename_status("Open", "Offen")

    assert before.by_status["Open"] == desk.state().by_status["Offen"] > 0
    assert "Open" not in desk.state().by_status
    assert before.awaiting == desk.state().awaiting


def test_tickets_of_a_removed_status_are_closed() -> None:
    """Its tickets move to Closed, and life goes on without it."""
    desk = _desk()
    before = desk.state().by_status
    desk.remove_status("In Progress")
    after = desk.state().by_status

    assert before["In Progress"] > 0
    assert before["Closed"] + before["In Progress"] == after["Closed"]
    desk.advance(START + WEEK)
    assert "In Progress" not in desk.state().by_status


def test_a_desk_lives_without_any_status_to_park_in() -> None:
    """With only the four essential statuses tickets are answered and closed."""
    desk = _desk()
    for status in desk.state().statuses:
        if status.title not in {"Open", "Answered", "Customer-Reply", "Closed"}:
            desk.remove_status(status.title)
    desk.advance(START + WEEK)

    assert 4 == len(desk.state().statuses)
    assert desk.arrived == sum(desk.state().tickets.values())


def test_departments_come_and_go() -> None:
    """A new one fills, a removed one takes its tickets along, and its id never comes back."""
    desk = _desk()
    added = desk.add_department("Fleet")
    desk.advance(START + WEEK)
    filled = sum(desk.state().within([added]).by_status.values())
    total = sum(desk.state().tickets.values())
    desk.remove_department(added)

    assert filled > 0
    assert total - filled == sum(desk.state().tickets.values())
    assert added not in desk.department_ids
    assert added + 1 == desk.add_department("Fleet")
    desk.advance(START + 2 * WEEK)
    assert desk.state().active > 0


def test_a_department_is_renamed() -> None:
    """Only the name changes."""
    desk = HelpDesk("acme", seed=1, start=START, departments=["Sales", "Sales"])
    before = desk.state()
    desk.rename_department(2, "Support")

    assert {1: "Sales", 2: "Support"} == desk.state().departments
    assert before.tickets == desk.state().tickets


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda desk: desk.add_status("Open"), "'Open' is there already"),
        (lambda desk: desk.rename_status("Open", "Closed"), "'Closed' is there already"),
        (lambda desk: desk.rename_status("Odd", "Even"), "no status 'Odd'"),
        (lambda desk: desk.remove_status("Odd"), "no status 'Odd'"),
        (lambda desk: desk.remove_status("Closed"), "cannot work without 'Closed'"),
        (lambda desk: desk.rename_department(9, "Odd"), "no department 9"),
        (lambda desk: desk.remove_department(9), "no department 9"),
        (lambda desk: desk.remove_department(1), "last department"),
    ],
)
def test_impossible_changes_are_refused(change: object, message: str) -> None:
    """The message says what is wrong, and the desk stays as it was."""
    desk = HelpDesk("acme", seed=1, start=START, departments=1)
    before = desk.state()
    assert callable(change)
    with pytest.raises(ValueError, match=message):
        change(desk)

    assert before == desk.state()

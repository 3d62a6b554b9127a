"""The life of a help desk."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.simulator.desk import HelpDesk
from exporter.simulator.state import DeskState

# A Monday.
START = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = timedelta(weeks=1)


def _desk(seed: int = 1, **more: float) -> HelpDesk:
    return HelpDesk("acme", seed=seed, start=START, **more)  # type: ignore[arg-type] # only numbers


def _arrivals(desk: HelpDesk, begin: datetime, hours: int) -> int:
    desk.advance(begin)
    before = desk.arrived
    desk.advance(begin + timedelta(hours=hours))
    return desk.arrived - before


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 1000),
    looks=st.lists(st.integers(0, 3 * 24 * 3600), max_size=20).map(sorted),
)
def test_it_does_not_matter_how_often_one_looks(seed: int, looks: list[int]) -> None:
    """The state at a moment is the same however the way there was split."""
    end = START + timedelta(days=3)
    watched, alone = _desk(seed), _desk(seed)
    for look in looks:
        watched.advance(START + timedelta(seconds=look))
        watched.state()
    watched.advance(end)
    alone.advance(end)

    assert alone.state() == watched.state()
    assert alone.open_tickets() == watched.open_tickets()


def test_every_process_sees_the_same_life() -> None:
    """Neither hashing nor anything else of a process plays a part."""
    program = (
        "from datetime import UTC, datetime\n"
        "from exporter.simulator.desk import HelpDesk\n"
        "desk = HelpDesk('acme', seed=1, start=datetime(2026, 3, 2, tzinfo=UTC))\n"
        "desk.advance(datetime(2026, 3, 5, tzinfo=UTC))\n"
        "print(desk.state())"
    )
    desk = _desk()
    desk.advance(START + timedelta(days=3))
    other = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONHASHSEED": "42"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert f"{desk.state()}\n" == other.stdout


def test_names_and_seeds_live_different_lives() -> None:
    """Two sites of one seed differ, and two seeds of one site."""
    states = [
        HelpDesk(name, seed=seed, start=START, departments=["One"]).state().by_status
        for name, seed in [("acme", 1), ("globex", 1), ("acme", 2)]
    ]

    assert states[0] != states[1]
    assert states[0] != states[2]


@pytest.mark.parametrize("seed", range(5))
def test_no_ticket_is_lost(seed: int) -> None:
    """Whatever arrived is there, open or closed."""
    desk = _desk(seed)
    for day in range(10):
        desk.advance(START + timedelta(days=day))
        state = desk.state()
        closed = state.by_status["Closed"]

        assert desk.arrived == sum(state.tickets.values())
        assert desk.arrived == closed + len(desk.open_tickets())


def test_open_tickets_are_what_the_state_counts() -> None:
    """Each ticket stands in the state, and its dates are in order."""
    desk = _desk()
    desk.advance(START + timedelta(days=2, hours=13))
    tickets, state = desk.open_tickets(), desk.state()
    counted = Counter((each.department_id, each.status) for each in tickets)

    assert counted == +Counter({k: v for k, v in state.tickets.items() if k[1] != "Closed"})
    assert state.flagged == sum(each.flagged for each in tickets) > 0
    assert all(each.opened <= each.last_reply <= state.at for each in tickets)


def test_a_reply_is_dated_when_it_comes() -> None:
    """A ticket that became answered, or answered back, has its last reply since the last look."""
    desk = _desk()
    before, replies = {each.id: each for each in desk.open_tickets()}, Counter[str]()
    for hour in range(72):
        look = START + timedelta(hours=hour)
        desk.advance(look + timedelta(hours=1))
        after = {each.id: each for each in desk.open_tickets()}
        for each in after.keys() & before.keys():
            status = after[each].status
            if status in {"Answered", "Customer-Reply"} and status != before[each].status:
                assert after[each].last_reply > look
                replies[status] += 1
        before = after

    assert {"Answered", "Customer-Reply"} == replies.keys()


def test_monday_noon_is_busier_than_sunday_night() -> None:
    """Customers have a rhythm over day and week."""
    desk = _desk(tickets_per_day=200)
    monday = sum(_arrivals(desk, START + week * WEEK + timedelta(hours=11), 2) for week in range(2))
    sunday_night = START + 2 * WEEK + timedelta(days=6, hours=2)
    sunday = sum(_arrivals(desk, sunday_night + week * WEEK, 2) for week in range(2))

    assert monday > 5 * sunday


def test_as_many_tickets_come_as_was_asked() -> None:
    """The mean over a week is tickets_per_day."""
    arrived = _arrivals(_desk(tickets_per_day=100), START, 4 * 7 * 24)

    assert 2800 == pytest.approx(arrived, rel=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_it_is_in_equilibrium_from_the_start(seed: int) -> None:
    """The backlog neither grows nor drains over four weeks, and the first is like the others."""
    desk = _desk(seed, tickets_per_day=40)
    weeks = [
        sum(_active(desk, START + week * WEEK + timedelta(days=day)) for day in range(7)) / 7
        for week in range(4)
    ]

    assert max(weeks) < 1.5 * min(weeks)
    assert min(weeks) > 40


def _active(desk: HelpDesk, at: datetime) -> int:
    desk.advance(at)
    return desk.state().active


def test_most_wait_after_a_weekend() -> None:
    """Staff works in office hours: what waits piles up from Friday evening to Monday morning."""
    desk = _desk(tickets_per_day=60)
    desk.advance(START + timedelta(days=4, hours=18))
    friday = desk.state().awaiting
    desk.advance(START + timedelta(days=7, hours=7))

    assert desk.state().awaiting > 2 * friday


def test_an_earlier_moment_changes_nothing() -> None:
    """Time does not run backwards."""
    desk = _desk()
    desk.advance(START + WEEK)
    before = desk.state()
    desk.advance(START)

    assert before == desk.state()


@pytest.mark.parametrize(
    ("start", "departments", "per_day", "message"),
    [
        (datetime(2026, 3, 2), 1, None, "aware"),  # noqa: DTZ001 - naive on purpose
        (START, 0, None, "department"),
        (START, -1, None, "department"),
        (START, [], None, "department"),
        (START, 1, 0.0, "tickets"),
    ],
)
def test_impossible_desks_are_refused(
    start: datetime, departments: int | list[str], per_day: float | None, message: str
) -> None:
    """A desk needs an aware start, a department and tickets."""
    with pytest.raises(ValueError, match=message):
        HelpDesk("x", seed=1, start=start, departments=departments, tickets_per_day=per_day)


def test_many_departments_have_names_of_their_own() -> None:
    """When the list of names is used up, they are numbered."""
    names = HelpDesk("acme", seed=1, start=START, departments=30).state().departments.values()

    assert 30 == len(set(names))


def test_totals_are_sums_of_their_parts() -> None:
    """Active and awaiting follow the statuses' ticks, in all and by department."""
    state = _desk(3).state()
    by_hand = {
        tick: sum(
            count
            for (_, title), count in state.tickets.items()
            for status in state.statuses
            if status.title == title and getattr(status, tick)
        )
        for tick in ("active", "awaiting")
    }

    assert by_hand == {"active": state.active, "awaiting": state.awaiting}
    assert sum(_each(state, "active")) == state.active
    assert sum(_each(state, "awaiting")) == state.awaiting


def _each(state: DeskState, number: str) -> list[int]:
    return [getattr(state.within([each]), number) for each in state.departments]

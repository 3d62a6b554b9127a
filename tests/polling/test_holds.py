"""Waits after a refusal, by themselves."""

from __future__ import annotations

import pytest

from exporter.polling.holds import Held, Hold


def lets_go(hold: Hold, now: float) -> bool:
    """Tell whether a hold lets a call go."""
    try:
        hold.check(now)
    except Held:
        return False
    return True


def test_nothing_is_held_before_a_refusal() -> None:
    """A new hold lets every call go."""
    assert lets_go(Hold("auth"), -1e9)


def test_waits_double_from_two_minutes_to_fifteen() -> None:
    """Refusals, each at the end of the wait before, wait 2, 4, 8, 15 and 15 minutes."""
    hold, now = Hold("auth"), 1000.0

    for minutes in (2, 4, 8, 15, 15):
        hold.refuse(now, "auth")
        assert not lets_go(hold, now)
        assert not lets_go(hold, now + minutes * 60 - 0.001)
        now += minutes * 60
        assert lets_go(hold, now)


def test_refusal_during_a_wait_changes_nothing() -> None:
    """Calls that were under way together are one refusal, with the reason of the first."""
    hold = Hold("auth")
    hold.refuse(0.0, "ip_denied")
    hold.refuse(119.0, "auth")

    assert lets_go(hold, 120.0)
    with pytest.raises(Held) as held:
        hold.check(119.0)
    assert "ip_denied" == held.value.reason
    hold.refuse(120.0, "auth")
    assert not lets_go(hold, 359.0)
    assert lets_go(hold, 360.0)


def test_lifted_hold_begins_with_the_shortest_wait() -> None:
    """Lifting ends the wait and forgets the doubling."""
    hold = Hold("auth")
    hold.refuse(0.0, "auth")
    hold.refuse(120.0, "auth")
    hold.lift()

    assert lets_go(hold, 121.0)
    hold.refuse(121.0, "auth")
    assert not lets_go(hold, 240.0)
    assert lets_go(hold, 241.0)


@pytest.mark.parametrize(("asked", "kept"), [(0, 0), (30, 30), (900, 900), (901, 900), (1e9, 900)])
def test_silence_lasts_as_asked_but_fifteen_minutes_at_most(asked: float, kept: float) -> None:
    """A server's wish is honoured to 15 minutes, whatever it is."""
    hold = Hold("rate_limited")
    hold.silence(50.0, asked)

    assert not lets_go(hold, 50.0 + kept - 0.001)
    assert lets_go(hold, 50.0 + kept)


def test_held_names_the_reason_in_its_text() -> None:
    """What people read says that a refusal came before."""
    assert "held back after `auth`" == str(Held("auth"))

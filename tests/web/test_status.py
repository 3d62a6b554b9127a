"""The state of the sites as a program reads it."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.snapshots import Snapshot
from exporter.web.status import Moment, json_steps
from tests.exposition.sites import START, acme, fresh_site, globex, poll, tickets
from tests.web.steps import result

NOW = START + 4_000


def read(
    *snapshots: Snapshot,
    now: float = NOW,
    due: dict[tuple[str, str], float | None] | None = None,
) -> list[dict[str, Any]]:
    """Return the sites of the JSON at a monotonic time."""
    moment = Moment(snapshots=snapshots, due=due or {}, monotonic=now, time=1.5)
    sites: list[dict[str, Any]] = json.loads(result(json_steps(moment)))["sites"]
    return sites


@pytest.mark.parametrize("unix_time", [0.0, 1e12])
def test_an_age_is_what_has_passed(unix_time: float) -> None:
    """Where the machine's clock stood at the last success changes nothing of its age."""
    success = replace(poll("a", "ticket_counts", tickets({})), ended_at=unix_time)
    source = read(fresh_site("a").after(success))[0]["sources"][0]
    assert (unix_time, 4_000.0) == (source["last_success"], source["age"])


@pytest.mark.parametrize(("due", "seconds"), [(NOW + 12.5, 12.5), (NOW - 1, 0.0), (None, None)])
def test_next_poll_is_in_seconds(due: float | None, seconds: float | None) -> None:
    """One that is due counts as now, one that is under way has no next yet."""
    site = fresh_site("a")
    sources = read(site, due={("a", "ticket_counts"): due})[0]["sources"]
    assert [seconds, None] == [source["next_poll"] for source in sources]


@pytest.mark.parametrize(("now", "state"), [(START + 180, "ok"), (START + 181, "stale")])
def test_tickets_are_shown_as_long_as_on_metrics(now: float, state: str) -> None:
    """What is withheld there is withheld here, and called so."""
    (site,) = read(fresh_site("a").after(poll("a", "ticket_counts", tickets({}))), now=now)
    counts = {"active": 3, "awaiting_reply": 2} if state == "ok" else None
    assert (counts, state) == (site["tickets"], site["sources"][0]["state"])


@given(st.lists(st.text(), max_size=3, unique=True))
def test_any_names_are_one_document(names: list[str]) -> None:
    """Piece by piece it is the JSON that one call would write."""
    assert names == [site["site"] for site in read(*map(fresh_site, names))]


def test_time_is_that_of_the_answer() -> None:
    """Unix time, so that a reader can tell an old answer."""
    moment = Moment(snapshots=[acme(), globex()], due={}, monotonic=NOW, time=1_800_000_000.25)
    assert 1_800_000_000.25 == json.loads(result(json_steps(moment)))["time"]

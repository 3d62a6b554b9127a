"""The soak itself: it passes for a few seconds, and it would not pass a lie."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from prometheus_client.core import Metric
from prometheus_client.samples import Sample

from exporter.exposition.formats import TEXT, Metrics
from tests.process.truth import expected
from tests.soak.delays import Delays
from tests.soak.figures import Trend, grown
from tests.soak.history import WatchedDesk
from tests.soak.judge import STALE_AFTER, Scrape, wrong
from tests.soak.report import table
from tests.soak.soak import Plan, Soak

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.exposition_check import Series

NOW = 1_000.0
PLAN = Plan(
    seconds=12,
    seed=3,
    sites=4,
    departments=2,
    speed=3600,
    scrapers=8,
    judged_every=2,
    looked_every=1,
)


@pytest.mark.slow
async def test_exporter_tells_the_truth_in_bad_weather(tmp_path: Path) -> None:
    """A few seconds of faults, several scrapers: every scrape is whole and true."""
    findings = await Soak(PLAN, tmp_path).run(asyncio.Event())
    # So short a time says nothing of growth.
    assert ({}, [200]) == (findings.violations, list(findings.codes))
    assert findings.judged > PLAN.seconds
    assert findings.faults
    assert "scrapes by code" in table(PLAN, findings)


@pytest.fixture
def desk() -> WatchedDesk:
    """Open a desk that has told its state now, and whose clock stands still."""
    desk = WatchedDesk(
        "acme",
        seed=1,
        start=datetime(2026, 3, 4, 11, tzinfo=UTC),
        departments=2,
        monotonic=lambda: NOW,
    )
    desk.state()
    return desk


def _text(found: Mapping[Series, float]) -> str:
    metric = Metric("shown", "What is shown.", "gauge")
    metric.samples = [Sample(name, dict(pairs), value) for (name, pairs), value in found.items()]
    return TEXT.encode(Metrics([metric])).decode()


def _complaints(desk: WatchedDesk, found: Mapping[Series, float], later: float = 0.0) -> list[str]:
    now = NOW + later
    return list(wrong(Scrape(_text(found), now, now), {desk.name: desk}))


def test_truth_is_accepted(desk: WatchedDesk) -> None:
    """What the desk has told may be shown."""
    assert [] == _complaints(desk, expected("acme", desk.plain_state()))


def test_old_truth_is_refused(desk: WatchedDesk) -> None:
    """What the desk told long ago may not be shown any more."""
    complaints = _complaints(desk, expected("acme", desk.plain_state()), later=2 * STALE_AFTER)
    assert ["tickets", "departments", "1", "2"] == [
        complaint.split("of ")[1].split(",")[0] for complaint in complaints
    ]


def test_old_truth_is_accepted_from_an_exporter_that_was_held_up(desk: WatchedDesk) -> None:
    """It could not withhold meanwhile what it had read before, but it can when that is over."""
    seconds = iter([NOW, NOW + 6, NOW + 6, NOW + 7, NOW + 30])
    delays = Delays(lambda: next(seconds))
    with delays.scrape():
        assert 6 == delays.longest()
    text = _text(expected("acme", desk.plain_state()))
    late = Scrape(text, NOW + 6, NOW + 6, delays.longest())
    assert [] == list(wrong(late, {"acme": desk}))
    assert list(wrong(replace(late, held_up=delays.longest()), {"acme": desk}))


def test_every_single_wrong_number_is_refused(desk: WatchedDesk) -> None:
    """One number that the desk never told is enough, whichever it is."""
    truth = expected("acme", desk.plain_state())
    for key in truth:
        assert 1 == len(_complaints(desk, {**truth, key: truth[key] + 1})), key


def test_answer_that_never_arrived_whole_is_refused(desk: WatchedDesk) -> None:
    """A state that was told through a fault is none that may be shown."""
    desk.honest = False
    desk.add_status("Escalated")
    assert _complaints(desk, expected("acme", desk.state()))


def test_twin_series_are_refused(desk: WatchedDesk) -> None:
    """A series that stands twice costs the user the whole scrape."""
    text = 2 * _text(expected("acme", desk.plain_state()))
    with pytest.raises(AssertionError):
        list(wrong(Scrape(text, 0.0, 0.0), {"acme": desk}))


def test_growth_is_named() -> None:
    """Five per cent of memory, and a few descriptors, are allowed; not more."""
    flat, steep = Trend.of([100.0] * 8), Trend.of([100.0] * 6 + [110.0] * 2)
    assert [] == grown(flat, flat, flat)
    found = [line.split()[0] for line in grown(steep, steep, steep)]
    assert ["memory", "descriptors", "threads"] == found

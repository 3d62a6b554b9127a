"""Waiting times of a whole desk, from its tickets to the exposition, against the desk's truth."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from exporter import app, assembly, config
from exporter.exposition.formats import OPENMETRICS
from exporter.polling.clock import SystemClock
from exporter.polling.sources.waiting import WaitingSource
from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site
from exporter.simulator.tickets import Listing
from exporter.whmcs.client import open_session
from tests.exposition_check import family

if TYPE_CHECKING:
    from pathlib import Path

AGE = "whmcs_awaiting_reply_age_seconds"
OLDEST = "whmcs_oldest_awaiting_reply_timestamp_seconds"
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


# A Wednesday in office hours.
START = datetime(2026, 3, 4, 11, tzinfo=UTC)
# No busy machine shall cut a call short.
PATIENT = "timeout: 50s,"


class Then(SystemClock):
    """A clock at which it is always the same moment, for whoever asks what time it is."""

    def time(self) -> float:
        """Return Unix time in seconds."""
        return START.timestamp()


def configured(folder: Path, url: str, keys: str = "") -> config.Config:
    """Configure one site that is polled for waiting times, too."""
    path = folder / "whmcs.yml"
    path.write_text(
        f"sites: [{{name: acme, url: '{url}', identifier: simulated, secret: simulated, {keys}"
        " sources: [waiting], waiting: {timezone: Australia/Lord_Howe, max_pages: 40}}]",
        encoding="utf-8",
    )
    return config.load(path, {})


async def polled(configuration: config.Config) -> str:
    """Poll everything once, and return the exposition."""
    async with open_session("test") as session:
        exporter = app.Exporter(configuration.sites, session, clock=Then(), process_metrics=False)
        for poller in exporter.pollers:
            await poller.poll()
        return exporter.exposition.render(OPENMETRICS, compress=False).decode()


Truth = dict[int, list[float]]


def since(desk: HelpDesk) -> Truth:
    """Return since when the tickets of each department wait, by the desk itself."""
    titles = {status.title for status in desk.state().statuses if status.awaiting}
    found: Truth = defaultdict(list)
    for ticket in desk.open_tickets():
        if ticket.status in titles:
            # WHMCS's dates have whole seconds.
            replied = ticket.last_reply.replace(microsecond=0)
            found[ticket.department_id].append(replied.timestamp())
    return found


def by_department(text: str, name: str) -> dict[int, float]:
    """Return the series of a name by department."""
    return {int(dict(labels)["department_id"]): each for labels, each in family(text, name).items()}


async def test_thousands_of_tickets(tmp_path: Path) -> None:
    """Counts, oldest and ages of a desk that stands still are its truth, to the ticket."""
    busy = HelpDesk("acme", seed=3, start=START, departments=5, tickets_per_day=4_200)
    truth = since(busy)
    total = sum(map(len, truth.values()))
    assert 2_000 < total < 4_000
    site = Site(desk=busy, listing=Listing(timezone=LORD_HOWE, order="odd"))
    async with Simulator([site], FastClock(0, START)) as simulator:
        text = await polled(configured(tmp_path, simulator.url("acme"), PATIENT))
        calls = simulator.calls["acme", "GetTickets"]

    assert -(-total // 500) == calls
    now = START.timestamp()
    assert {key: min(moments) for key, moments in truth.items()} == by_department(text, OLDEST)
    assert {key: len(moments) for key, moments in truth.items()} == by_department(
        text, f"{AGE}_gcount"
    )
    assert {key: sum(now - each for each in moments) for key, moments in truth.items()} == (
        by_department(text, f"{AGE}_gsum")
    )
    buckets = family(text, f"{AGE}_bucket")
    assert 5 * 14 == len(buckets)
    for series, number in buckets.items():
        labels = dict(series)
        moments = truth[int(labels["department_id"])]
        assert sum(now - each <= float(labels["le"]) for each in moments) == number


async def test_a_desk_that_lives(tmp_path: Path) -> None:
    """While tickets come and go between the pages, counts are off by no more than these."""
    desk = HelpDesk("acme", seed=3, start=START, departments=2, tickets_per_day=2_000)
    site = Site(desk=desk, listing=Listing(timezone=LORD_HOWE, most=50))
    before = {(key, moment) for key, moments in since(desk).items() for moment in moments}
    # A minute goes by from call to call, however long the machine takes for them.
    minutes = FastClock(60, START, monotonic=count().__next__)
    async with Simulator([site], minutes) as simulator:
        text = await polled(configured(tmp_path, simulator.url("acme"), PATIENT))
    after = {(key, moment) for key, moments in since(desk).items() for moment in moments}

    changes = len(before ^ after)
    assert 0 < changes < len(before)
    found = by_department(text, f"{AGE}_gcount")
    assert {1, 2} == found.keys()
    for key, tickets in found.items():
        truth = [len([each for each in moment if each[0] == key]) for moment in (before, after)]
        assert min(truth) - changes <= tickets <= max(truth) + changes


@pytest.mark.parametrize(
    ("size", "tickets"), [("1MiB", 500), ("1GiB", 500), ("512KiB", 256), ("4KiB", 2), ("1KiB", 1)]
)
def test_pages_stay_within_an_answer(size: str, tickets: int, tmp_path: Path) -> None:
    """A page has as many tickets as fit into ``limits.response_bytes``, at 2 KiB each."""
    limits = f"limits: {{response_bytes: {size}}},"
    (site,) = configured(tmp_path, "https://a.example", limits).sites
    source = assembly.sources(site)[1]
    assert isinstance(source, WaitingSource)
    assert tickets == source.page_size


def test_the_source_has_a_pace_of_its_own(tmp_path: Path) -> None:
    """Whatever the site's interval is, ``waiting`` has its own, and goes stale after three."""
    pace = "interval: 30s, stale_after: 60s,"
    (site,) = configured(tmp_path, "https://a.example", pace).sites
    snapshot = assembly.first_snapshot(site, assembly.sources(site))
    assert {"ticket_counts": (30.0, 60.0), "waiting": (300.0, 900.0)} == {
        name: (state.interval, state.stale_after) for name, state in snapshot.sources.items()
    }

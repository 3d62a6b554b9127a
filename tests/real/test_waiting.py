"""Prometheus itself makes quantiles of the waiting times, in either format."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from exporter.polling.readings import AGES
from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site
from tests.grafana import boards
from tests.grafana.choices import SITE
from tests.grafana.interpolation import interpolate
from tests.process import configuration
from tests.process.page import ready
from tests.process.program import ANYWHERE, Launcher, eventually
from tests.process.truth import series
from tests.real.prometheus import Prometheus
from tests.real.relay import Relay
from tests.real.test_prometheus import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

AGE = "whmcs_awaiting_reply_age_seconds"
QUANTILES = (0.1, 0.5, 0.9)
BY = "department_id, le"
PANELS = ("Longest waiting by department", "Share that waits longer", "Ages of waiting tickets")


def true_ages(desk: HelpDesk, department: int, now: float) -> list[float]:
    """Return how long the tickets of a department have waited, by the desk itself."""
    awaiting = {status.title for status in desk.state().statuses if status.awaiting}
    return sorted(
        now - ticket.last_reply.timestamp()
        for ticket in desk.open_tickets()
        if ticket.status in awaiting and ticket.department_id == department
    )


def bucket(age: float) -> tuple[float, float]:
    """Return the bounds of the bucket that an age is in."""
    bounds = (0.0, *AGES, AGES[-1])
    place = bisect_left(AGES, age)
    return bounds[place], bounds[place + 1]


def quantile(share: float, counts: dict[float, float]) -> float:
    """Return what Prometheus's documentation says of a quantile: linear within its bucket."""
    rank = share * counts[float("inf")]
    pairs = pairwise([(0.0, 0.0), *sorted(counts.items())])
    (low, below), (high, upto) = next(pair for pair in pairs if pair[1][1] >= rank)
    return low + (high - low) * (rank - below) / (upto - below)


@pytest.mark.slow
@pytest.mark.parametrize(("accept", "content_type"), FORMATS.values(), ids=FORMATS)
async def test_quantiles(
    accept: str | None, content_type: str, *, launcher: Launcher, tmp_path: Path
) -> None:
    """Each is in the bucket of the ticket that it stands for, and a quiet department has none."""
    start = datetime.now(UTC)
    # Whatever is shown of ages lies between those of now and those of the moment it was asked for.
    since = start.timestamp()
    desk = HelpDesk("acme", seed=7, start=start, departments=2, tickets_per_day=400)
    quiet = desk.add_department("Quiet")
    async with Simulator([Site(desk=desk)], FastClock(0, start)) as simulator:
        waiting = {"timezone": "UTC", "interval": "1s"}
        acme = configuration.site(simulator.url("acme"), sources=["waiting"], waiting=waiting)
        path = configuration.write(tmp_path / "config.yml", acme)
        url = await ready(launcher.exporter(f"--config.file={path}", ANYWHERE))
        async with Relay(url, accept) as relay:
            prometheus = await Prometheus.start(launcher, tmp_path, relay.address)

            async def look() -> None:
                assert 3 * 14 == len(await prometheus.query(f"{AGE}_bucket"))

            await eventually(look)
            assert relay.content_type.startswith(content_type)
            for share in QUANTILES:
                await _assert_right(prometheus, desk, share, since)
            for part in ("bucket", "gcount", "gsum"):
                name = f'{AGE}_{part}{{department_id="{quiet}"}}'
                assert {0.0} == set((await prometheus.query(name)).values())
            oldest = "whmcs_oldest_awaiting_reply_timestamp_seconds"
            assert 2 == len(await prometheus.query(oldest))
            await _assert_board_shows(prometheus, desk, since)
            assert [] == prometheus.complaints


async def _assert_board_shows(prometheus: Prometheus, desk: HelpDesk, since: float) -> None:
    """Check the panels of the site's board, which are empty where there is no such source."""
    found = {
        (query.panel, query.ref): await prometheus.query(
            interpolate(query.expression, SITE, query.span, timedelta(seconds=1))
        )
        for query in boards.queries(boards.BOARDS["whmcs-site"])
        if query.panel in PANELS
    }
    now = _by_now()
    assert set(PANELS) == {panel for panel, _ in found}
    oldest = sorted(found["Longest waiting by department", "A"].values())
    for least, age, most in zip(_oldest(desk, since), oldest, _oldest(desk, now), strict=True):
        assert least <= age <= most
    assert 2 == len(found["Longest waiting by department", "B"])
    for ref, hours in zip("ABCD", (4, 24, 72, 168), strict=True):
        (share,) = found["Share that waits longer", ref].values()
        least, most = (_share_beyond(desk, hours * 3600, moment) for moment in (since, now))
        # Prometheus's arithmetic is another than ours in the last digit.
        assert least - 1e-9 <= share <= most + 1e-9
    assert 14 == len(found["Ages of waiting tickets", "A"])


def _by_now() -> float:
    # WHMCS tells whole seconds, so that a reply may seem up to one older than it is.
    return datetime.now(UTC).timestamp() + 1


def _oldest(desk: HelpDesk, now: float) -> list[float]:
    return sorted(true_ages(desk, department, now)[-1] for department in (1, 2))


def _share_beyond(desk: HelpDesk, seconds: float, now: float) -> float:
    ages = true_ages(desk, 1, now) + true_ages(desk, 2, now)
    return sum(age > seconds for age in ages) / len(ages)


async def _assert_right(prometheus: Prometheus, desk: HelpDesk, share: float, since: float) -> None:
    buckets = f"max by ({BY}) ({AGE}_bucket)"
    # One query for both, which sees one scrape; quantiles are the rows without ``le``.
    found = await prometheus.query(f"histogram_quantile({share}, {buckets}) or {buckets}")
    now = _by_now()
    for department in (1, 2):
        own = ("department_id", str(department))
        rows = {le: count for (_, key), count in found.items() for le in _bounds(key, own)}
        value = found[series("", department_id=str(department))]
        assert quantile(share, rows) == pytest.approx(value)
        then, later = (true_ages(desk, department, moment) for moment in (since, now))
        assert len(then) == rows[float("inf")]
        # The ticket of that rank; ages grow while the test looks.
        rank = max(0, -(-int(share * len(then) * 1000) // 1000) - 1)
        assert bucket(then[rank])[0] <= value <= bucket(later[rank])[1]


def _bounds(key: frozenset[tuple[str, str]], own: tuple[str, str]) -> list[float]:
    """Return the bound of a department's bucket; nothing for another's, and for a quantile."""
    return [float(bound) for name, bound in key - {own} if own in key and name == "le"]

"""The machine's clock is set forwards and back by days while the exporter runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from exporter import app, config
from exporter.exposition.formats import TEXT
from exporter.web.status import Moment, statuses
from exporter.whmcs.client import open_session
from tests.exposition_check import check, value
from tests.fake_clock import FakeClock
from tests.process import configuration
from tests.process.truth import expected, shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from exporter.simulator.server import Simulator
    from exporter.simulator.site import Site

DAY = 86_400.0
JUMPS = (10 * DAY, -10 * DAY, -20_000 * DAY)
STALE_AFTER = 3.0


class SetClock(FakeClock):
    """A clock whose hands are moved; what measures intervals goes on as before."""

    def set_by(self, seconds: float) -> None:
        """Move the hands."""
        self._unix += seconds


@pytest.fixture
def clock() -> SetClock:
    """Make the exporter's clock."""
    return SetClock()


@pytest.fixture
async def exporter(
    simulator: Simulator, clock: SetClock, tmp_path: Path
) -> AsyncIterator[app.Exporter]:
    """Make an exporter that polls when it is told to, and let it poll once."""
    site = configuration.site(simulator.url("acme"))
    path = Path(configuration.write(tmp_path / "jumps.yml", site))
    async with open_session("test") as session:
        sites = config.load(path, {}).sites
        exporter = app.Exporter(sites, session, clock=clock, process_metrics=False)
        await _poll(exporter)
        yield exporter


async def _poll(exporter: app.Exporter) -> None:
    for poller in exporter.pollers:
        await poller.poll()


def _text(exporter: app.Exporter) -> str:
    text = exporter.exposition.render(TEXT, compress=False).decode()
    check(text)
    return text


def _ages(exporter: app.Exporter) -> list[float | None]:
    moment = Moment(
        snapshots=exporter.snapshots(),
        due=exporter.due(),
        monotonic=exporter.monotonic(),
        time=exporter.time(),
    )
    return [source.age for site in statuses(moment) for source in site.sources]


@pytest.mark.parametrize("jump", JUMPS)
async def test_fresh_numbers_stay_fresh(
    jump: float, exporter: app.Exporter, clock: SetClock, site: Site
) -> None:
    """They are shown as long as if nothing had happened, and their age is what has passed."""
    clock.set_by(jump)
    await clock.advance(STALE_AFTER)
    assert expected("acme", site.desk.state()) == shown(_text(exporter))
    assert [STALE_AFTER, STALE_AFTER] == _ages(exporter)
    assert exporter.healthy()


async def test_a_poller_without_progress_is_not_healthy(
    exporter: app.Exporter, clock: SetClock
) -> None:
    """The health follows within a second, in both directions and again."""
    for _ in range(2):
        assert exporter.healthy()
        await clock.advance(1_000)
        assert not exporter.healthy()
        await _poll(exporter)
        await clock.advance(1)


@pytest.mark.parametrize("jump", JUMPS)
async def test_old_numbers_are_withheld(
    jump: float, exporter: app.Exporter, clock: SetClock
) -> None:
    """A clock that is set back makes nothing young."""
    await clock.advance(STALE_AFTER + 0.1)
    clock.set_by(jump)
    assert {} == shown(_text(exporter))


@pytest.mark.parametrize("jump", JUMPS)
async def test_timestamp_is_what_the_clock_said(
    jump: float, exporter: app.Exporter, clock: SetClock
) -> None:
    """A published timestamp stays as it was, and the next success has the new time."""
    labels = {"site": "acme", "source": "ticket_counts"}
    name = "whmcs_source_last_success_timestamp_seconds"
    before = clock.time()
    clock.set_by(jump)
    assert before == value(_text(exporter), name, **labels)
    await _poll(exporter)
    assert before + jump == value(_text(exporter), name, **labels)
    assert [0.0, 0.0] == _ages(exporter)

"""What is too much is withheld whole, counted and said once; the rest goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site
from tests.exposition_check import check, value
from tests.process import configuration
from tests.process.page import metrics, ready
from tests.process.program import ANYWHERE, Launcher, Program, eventually
from tests.process.simulated import ODD_NAMES, START
from tests.process.truth import differences, expected, shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from tests.exposition_check import Series

WITHHELD = "reading withheld: more than `limits` allow"
# By the source that each series comes from.
FAMILIES = {
    "ticket_counts": ("whmcs_tickets", "whmcs_departments_visible"),
    "departments": ("whmcs_department_",),
}
DEPARTMENTS, STATUSES = 500, 200


def _of(source: str, series: Mapping[Series, float]) -> dict[Series, float]:
    return {key: value for key, value in series.items() if key[0].startswith(FAMILIES[source])}


class Watched:
    """A site in a running exporter, and every exposition that was seen of it."""

    def __init__(self, site: Site, program: Program, url: str) -> None:
        """Watch a site at an exporter's address."""
        self._site = site
        self._program = program
        self._url = url
        self._seen: list[dict[Series, float]] = []

    async def shows(self, *sources: str) -> None:
        """Wait until exactly these sources' series are there, as the desk has them now."""
        truth = expected("acme", self._site.desk.state())
        wanted = {key: number for each in sources for key, number in _of(each, truth).items()}

        async def look() -> None:
            text = await metrics(self._url)
            check(text)
            self._seen.append(shown(text))
            assert [] == differences(wanted, shown(text))
            assert float(len(wanted)) == value(text, "whmcs_exporter_series")

        await eventually(look)

    def never_showed_half(self, *truths: Mapping[Series, float]) -> None:
        """Assert that each source was always shown as in one of these states, or not at all."""
        for source in FAMILIES:
            wholes = [{}, *(_of(source, truth) for truth in truths)]
            assert all(_of(source, seen) in wholes for seen in self._seen)

    async def counts(self, least: float) -> None:
        """Wait until so many series were dropped; withholding is no failure meanwhile."""

        async def look() -> None:
            text = await metrics(self._url)
            assert (value(text, "whmcs_exporter_series_dropped_total", site="acme") or 0) >= least
            for source in FAMILIES:
                success = value(text, "whmcs_source_success", site="acme", source=source)
                assert 1.0 == success

        await eventually(look)

    async def ends(self) -> None:
        """Stop the program, so that its log is complete."""
        self._program.interrupt()
        assert 0 == await self._program.ended()

    def said(self, source: str) -> int:
        """Count the lines that say what is withheld of a source."""
        return sum(
            WITHHELD in line and f"source={source}" in line and "level=warn" in line
            for line in self._program.stderr.splitlines()
        )


async def _watch(
    launcher: Launcher, simulator: Simulator, folder: Path, **limits: object
) -> Watched:
    site = configuration.site(simulator.url("acme"), limits=limits)
    program = launcher.exporter(
        f"--config.file={configuration.write(folder / 'limits.yml', site)}", ANYWHERE
    )
    return Watched(simulator.sites["acme"], program, await ready(program))


@pytest.fixture
async def crowded() -> AsyncIterator[Simulator]:
    """Serve a site with more departments than are allowed without being asked for."""
    names = [f"Department {number}" for number in range(DEPARTMENTS + 100)]
    desk = HelpDesk("acme", seed=7, start=START, departments=names)
    async with Simulator([Site(desk=desk)], FastClock(0, START)) as simulator:
        yield simulator


@pytest.mark.slow
async def test_too_many_departments(launcher: Launcher, crowded: Simulator, tmp_path: Path) -> None:
    """None of 600 is shown, nor asked for one by one; the site's own numbers stay."""
    watched = await _watch(launcher, crowded, tmp_path)
    await watched.shows("ticket_counts")
    # Two numbers of each department are known at every poll.
    await watched.counts(2 * 2 * (DEPARTMENTS + 100))
    assert (0, 1) == (watched.said("ticket_counts"), watched.said("departments"))
    assert 0 == crowded.calls["acme", "GetSupportStatuses"]


async def test_department_too_many_comes_and_goes(
    launcher: Launcher, simulator: Simulator, site: Site, tmp_path: Path
) -> None:
    """With one more than allowed all vanish at once, and come back when it is gone."""
    watched = await _watch(launcher, simulator, tmp_path, departments=len(ODD_NAMES))
    await watched.shows("ticket_counts", "departments")
    before = expected("acme", site.desk.state())
    number = site.desk.add_department("One too many")
    between = expected("acme", site.desk.state())
    await watched.shows("ticket_counts")
    site.desk.remove_department(number)
    await watched.shows("ticket_counts", "departments")
    watched.never_showed_half(before, between)
    await watched.ends()
    assert 1 == watched.said("departments")


async def test_too_many_statuses(
    launcher: Launcher, simulator: Simulator, site: Site, tmp_path: Path
) -> None:
    """As many as allowed are shown; with one more neither source is, and WHMCS is up."""
    for number in range(STATUSES - len(site.desk.state().statuses)):
        site.desk.add_status(f"Status {number}")
    before = expected("acme", site.desk.state())
    watched = await _watch(launcher, simulator, tmp_path)
    await watched.shows("ticket_counts", "departments")
    site.desk.add_status("One too many")
    await watched.shows()
    await watched.counts(2 * len(before))
    watched.never_showed_half(before)
    await watched.ends()
    assert (1, 1) == (watched.said("ticket_counts"), watched.said("departments"))


@pytest.mark.slow
async def test_too_many_series(
    launcher: Launcher, simulator: Simulator, site: Site, tmp_path: Path
) -> None:
    """The limit is of both sources together: the one that does not fit is withheld, whole."""
    before = expected("acme", site.desk.state())
    watched = await _watch(launcher, simulator, tmp_path, series=len(before))
    await watched.shows("ticket_counts", "departments")
    # One more series for the site, and one for each department.
    site.desk.add_status("One too many")
    after = expected("acme", site.desk.state())

    async def one_is_withheld() -> None:
        assert 1 == watched.said("departments") + watched.said("ticket_counts")

    await eventually(one_is_withheld)
    await watched.counts(len(_of("ticket_counts", before)))
    site.desk.remove_status("One too many")
    await watched.shows("ticket_counts", "departments")
    watched.never_showed_half(before, after)

"""Prometheus itself scrapes the exporter, and is asked what it has understood."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.exposition_check import samples
from tests.process import configuration
from tests.process.page import ready
from tests.process.program import ANYWHERE, Launcher, eventually
from tests.process.truth import differences, expected, series
from tests.real.desk import Department, Desk, Shape, Status
from tests.real.prometheus import TICKETS, UP, Prometheus
from tests.real.relay import Relay
from tests.slow import some_slow

if TYPE_CHECKING:
    from pathlib import Path

    from exporter.simulator.server import Simulator
    from exporter.simulator.site import Site
    from tests.exposition_check import Series
    from tests.real.php import PHPWhmcs

STALE_AFTER = 5.0
FORMATS = {
    "OpenMetrics, as it asks itself": (None, "application/openmetrics-text; version=1.0.0"),
    "text": ("text/plain;version=0.0.4", "text/plain; version=0.0.4"),
}
SITES = ("acme", "globex")
SOURCES = ("ticket_counts", "departments")


async def _exporter(launcher: Launcher, folder: Path, *sites: dict[str, object]) -> str:
    """Start the exporter and return its URL once it is ready."""
    path = configuration.write(folder / "config.yml", *sites)
    return await ready(launcher.exporter(f"--config.file={path}", ANYWHERE))


async def _sees(prometheus: Prometheus, query: str, wanted: dict[Series, float]) -> None:
    """Wait until a scrape has succeeded and left what Prometheus answers a query with.

    A scrape that took too long leaves nothing at all, which is not what is ever wanted.
    """

    async def look() -> None:
        assert [] == differences(wanted | {UP: 1.0}, await prometheus.query(f"{query} or up"))

    await eventually(look)


def _successes(value: float, *sites: str) -> dict[Series, float]:
    return {
        series("whmcs_source_success", site=site, source=source): value
        for site in sites
        for source in SOURCES
    }


async def _assert_no_complaints(prometheus: Prometheus) -> None:
    """Check that nothing in any scrape was objected to."""
    assert [] == await prometheus.refused_scrapes()
    assert [] == prometheus.complaints


@pytest.mark.parametrize("asked", some_slow(FORMATS, quick=["OpenMetrics, as it asks itself"]))
async def test_prometheus_has_what_whmcs_holds(
    asked: tuple[str | None, str],
    *,
    launcher: Launcher,
    simulator: Simulator,
    site: Site,
    tmp_path: Path,
) -> None:
    """Every number by status and by department, odd names too, and not one sample besides."""
    accept, content_type = asked
    url = await _exporter(launcher, tmp_path, configuration.site(simulator.url("acme")))
    async with Relay(url, accept) as relay:
        prometheus = await Prometheus.start(launcher, tmp_path, relay.address)
        await _sees(prometheus, TICKETS, expected("acme", site.desk.state()))
        await _sees(prometheus, "whmcs_source_success", _successes(1.0, "acme"))

        async def as_many_as_were_sent() -> None:
            sent = {float(len(samples(relay.text)))}
            for name in ("scraped", "post_metric_relabeling"):
                assert sent == set((await prometheus.query(f"scrape_samples_{name}")).values())

        await eventually(as_many_as_were_sent)
        assert relay.content_type.startswith(content_type)
        await _assert_no_complaints(prometheus)


@pytest.mark.slow
async def test_what_vanishes_in_whmcs_vanishes_from_prometheus(
    launcher: Launcher, simulator: Simulator, site: Site, tmp_path: Path
) -> None:
    """Series of a removed status and department end at once, not after five minutes."""
    url = await _exporter(launcher, tmp_path, configuration.site(simulator.url("acme")))
    prometheus = await Prometheus.start(launcher, tmp_path, url.removeprefix("http://"))
    site.desk.add_status("Short-lived")
    await _sees(prometheus, TICKETS, expected("acme", site.desk.state()))
    site.desk.remove_status("Short-lived")
    site.desk.remove_department(2)
    site.desk.rename_department(3, "Renamed")
    await _sees(prometheus, TICKETS, expected("acme", site.desk.state()))
    assert {} == await prometheus.query('{status="Short-lived"}')
    assert {} == await prometheus.query('{department_id="2"}')
    await _assert_no_complaints(prometheus)


@pytest.mark.slow
async def test_failure_and_recovery_as_prometheus_sees_them(
    launcher: Launcher, simulator: Simulator, tmp_path: Path
) -> None:
    """``whmcs_up`` falls at once, tickets stay until they are stale, and all of it comes back."""
    url = await _exporter(
        launcher,
        tmp_path,
        configuration.site(simulator.url("acme"), stale_after=f"{STALE_AFTER:.0f}s"),
        # No test lasts as long: what is kept is there, however rarely somebody looks.
        configuration.site(simulator.url("globex"), name="globex", stale_after="1h"),
    )
    prometheus = await Prometheus.start(launcher, tmp_path, url.removeprefix("http://"))
    withheld, kept = (expected(name, simulator.sites[name].desk.state()) for name in SITES)
    await _sees(prometheus, TICKETS, withheld | kept)

    for name in SITES:
        simulator.fault(name, "http-500")
    await _sees(prometheus, "whmcs_up", {series("whmcs_up", site=name): 0.0 for name in SITES})
    await _sees(prometheus, TICKETS, kept)
    await _assert_withheld_in_time(prometheus)
    await _sees(prometheus, "whmcs_source_success", _successes(0.0, *SITES))
    for name in ("last_success_timestamp_seconds", "interval_seconds", "duration_seconds"):
        both = {series("", site=site): float(len(SOURCES)) for site in SITES}
        await _sees(prometheus, f"count by (site) (whmcs_source_{name})", both)

    for name in SITES:
        simulator.fault(name, None)
    await _sees(prometheus, TICKETS, withheld | kept)
    await _sees(prometheus, "whmcs_up", {series("whmcs_up", site=name): 1.0 for name in SITES})
    await _assert_no_complaints(prometheus)


async def _assert_withheld_in_time(prometheus: Prometheus) -> None:
    """Check that no scrape brought numbers that were stale; it may have begun before them."""
    last_shown, _ = (await prometheus.history('whmcs_tickets_active{site="acme"}'))[-1]
    of_source = '{site="acme",source="ticket_counts"}'
    name = "whmcs_source_last_success_timestamp_seconds"
    _, last_success = (await prometheus.history(f"{name}{of_source}"))[-1]
    assert last_shown <= last_success + STALE_AFTER + 0.1


async def test_prometheus_has_what_a_whmcs_in_php_holds(
    launcher: Launcher, php: PHPWhmcs, tmp_path: Path
) -> None:
    """From PHP's json_encode to Prometheus's answers, and again after staff tidied up."""
    desk = Desk(
        statuses=(
            Status(title="Open & <new>", awaiting=True),
            Status(title='"Zu"\n\\', active=False),
        ),
        departments=(
            Department(id=1, name="Support", tickets=(3, 2**53 - 6)),
            Department(id=7, name="Support", tickets=(0, 5), flagged=2),
            Department(id=3, name="", tickets=(1, 0)),
        ),
        shape=Shape(strings=True, gaps=True, encoded=True),
    )
    fewer = replace(desk, departments=desk.departments[:1], shape=Shape())
    php.hold(desk)
    url = await _exporter(launcher, tmp_path, php.configured())
    prometheus = await Prometheus.start(launcher, tmp_path, url.removeprefix("http://"))
    for each in (desk, fewer):
        php.hold(each)
        wanted = each.tickets("acme", each.departments) | each.by_statuses("acme", each.departments)
        await _sees(prometheus, TICKETS, wanted)
    await _assert_no_complaints(prometheus)

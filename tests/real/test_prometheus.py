"""Prometheus itself scrapes the exporter, and is asked what it has understood."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.exposition_check import samples
from tests.process import configuration
from tests.process.page import ready
from tests.process.program import ANYWHERE, Launcher, eventually
from tests.process.truth import expected, series
from tests.real.desk import Department, Desk, Shape, Status
from tests.real.prometheus import TICKETS, Prometheus
from tests.real.relay import Relay

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
SUCCESSES = {
    series("whmcs_source_success", site="acme", source=source): 1.0
    for source in ("ticket_counts", "departments")
}


async def _exporter(launcher: Launcher, folder: Path, *sites: dict[str, object]) -> str:
    """Start the exporter and return its URL once it is ready."""
    path = configuration.write(folder / "config.yml", *sites)
    return await ready(launcher.exporter(f"--config.file={path}", ANYWHERE))


async def _sees(prometheus: Prometheus, query: str, wanted: dict[Series, float]) -> None:
    """Wait until Prometheus answers a query like this."""

    async def look() -> None:
        assert wanted == await prometheus.query(query)

    await eventually(look)


async def _assert_no_complaints(prometheus: Prometheus) -> None:
    """Check that no scrape failed, and that nothing in any of them was objected to."""
    assert {series(""): 1.0} == await prometheus.query("min_over_time(up[1h])")
    assert [] == prometheus.complaints


@pytest.mark.parametrize(("accept", "content_type"), FORMATS.values(), ids=FORMATS)
async def test_prometheus_has_what_whmcs_holds(
    accept: str | None,
    content_type: str,
    *,
    launcher: Launcher,
    simulator: Simulator,
    site: Site,
    tmp_path: Path,
) -> None:
    """Every number by status and by department, odd names too, and not one sample besides."""
    url = await _exporter(launcher, tmp_path, configuration.site(simulator.url("acme")))
    async with Relay(url, accept) as relay:
        prometheus = await Prometheus.start(launcher, tmp_path, relay.address)
        await _sees(prometheus, TICKETS, expected("acme", site.desk.state()))
        await _sees(prometheus, "whmcs_source_success", SUCCESSES)

        async def as_many_as_were_sent() -> None:
            sent = {float(len(samples(relay.text)))}
            for name in ("scraped", "post_metric_relabeling"):
                assert sent == set((await prometheus.query(f"scrape_samples_{name}")).values())

        await eventually(as_many_as_were_sent)
        assert relay.content_type.startswith(content_type)
        await _assert_no_complaints(prometheus)


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


async def test_failure_and_recovery_as_prometheus_sees_them(
    launcher: Launcher, simulator: Simulator, site: Site, tmp_path: Path
) -> None:
    """``whmcs_up`` falls at once, the tickets go when they are stale, and all of it comes back."""
    acme = configuration.site(simulator.url("acme"), stale_after=f"{STALE_AFTER:.0f}s")
    url = await _exporter(launcher, tmp_path, acme)
    prometheus = await Prometheus.start(launcher, tmp_path, url.removeprefix("http://"))
    tickets = expected("acme", site.desk.state())
    await _sees(prometheus, TICKETS, tickets)

    simulator.fault("acme", "http-500")
    await _sees(prometheus, "whmcs_up", {series("whmcs_up", site="acme"): 0.0})
    await _sees(prometheus, TICKETS, {})
    await _assert_tickets_outlived_the_success(prometheus)
    await _sees(prometheus, "whmcs_source_success", dict.fromkeys(SUCCESSES, 0.0))
    for name in ("last_success_timestamp_seconds", "interval_seconds", "duration_seconds"):
        assert len(SUCCESSES) == len(await prometheus.query(f"whmcs_source_{name}"))

    simulator.fault("acme", None)
    await _sees(prometheus, TICKETS, tickets)
    await _sees(prometheus, "whmcs_up", {series("whmcs_up", site="acme"): 1.0})
    await _assert_no_complaints(prometheus)


async def _assert_tickets_outlived_the_success(prometheus: Prometheus) -> None:
    """Check that the last good numbers were kept when polls failed, but not for too long."""
    ticket_samples = await prometheus.history("whmcs_tickets_active")
    down = [moment for moment, up in await prometheus.history("whmcs_up") if not up]
    ((_, last_success),) = (
        await prometheus.query(
            'whmcs_source_last_success_timestamp_seconds{source="ticket_counts"}'
        )
    ).items()
    last_shown = ticket_samples[-1][0]
    assert down[0] <= last_shown <= last_success + STALE_AFTER + 0.1


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

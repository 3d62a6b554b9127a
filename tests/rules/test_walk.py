"""A night on call: alerts fire on a real Prometheus, their pages lead to the cause, they end."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import pytest

from exporter.simulator.access import DEFAULT_CREDENTIAL
from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site
from tests.process import configuration
from tests.process.page import get, ready
from tests.process.program import eventually
from tests.process.truth import series
from tests.reserved import reserved
from tests.rules import hurried
from tests.rules.on_call import Firing, fires, first_steps
from tests.rules.rules import RULES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.process.program import Launcher
    from tests.real.prometheus import Prometheus

_START = datetime(2026, 3, 4, 11, tzinfo=UTC)
_SITES = ("down", "refused", "large")
# What fires for three sites that are ill in three ways: `large` has more statuses than it may.
ILL: Firing = {
    ("WHMCSSiteDown", "down"),
    ("WHMCSDataStale", "down"),
    ("WHMCSCredentialsRejected", "refused"),
    ("WHMCSSiteDown", "refused"),
    ("WHMCSDataStale", "refused"),
    ("WHMCSTicketSeriesMissing", "large"),
}


def _configured(simulator: Simulator, folder: Path, secret: Path) -> str:
    """Configure the three sites, the refused one with a secret that is read from a file."""
    down, refused, large = (
        configuration.site(simulator.url(name), name=name) for name in simulator.sites
    )
    del refused["secret"]
    refused["secret_file"] = str(secret)
    statuses = simulator.sites["large"].desk.state().statuses
    large["limits"] = {"statuses": len(statuses)}
    return configuration.write(folder / "config.yml", down, refused, large)


def _simulator() -> Simulator:
    desks = (HelpDesk(name, seed=7, start=_START, departments=2) for name in _SITES)
    return Simulator([Site(desk=desk) for desk in desks], FastClock(0, _START))


async def _assert_pages_lead_to_the_causes(prometheus: Prometheus, url: str) -> None:
    """Make each page's first queries, and look at what the exporter says, as they tell."""
    reason = "site_reason:whmcs_api_failures:increase20m"
    http_status = series(reason, site="down", reason="http_status")
    auth = series(reason, site="refused", reason="auth")

    by_reason, *_ = await first_steps(prometheus, "WHMCSSiteDown")
    assert by_reason.get(http_status, 0.0) > 0
    refused, failing, *_ = await first_steps(prometheus, "WHMCSCredentialsRejected")
    assert {auth} == refused.keys()
    assert series("", site="refused", source="ticket_counts") in failing
    success, by_reason, *_ = await first_steps(prometheus, "WHMCSDataStale")
    assert 0.0 == success.get(series("", site="down", source="departments"))
    assert http_status in by_reason
    dropped, *_ = await first_steps(prometheus, "WHMCSTicketSeriesMissing")
    assert {series("", site="large")} == dropped.keys()

    said = json.loads((await get(f"{url}/api/v1/sites")).text)["sites"]
    errors = {site["site"]: str([each["error"] for each in site["sources"]]) for site in said}
    assert "500" in errors["down"]
    assert "Invalid or missing credentials" in errors["refused"]


async def _assert_its_page_leads_to_the_target(prometheus: Prometheus) -> None:
    targets, *_ = await first_steps(prometheus, "WHMCSExporterDown")
    assert {series("up"): 0.0} == targets


@pytest.mark.slow
async def test_a_night_on_call(launcher: Launcher, tmp_path: Path) -> None:
    """Three sites fall ill and are healed; then the exporter dies, and is started again."""
    secret = tmp_path / "secret"
    secret.write_text(DEFAULT_CREDENTIAL, encoding="utf-8")
    with reserved() as address:
        async with _simulator() as simulator:
            file = f"--config.file={_configured(simulator, tmp_path, secret)}"
            flags = (file, f"--web.listen-address={address}")
            exporter = launcher.exporter(*flags)
            url = await ready(exporter)
            prometheus = await hurried.start(launcher, tmp_path, address)
            await fires(prometheus, set())

            simulator.fault("down", "http-500")
            secret.write_text("rotated elsewhere", encoding="utf-8")
            simulator.sites["large"].desk.add_status("One too many")
            await fires(prometheus, ILL)
            await eventually(partial(_assert_pages_lead_to_the_causes, prometheus, url))

            simulator.fault("down", None)
            secret.write_text(DEFAULT_CREDENTIAL, encoding="utf-8")
            simulator.sites["large"].desk.remove_status("One too many")
            await fires(prometheus, set())

            exporter.kill()
            await fires(prometheus, {("WHMCSExporterDown", None)})
            await eventually(partial(_assert_its_page_leads_to_the_target, prometheus))
            await ready(launcher.exporter(*flags))
            await fires(prometheus, set())
            assert [] == prometheus.complaints


def test_hurried_rules_differ_in_their_durations_alone() -> None:
    """Ranges, offsets and waits are a sixtieth; names, numbers and one window stay."""
    text = RULES.read_text(encoding="utf-8")
    quick = hurried.hurried(text)
    assert "avg_over_time(whmcs_tickets_active[60000ms] offset 1410000ms)" in quick
    assert "for: 5000ms" in quick
    assert "increase20m" in quick
    assert "[20m]" in quick

"""Prometheus itself finds the sites through ``/sd`` and scrapes them one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site
from tests.process import configuration
from tests.process.page import ready
from tests.process.program import ANYWHERE, Launcher, eventually
from tests.process.simulated import START
from tests.process.truth import differences, expected, series
from tests.real.prometheus import TICKETS, Prometheus
from tests.rules.promtool import VERSIONS, promtool, run
from tests.rules.rules import DEPLOY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.exposition_check import Series

EXAMPLE = DEPLOY / "probe.yml"
SITES = 200
ODD_NAME = 'acme "&" co/{a} %20 é'


@pytest.mark.parametrize("version", VERSIONS)
def test_the_example_is_good(version: str) -> None:
    """Promtool takes it, and the rules that it names."""
    done = run(promtool(version), "check", "config", EXAMPLE)
    assert (0, "") == (done.returncode, done.stderr)


def hurried(address: str) -> str:
    """Return the example for an exporter elsewhere: without rules, and every ten seconds.

    More often, and the desks, which are in this process, would have no time for their answers.
    """
    text = EXAMPLE.read_text(encoding="utf-8").split("rule_files:")[0]
    for written, meant in {"localhost:9942": address, " 30s": " 10s", "[20s]": "[5s]"}.items():
        assert written in text
        text = text.replace(written, meant)
    return text


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_prometheus_finds_every_site_and_has_what_each_holds(
    launcher: Launcher, tmp_path: Path
) -> None:
    """Two hundred sites, an odd name among them, as they are and after staff has changed each."""
    names = [ODD_NAME, *(f"site-{number}" for number in range(1, SITES))]
    sites = {name: simulated(number) for number, name in enumerate(names)}
    async with Simulator(sites.values(), FastClock(0, START)) as simulator:
        path = configuration.write(
            tmp_path / "config.yml",
            *(
                configuration.site(simulator.url(site.desk.name), name=name, interval="10m")
                | {"timeout": "5s", "stale_after": "1h"}
                for name, site in sites.items()
            ),
        )
        url = await ready(launcher.exporter(f"--config.file={path}", ANYWHERE))
        prometheus = await Prometheus.configured(
            launcher, tmp_path, hurried(url.removeprefix("http://"))
        )
        await assert_sees(prometheus, sites)
        for site in sites.values():
            site.desk.add_status("Short-lived")
            site.desk.remove_department(1)
        await assert_sees(prometheus, sites)

        await assert_answers(
            prometheus,
            {
                'up{job="whmcs-sites"}': {series("up", site=name): 1.0 for name in names},
                'up{job="whmcs"}': {series("up"): 1.0},
                "whmcs_exporter_sites": {series("whmcs_exporter_sites"): float(SITES)},
                # None is scraped twice: once by itself and once on /metrics.
                "count(whmcs_up)": {series(""): float(SITES)},
            },
        )
    assert [] == prometheus.complaints


def simulated(number: int) -> Site:
    """Return a desk of its own."""
    return Site(desk=HelpDesk(f"desk-{number}", seed=7, start=START, departments=2))


async def assert_sees(prometheus: Prometheus, sites: Mapping[str, Site]) -> None:
    """Wait until Prometheus holds what all sites together hold, no more and no less."""
    wanted: dict[Series, float] = {}
    for name, site in sites.items():
        wanted |= expected(name, site.desk.state())
    await assert_answers(prometheus, {TICKETS: wanted})


async def assert_answers(
    prometheus: Prometheus, wanted: Mapping[str, Mapping[Series, float]]
) -> None:
    """Wait until queries are answered like this."""

    async def look() -> None:
        for query, values in wanted.items():
            assert [] == differences(values, await prometheus.query(query))

    await eventually(look, 180)

"""The documented configurations of Prometheus, checked by promtool and run by Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.deploy.scraping.cluster import cluster, pod
from tests.deploy.scraping.files import PROMETHEUS, elsewhere
from tests.process.program import eventually
from tests.process.truth import series
from tests.real.prometheus import Prometheus
from tests.rules.promtool import VERSIONS, promtool, run
from tests.tools import prometheus3

if TYPE_CHECKING:
    from pathlib import Path

    from tests.exposition_check import Series
    from tests.process.program import Launcher

# Debian's Prometheus is built without the discovery of Kubernetes.
IN_CLUSTERS = sorted(PROMETHEUS.glob("kubernetes*.yml"))
ANYWHERE = sorted(
    path
    for path in PROMETHEUS.glob("*.yml")
    if "scrape_configs:" in path.read_text("utf-8") and path not in IN_CLUSTERS
)
UP = series("whmcs_up", site="acme")


@pytest.mark.parametrize(
    ("file", "version"),
    [
        *((file, version) for file in ANYWHERE for version in VERSIONS),
        *((file, "promtool3") for file in IN_CLUSTERS),
    ],
    ids=lambda part: getattr(part, "name", part),
)
def test_promtool_takes_it(file: Path, version: str) -> None:
    """The file and the rules that it names are good, and nothing is said against them."""
    done = run(promtool(version), "check", "config", file)
    assert (0, "") == (done.returncode, done.stderr)


async def sees(prometheus: Prometheus, query: str, wanted: dict[Series, float]) -> None:
    """Wait until Prometheus answers a query like this."""

    async def look() -> None:
        assert wanted == await prometheus.query(query)

    await eventually(look, 30)


async def test_a_static_target_is_scraped(launcher: Launcher, address: str, tmp_path: Path) -> None:
    """It has the job's name that the rules look for."""
    config = elsewhere(PROMETHEUS / "prometheus.yml", tmp_path, {"localhost:9942": address})
    prometheus = await Prometheus.run(launcher, tmp_path, config)
    await sees(prometheus, 'whmcs_up or up{job="whmcs"}', {UP: 1.0, series("up"): 1.0})


def pods(address: str) -> list[dict[str, Any]]:
    """Describe a good pod and several that must not be scraped."""
    wanted = {"prometheus.io/scrape": "true", "prometheus.io/port": address.split(":")[1]}
    wrong = {**wanted, "prometheus.io/port": "1"}
    refused = {**wanted, "prometheus.io/scrape": "false"}
    return [
        pod("good", address, annotations=wanted),
        pod("another", address, container="nginx", annotations=wanted),
        pod("unasked", address, port_name="http"),
        pod("refusing", address, port_name="http", annotations=refused),
        pod("elsewhere", address, port_name="http", annotations=wrong),
    ]


@pytest.mark.parametrize("file", IN_CLUSTERS, ids=lambda path: path.name)
async def test_pods_are_found(file: Path, launcher: Launcher, address: str, tmp_path: Path) -> None:
    """The exporter's containers are targets, by their names or annotations, and no others."""
    program = prometheus3("prometheus")
    async with cluster(pods(address)) as api:
        config = elsewhere(file, tmp_path, {"- role: pod": f"- {{role: pod, api_server: '{api}'}}"})
        prometheus = await Prometheus.run(launcher, tmp_path, config, executable=program)
        labels = {"namespace": "billing", "pod": "good"}
        await sees(prometheus, "whmcs_up", {series("whmcs_up", site="acme", **labels): 1.0})
        # All pods are found at once, but each is scraped at a moment of its own.
        target = {"job": "whmcs", "instance": address, **labels}
        assert [target] == await prometheus.targets()

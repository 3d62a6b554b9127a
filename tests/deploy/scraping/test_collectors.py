"""The recipes for other collectors, run by them and written to a Prometheus."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.deploy.scraping.files import COLLECTORS, elsewhere
from tests.exposition_check import samples
from tests.process.page import metrics
from tests.process.program import eventually
from tests.process.truth import differences, series
from tests.real.prometheus import TICKETS, Prometheus
from tests.tools import tool

if TYPE_CHECKING:
    from pathlib import Path

    from tests.exposition_check import Series
    from tests.process.program import Launcher


@pytest.fixture
async def storage(launcher: Launcher, tmp_path: Path) -> Prometheus:
    """Start a Prometheus that scrapes nothing and takes what is written to it."""
    config = tmp_path / "storage.yml"
    config.write_text("{}", encoding="utf-8")
    flag = "--web.enable-remote-write-receiver"
    return await Prometheus.run(launcher, tmp_path, config, flag)


async def tickets(address: str) -> dict[Series, float]:
    """Return every ticket series that the exporter publishes; its WHMCS stands still."""
    text = await metrics(f"http://{address}")
    prefixes = ("whmcs_tickets", "whmcs_department")
    return {key: value for key, value in samples(text).items() if key[0].startswith(prefixes)}


async def holds(storage: Prometheus, address: str) -> None:
    """Wait until the storage has what the exporter publishes, under the job of the rules."""

    async def look() -> None:
        wanted = await tickets(address)
        # They are withheld after polls that took too long.
        assert wanted
        assert [] == differences(wanted, await storage.query(TICKETS))
        job = '{__name__="whmcs_up",job="whmcs"}'
        assert {series("whmcs_up", site="acme"): 1.0} == await storage.query(job)

    await eventually(look, 60)


async def test_vmagent_writes_what_it_scrapes(
    launcher: Launcher, storage: Prometheus, address: str, tmp_path: Path
) -> None:
    """Every number and name, as they are."""
    recipe = COLLECTORS / "victoriametrics.yml"
    config = elsewhere(recipe, tmp_path, {"localhost:9942": address})
    launcher.start(
        tool("vmagent"),
        "-promscrape.config.strictParse",
        f"-promscrape.config={config}",
        f"-remoteWrite.url={storage.url}/api/v1/write",
        f"-remoteWrite.tmpDataPath={tmp_path / 'vmagent'}",
        "-httpListenAddr=127.0.0.1:0",
    )
    await holds(storage, address)


async def test_the_opentelemetry_collector_writes_what_it_scrapes(
    launcher: Launcher, storage: Prometheus, address: str, tmp_path: Path
) -> None:
    """Every number and name, as they are; the collector has the two parts of the recipe."""
    recipe = COLLECTORS / "opentelemetry.yml"
    there = {"localhost:9942": address, "http://localhost:9090": storage.url}
    config = elsewhere(recipe, tmp_path, there)
    # Of itself it would tell on a port that may be taken.
    silent = "--set=service.telemetry.metrics.level=none"
    launcher.start(tool("otelcol"), f"--config={config}", silent)
    await holds(storage, address)


def test_alloy_reads_its_recipe() -> None:
    """Alloy itself is not to be had by Go's means; its parser is."""
    command = [tool("alloy-syntax"), str(COLLECTORS / "config.alloy")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (0, "") == (done.returncode, done.stderr)

"""The pods of the kustomizations, as processes that poll a simulated WHMCS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.deploy.objects import KUBERNETES, built, container, of_kind, pods, read
from tests.deploy.pods import Node, probed
from tests.exposition_check import value
from tests.process.page import metrics, ready
from tests.process.simulated import odd_site, standing_still

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from exporter.simulator.server import Simulator
    from tests.process.program import Launcher

EXPORTER = "whmcs-exporter"
SECRETS = {"whmcs-exporter": {"acme_id": "simulated", "acme_secret": "simulated"}}
# Where the base's example of a configuration looks for WHMCS, and the sidecar.
WHMCS = "https://billing.acme.example/"
NEIGHBOUR = "127.0.0.1:8080"


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """Serve two simulated sites; their time stands still."""
    async with standing_still(odd_site()) as simulator:
        yield simulator


async def test_the_base_polls_and_leaves_in_time(
    simulator: Simulator, tmp_path: Path, launcher: Launcher
) -> None:
    """Its container reads configuration and secrets, passes its probes, and ends with SIGTERM."""
    objects = read(built(KUBERNETES / "base"))
    node = Node(objects, tmp_path, launcher, SECRETS)
    program = node.start(EXPORTER, {WHMCS: simulator.url("acme")})
    text = await metrics(await probed(container(EXPORTER, objects), program))
    assert 1.0 == value(text, "whmcs_up", site="acme")
    program.interrupt()
    (pod,) = pods(objects)
    assert 0 == await program.ended(pod["terminationGracePeriodSeconds"])
    assert "every user may read" not in program.stderr


async def test_shards_divide_the_sites(
    simulator: Simulator, tmp_path: Path, launcher: Launcher
) -> None:
    """Each site is polled by exactly one pod of the StatefulSet."""
    objects = read(built(KUBERNETES / "sharded"))
    (workload,) = of_kind("StatefulSet", objects)
    node = Node(objects, tmp_path, launcher, SECRETS)
    second = f"{{name: globex, url: {simulator.url('globex')}, username: api, password: api}}"
    moved = {WHMCS: simulator.url("acme"), "sites:\n": f"sites:\n  - {second}\n"}
    found = []
    for number in range(workload["spec"]["replicas"]):
        program = node.start(EXPORTER, moved, f"whmcs-exporter-{number}")
        text = await metrics(await probed(container(EXPORTER, objects), program))
        found += [
            site for site in ("acme", "globex") if value(text, "whmcs_up", site=site) is not None
        ]
    assert ["acme", "globex"] == sorted(found)


async def test_the_sidecar_polls_its_neighbour(tmp_path: Path, launcher: Launcher) -> None:
    """It asks the other container of its pod by loopback, and keeps that neither out nor down."""
    objects = read(built(KUBERNETES / "sidecar"))
    node = Node(objects, tmp_path, launcher)
    whmcs = node.start("whmcs", {NEIGHBOUR: "127.0.0.1:0"})
    address = (await whmcs.said(r"127\.0\.0\.1:[1-9]\d*"))[0]
    exporter = container(EXPORTER, objects)
    program = node.start(EXPORTER, {NEIGHBOUR: address})
    assert ["livenessProbe"] == [key for key in exporter if key.endswith("Probe")]
    assert await probed(exporter, program) == (url := await ready(program))
    assert 1.0 == value(await metrics(url), "whmcs_up", site="acme")
    assert "every user may read" not in program.stderr

"""What a release of the chart runs: its pod and the pod of ``helm test``, as processes."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.deploy.chart import MATRIX, MINIMAL, rendered
from tests.deploy.objects import ROOT, container, of_kind, read
from tests.deploy.pods import Node, probed
from tests.exposition_check import value
from tests.process.page import metrics
from tests.process.simulated import odd_site, standing_still

if TYPE_CHECKING:
    from pathlib import Path

    from tests.process.program import Launcher

EXPORTER = "whmcs-exporter"


async def test_a_release_polls_and_passes_its_test(tmp_path: Path, launcher: Launcher) -> None:
    """The exporter reads what the values say, and what ``helm test`` runs finds it good."""
    objects = read(rendered(MINIMAL, "--no-hooks"))
    secrets = {"acme": {"identifier": "simulated", "secret": "simulated"}}
    async with standing_still(odd_site()) as simulator:
        moved = {"https://billing.acme.example/": simulator.url("acme")}
        program = Node(objects, tmp_path, launcher, secrets).start(EXPORTER, moved)
        url = await probed(container(EXPORTER, objects), program)
        assert 1.0 == value(await metrics(url), "whmcs_up", site="acme")
    assert 0 == _tested(urlsplit(url).netloc)
    program.interrupt()
    assert 0 == await program.ended()
    assert 1 == _tested(urlsplit(url).netloc)


def test_the_tests_pod_reaches_the_exporter_and_is_none() -> None:
    """The policy lets it in, the Service leaves it alone, the image has its program."""
    objects = read(rendered(MATRIX["operator"]))
    (pod,) = of_kind("Pod", objects)
    labels = pod["metadata"]["labels"]
    (policy,) = of_kind("NetworkPolicy", objects)
    (ingress,) = policy["spec"]["ingress"]
    assert labels in [peer["podSelector"]["matchLabels"] for peer in ingress["from"]]
    (service,) = of_kind("Service", objects)
    assert not service["spec"]["selector"].items() <= labels.items()
    folder = container("scrape", objects)["command"][0].removesuffix("/bin/python")
    assert f"{folder} " in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def _tested(address: str) -> int:
    """Run what the pod of ``helm test`` runs, against an exporter that is elsewhere."""
    objects = read(rendered(MINIMAL))
    (service,) = of_kind("Service", objects)
    scrape = container("scrape", objects)
    *_, option, script = scrape["command"]
    there = f"{service['metadata']['name']}:{service['spec']['ports'][0]['port']}"
    assert there in script
    program = [sys.executable, option, script.replace(there, address)]
    return subprocess.run(program, capture_output=True, check=False).returncode

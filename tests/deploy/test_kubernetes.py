"""The kustomizations: what their judges say of them, and how their parts fit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from exporter import __version__
from tests.deploy.judges import admission, own_complaints, schema_complaints, score
from tests.deploy.objects import KUBERNETES, ROOT, built, container, containers, of_kind, pods, read
from tests.deploy.schemas import VERSIONS

if TYPE_CHECKING:
    from pathlib import Path

OVERLAYS = ("base", "sharded", "sidecar", "operator", "probe")
# What kube-score has against them, and why that stays.
SCORES = {
    "base": {"deployment-replicas"},  # a second one would ask WHMCS twice as often
    "sharded": {"statefulset-has-host-podantiaffinity"},  # it has a topologySpreadConstraint
    "sidecar": {
        "container-security-context-user-group-id",  # group 0: the only one of a Secret's files
        "pod-networkpolicy",  # WHMCS's own affair
    },
    "operator": set[str](),
    "probe": set[str](),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubernetes_takes_every_field(overlay: str, version: str, schema_folder: Path) -> None:
    """No object has a field that this version, or the operator, does not know."""
    assert [] == schema_complaints(built(KUBERNETES / overlay), version, schema_folder)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_are_restricted(overlay: str) -> None:
    """A namespace that enforces the restricted Pod Security Standard admits all pods."""
    admitted, said = admission(built(KUBERNETES / overlay))
    assert admitted, said


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nothing_moves_and_nothing_secret_is_shown(overlay: str) -> None:
    """Images have a version; secrets are files, neither variables nor in a ConfigMap."""
    assert [] == own_complaints(read(built(KUBERNETES / overlay)))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kube_score_has_nothing_new_to_say(overlay: str) -> None:
    """It has nothing against the manifests but what is decided otherwise."""
    assert SCORES[overlay] == score(built(KUBERNETES / overlay))


@pytest.mark.parametrize("overlay", ["base", "sharded", "sidecar"])
def test_the_image_is_this_version(overlay: str) -> None:
    """Every container runs the version of this tree, under the name of the one place for it."""
    component = yaml.safe_load((KUBERNETES / "components/image/kustomization.yml").read_text())
    (image,) = component["images"]
    assert __version__ == image["newTag"]
    found = {one["image"] for one in containers(read(built(KUBERNETES / overlay)))}
    assert {f"{image['newName']}:{__version__}"} == found


@pytest.mark.parametrize("overlay", ["base", "sharded"])
def test_the_user_is_the_images(overlay: str) -> None:
    """Pods run as the user and group that the image is made for."""
    (pod,) = pods(read(built(KUBERNETES / overlay)))
    user, group = (pod["securityContext"][key] for key in ("runAsUser", "runAsGroup"))
    assert f"\nUSER {user}:{group}\n" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("overlay", ["base", "sharded"])
def test_selectors_find_the_pods(overlay: str) -> None:
    """Service, policy, budget and spread are about the pods that there are."""
    objects = read(built(KUBERNETES / overlay))
    (workload,) = (one for one in objects if "template" in one.get("spec", {}))
    template = workload["spec"]["template"]
    labels = template["metadata"]["labels"]
    assert labels == workload["spec"]["selector"]["matchLabels"]
    assert labels == of_kind("Service", objects)[0]["spec"]["selector"]
    assert labels == of_kind("NetworkPolicy", objects)[0]["spec"]["podSelector"]["matchLabels"]
    assert labels == of_kind("PodDisruptionBudget", objects)[0]["spec"]["selector"]["matchLabels"]
    for spread in template["spec"]["topologySpreadConstraints"]:
        assert labels == spread["labelSelector"]["matchLabels"]


def test_monitors_find_service_and_sidecar() -> None:
    """The ServiceMonitor finds the base's Service, the PodMonitor the sidecar; each its port."""
    operator = read(built(KUBERNETES / "operator"))
    (monitor,) = of_kind("ServiceMonitor", operator)
    (service,) = of_kind("Service", read(built(KUBERNETES / "base")))
    assert monitor["spec"]["selector"]["matchLabels"] == service["metadata"]["labels"]
    assert [monitor["spec"]["endpoints"][0]["port"]] == [
        one["name"] for one in service["spec"]["ports"]
    ]

    (monitor,) = of_kind("PodMonitor", operator)
    sidecar = read(built(KUBERNETES / "sidecar"))
    (workload,) = of_kind("Deployment", sidecar)
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    assert wanted <= workload["spec"]["template"]["metadata"]["labels"].items()
    ports = container("whmcs-exporter", sidecar)["ports"]
    assert [monitor["spec"]["podMetricsEndpoints"][0]["port"]] == [one["name"] for one in ports]


def test_the_operator_gets_the_rules_and_boards_of_the_tree() -> None:
    """The very rules, and each board as it is in grafana/, found by Grafana's label."""
    objects = read(built(KUBERNETES / "operator"))
    rules = yaml.safe_load((ROOT / "deploy/prometheus/rules/whmcs.rules.yml").read_text())
    (manifest,) = of_kind("PrometheusRule", objects)
    assert rules == _without_empty_lines(manifest["spec"])
    boards = of_kind("ConfigMap", objects)
    shown = {name: json.loads(text) for board in boards for name, text in board["data"].items()}
    folder = ROOT / "grafana/dashboards"
    assert {path.name: json.loads(path.read_text()) for path in folder.glob("*.json")} == shown
    assert all(board["metadata"]["labels"]["grafana_dashboard"] == "1" for board in boards)


def test_a_changed_configuration_rolls_the_pods(tmp_path: Path) -> None:
    """The name of the ConfigMap changes with its content, and the pods' template with it."""
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    (overlay / "whmcs.yml").write_text("sites: []\n")
    base = ["../" * len(tmp_path.parts) + str(KUBERNETES / "base").lstrip("/")]
    generator = {"name": "whmcs-exporter", "behavior": "replace", "files": ["whmcs.yml"]}
    kustomization = {"resources": base, "configMapGenerator": [generator]}
    (overlay / "kustomization.yml").write_text(yaml.safe_dump(kustomization))
    (changed,) = pods(read(built(overlay)))
    (usual,) = pods(read(built(KUBERNETES / "base")))
    assert usual["volumes"][0]["configMap"] != changed["volumes"][0]["configMap"]
    assert usual["containers"] == changed["containers"]


def _without_empty_lines(found: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
    """Undo what kustomize does to a folded text with deeper lines; PromQL does not mind it."""
    if isinstance(found, dict):
        return {key: _without_empty_lines(inner) for key, inner in found.items()}
    if isinstance(found, list):
        return [_without_empty_lines(inner) for inner in found]
    return found.replace("\n\n", "\n") if isinstance(found, str) else found

"""The Helm chart: what its judges say of it, with all kinds of values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from exporter import __version__
from tests.deploy.chart import CHART, MATRIX, MINIMAL, SITE, Values, helm, rendered
from tests.deploy.judges import admission, own_complaints, schema_complaints, score
from tests.deploy.objects import KUBERNETES, ROOT, containers, of_kind, read
from tests.deploy.schemas import VERSIONS

if TYPE_CHECKING:
    from pathlib import Path

# What kube-score has against it, and why that stays.
ALONE = {"deployment-replicas"}  # a second one would ask WHMCS twice as often
SCORES: dict[str, set[str]] = dict.fromkeys(MATRIX, ALONE) | {
    # a topologySpreadConstraint stands for its anti-affinity
    "sharded": {"statefulset-has-host-podantiaffinity"},
    "pods": {"statefulset-has-host-podantiaffinity"},
    "several": {"deployment-has-host-podantiaffinity"},
    "bare": ALONE | {"pod-networkpolicy"},  # as it was asked for
}
REFUSED: dict[str, tuple[Values, str]] = {
    "no site": ({"config": {"sites": []}}, "/config/sites"),
    "a typo": (MINIMAL | {"replica": 1}, "'replica' not allowed"),
    "latest": (MINIMAL | {"image": {"tag": "latest"}}, "/image/tag"),
    "a secret": ({"config": {"sites": [SITE | {"secret": "x"}]}}, "/config/sites/0/secret"),
    "a secret's variable": ({"config": {"sites": [SITE | {"secret_env": "X"}]}}, "secret_env"),
    "a secret for all": (
        {"config": {"sites": [SITE], "defaults": {"password": "x"}}},
        "/config/defaults/password",
    ),
    "a secret for the gate": (
        {"config": {"sites": [SITE | {"basic_auth": {"password": "x"}}]}},
        "/config/sites/0/basic_auth/password",
    ),
    "a department's secret": (
        {"config": {"sites": [SITE | {"departments": {"credentials": [{"secret": "x"}]}}]}},
        "/credentials/0/secret",
    ),
    "scraped twice": (
        MINIMAL | {"monitoring": {"serviceMonitor": True, "podMonitor": True}},
        "/monitoring",
    ),
    "a probe of shards": (MINIMAL | {"shards": 2, "monitoring": {"probe": True}}, "/probe"),
    "no duration": (MINIMAL | {"monitoring": {"interval": "soon"}}, "/monitoring/interval"),
}
every_case = pytest.mark.parametrize("case", MATRIX)


@every_case
def test_helm_has_nothing_against_it(case: str) -> None:
    """``helm lint --strict`` passes."""
    options = ("--strict", f"--kube-version={VERSIONS[0]}")
    done = helm("lint", CHART, *options, values=MATRIX[case])
    assert 0 == done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("version", VERSIONS)
@every_case
def test_kubernetes_takes_every_field(case: str, version: str, schema_folder: Path) -> None:
    """No object has a field that this version, or the operator, does not know."""
    manifests = rendered(MATRIX[case], version=version)
    assert [] == schema_complaints(manifests, version, schema_folder)


@every_case
def test_pods_are_restricted(case: str) -> None:
    """A namespace that enforces the restricted Pod Security Standard admits all pods."""
    admitted, said = admission(rendered(MATRIX[case]))
    assert admitted, said


@every_case
def test_nothing_moves_and_nothing_secret_is_shown(case: str) -> None:
    """Images have a version; secrets are files, neither variables nor in a ConfigMap."""
    assert [] == own_complaints(read(rendered(MATRIX[case])))


@every_case
def test_kube_score_has_nothing_new_to_say(case: str) -> None:
    """It has nothing against the manifests but what is decided otherwise."""
    assert SCORES[case] == score(rendered(MATRIX[case], "--no-hooks"))


@pytest.mark.parametrize(("values", "said"), REFUSED.values(), ids=REFUSED)
def test_values_are_checked(values: Values, said: str) -> None:
    """What can't be right is refused before anything is rendered, and named."""
    done = helm("template", CHART, f"--kube-version={VERSIONS[0]}", values=values)
    assert 1 == done.returncode
    assert said in done.stderr


def test_an_old_kubernetes_is_refused() -> None:
    """A cluster that would drop fields does not get them."""
    done = helm("template", CHART, "--kube-version=1.28.0", values=MINIMAL)
    assert "incompatible with Kubernetes v1.28.0" in done.stderr


def test_the_chart_is_of_this_version() -> None:
    """Chart, program and kustomizations name one image and one version."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert (__version__, __version__) == (chart["version"], chart["appVersion"])
    component = KUBERNETES / "components" / "image" / "kustomization.yml"
    (image,) = yaml.safe_load(component.read_text(encoding="utf-8"))["images"]
    expected = {f"{image['newName']}:{__version__}"}
    assert expected == {one["image"] for one in containers(read(rendered(MINIMAL)))}


def test_the_digest_wins() -> None:
    """An image that is given by its digest is that one, whatever its tag."""
    found = {one["image"] for one in containers(read(rendered(MATRIX["everything"])))}
    assert {f"registry.acme.example/w@sha256:{'0' * 64}"} == found


def test_rules_and_boards_are_the_trees() -> None:
    """The rules with the address of the runbooks that is wanted, the boards as they are."""
    objects = read(rendered(MATRIX["operator"]))
    rules = (ROOT / "deploy/prometheus/rules/whmcs.rules.yml").read_text(encoding="utf-8")
    wanted = rules.replace("url: docs/runbooks", 'url: "https://wiki.acme.example/runbooks"')
    assert wanted != rules
    assert [yaml.safe_load(wanted)] == [one["spec"] for one in of_kind("PrometheusRule", objects)]
    shown = {
        name: json.loads(text)
        for one in of_kind("ConfigMap", objects)
        if "grafana_dashboard" in one["metadata"]["labels"]
        for name, text in one["data"].items()
    }
    boards = (ROOT / "grafana/dashboards").glob("*.json")
    assert {path.name: json.loads(path.read_text(encoding="utf-8")) for path in boards} == shown


def test_a_package_is_the_same_as_the_folder(tmp_path: Path) -> None:
    """The links to rules and boards become files, so that a package is whole."""
    assert 0 == helm("package", CHART, f"--destination={tmp_path}").returncode
    package = tmp_path / f"whmcs-exporter-{__version__}.tgz"
    values = MATRIX["operator"]
    assert rendered(values) == rendered(values, chart=package)

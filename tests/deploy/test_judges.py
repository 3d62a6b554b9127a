"""The judges, judged: each of them notices what it is there for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exporter import __version__
from tests.deploy.judges import admission, own_complaints, schema_complaints, score
from tests.deploy.objects import KUBERNETES, built, read
from tests.deploy.schemas import VERSIONS

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = "whmcs-exporter"
_HERE = f"name: {IMAGE}\n        ports:"


def _before(variables: str) -> str:
    return _HERE.replace("ports:", f"{variables}\n        ports:")


# A text of the base, what a mistake makes of it, and what the one who notices says.
NOT_IN_THE_API = {
    "an unknown field": ("enableServiceLinks", "serviceLinks", "serviceLinks"),
    "a wrong type": ("replicas: 1", "replicas: one", "replicas"),
    "an unknown kind": ("kind: NetworkPolicy", "kind: NetPolicy", "NetPolicy"),
    "an unknown version": ("apiVersion: policy/v1", "apiVersion: policy/v2", "PodDisruption"),
}
NOT_RESTRICTED = {
    "root": ("runAsNonRoot: true", "runAsNonRoot: false", "runAsNonRoot != true"),
    "root by number": ("runAsUser: 65532", "runAsUser: 0", "runAsUser=0"),
    "more rights": ("allowPrivilegeEscalation: false", "privileged: true", "privileged"),
    "capabilities": ("- ALL", "- NET_RAW", "unrestricted capabilities"),
    "no seccomp": ("type: RuntimeDefault", "type: Unconfined", "seccompProfile"),
    "the host's network": ("enableServiceLinks: false", "hostNetwork: true", "host namespaces"),
    "a field twice": ("replicas: 1", "replicas: 1\n  replicas: 1", "replicas"),
}
NOT_OURS = {
    "the newest": (
        f"{IMAGE}:{__version__}",
        "whmcs-exporter:latest",
        "image whmcs-exporter:latest",
    ),
    "any version": (f"image: {IMAGE}:{__version__}", f"image: {IMAGE}", "image whmcs-exporter"),
    "a secret in a variable": (
        _HERE,
        _before("env: [{name: WHMCS_SECRET, value: x}]"),
        "variable WHMCS_SECRET",
    ),
    "a Secret as a variable": (
        _HERE,
        _before("env: [{name: X, valueFrom: {secretKeyRef: {}}}]"),
        "variable X",
    ),
    "a Secret as variables": (
        _HERE,
        _before("envFrom: [{secretRef: {name: x}}]"),
        "variables of {'secretRef': {'name': 'x'}}",
    ),
    "a secret in the configuration": ("identifier_file:", "identifier:", "ConfigMap's identifier"),
    "a variable's name there": ("secret_file:", "secret_env:", "ConfigMap's secret_env"),
}
NOT_GOOD = {
    "no memory limit": ("memory: 128Mi", "cpu: 1", "container-resources"),
    "a writable root": ("readOnlyRootFilesystem: true", "tty: false", "readonlyrootfilesystem"),
    "no policy": ("kind: NetworkPolicy", "kind: X", "pod-networkpolicy"),
    "one probe for all": ("path: /-/ready", "path: /-/healthy", "pod-probes"),
}


def cases(table: dict[str, tuple[str, str, str]]) -> pytest.MarkDecorator:
    """Parametrize a test with the mistakes of a table."""
    return pytest.mark.parametrize(("good", "bad", "said"), table.values(), ids=table)


def mistaken(good: str, bad: str) -> str:
    """Return the base with a mistake in it."""
    manifests = built(KUBERNETES / "base")
    assert good in manifests
    return manifests.replace(good, bad)


@pytest.mark.parametrize("version", VERSIONS)
@cases(NOT_IN_THE_API)
def test_schemas_refuse(good: str, bad: str, said: str, version: str, schema_folder: Path) -> None:
    """Fields, types, kinds and versions that the API does not have are one complaint each."""
    (complaint,) = schema_complaints(mistaken(good, bad), version, schema_folder)
    assert said in complaint


def test_schemas_refuse_what_the_operator_does_not_know(schema_folder: Path) -> None:
    """The operator's objects are read as strictly."""
    manifests = built(KUBERNETES / "probe").replace("scrapeTimeout", "timeout")
    (complaint,) = schema_complaints(manifests, VERSIONS[0], schema_folder)
    assert "timeout" in complaint


@cases(NOT_RESTRICTED)
def test_admission_refuses(good: str, bad: str, said: str) -> None:
    """What the restricted standard forbids is forbidden, and named."""
    admitted, output = admission(mistaken(good, bad))
    assert not admitted
    assert said in output


@cases(NOT_OURS)
def test_our_own_rules_refuse(good: str, bad: str, said: str) -> None:
    """Images that move, and secrets outside of a Secret's files."""
    assert [said] == own_complaints(read(mistaken(good, bad)))


@cases(NOT_GOOD)
def test_kube_score_notices(good: str, bad: str, said: str) -> None:
    """What is left out is among the checks that are not satisfied."""
    assert any(said in check for check in score(mistaken(good, bad)))

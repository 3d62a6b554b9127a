"""The Helm chart: where it is, how it is rendered, and the values that it is tried with."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from tests.deploy.objects import ROOT
from tests.deploy.schemas import VERSIONS
from tests.tools import tool

if TYPE_CHECKING:
    from pathlib import Path

CHART = ROOT / "deploy" / "helm" / "whmcs-exporter"

Values = dict[str, Any]

SECRETS = "/run/secrets/whmcs-exporter/acme"
SITE = {
    "name": "acme",
    "url": "https://billing.acme.example/",
    "identifier_file": f"{SECRETS}/identifier",
    "secret_file": f"{SECRETS}/secret",
}
MINIMAL: Values = {"config": {"sites": [SITE]}, "existingSecrets": ["acme"]}
MATRIX: dict[str, Values] = {
    "minimal": MINIMAL,
    "sharded": MINIMAL | {"shards": 3},
    "several": MINIMAL | {"replicas": 2, "existingSecrets": ["acme", "globex.example"]},
    "operator": MINIMAL
    | {
        "monitoring": {
            "serviceMonitor": True,
            "probe": True,
            "rules": True,
            "dashboards": True,
            "labels": {"release": "kube-prometheus-stack"},
            "runbooks": "https://wiki.acme.example/runbooks",
        }
    },
    "pods": MINIMAL | {"shards": 2, "monitoring": {"podMonitor": True, "interval": "1m"}},
    "bare": MINIMAL
    | {
        "serviceAccount": {"create": False},
        "networkPolicy": {"enabled": False},
        "podDisruptionBudget": {"enabled": False},
    },
    "everything": MINIMAL
    | {
        "image": {"repository": "registry.acme.example/w", "digest": f"sha256:{'0' * 64}"},
        "imagePullSecrets": [{"name": "registry"}],
        "nameOverride": "w",
        "fullnameOverride": "a-name-that-is-longer-than-the-names-of-pods-of-a-set-may-be",
        "args": ["--log.format=json"],
        "podAnnotations": {"a.example/b": "c"},
        "podLabels": {"a.example/b": "c"},
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "a", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "priorityClassName": "low",
        "serviceAccount": {"name": "own"},
        "networkPolicy": {"from": [], "ports": [443, 3128]},
    },
}


def helm(*arguments: str | Path, values: Values | None = None) -> subprocess.CompletedProcess[str]:
    """Run Helm; the values, if any, are what it reads from standard input."""
    given = [] if values is None else ["--values=-"]
    return subprocess.run(
        [tool("helm"), *arguments, *given],
        input=json.dumps(values),
        capture_output=True,
        text=True,
        check=False,
    )


def rendered(
    values: Values, *options: str, version: str = VERSIONS[-1], chart: Path = CHART
) -> str:
    """Return the manifests of a release, of names that YAML takes for a number and a boolean."""
    usual = ("--namespace=n", f"--kube-version={version}")
    done = helm("template", "1", chart, *usual, *options, values=values)
    assert 0 == done.returncode, done.stderr
    return done.stdout

"""Who judges manifests: the API's schemas, the code that admits pods, kube-score, our own rules."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import yaml

from tests.deploy.objects import Object, containers, of_kind
from tests.deploy.schemas import LAYOUT, OPERATOR_LAYOUT
from tests.tools import tool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

# Less is a warning or critical.
_ALL_OK = 10
_SECRET_KEY = re.compile(r"(WHMCS_)?(IDENTIFIER|SECRET|ACCESS_KEY|PASSWORD)(_ENV)?", re.IGNORECASE)


def schema_complaints(manifests: str, version: str, schemas: Path) -> list[str]:
    """Return what a version of Kubernetes, or the operator, would not take or would drop."""
    locations = [f"--schema-location={schemas}/{layout}" for layout in (LAYOUT, OPERATOR_LAYOUT)]
    options = ["-strict", "-output=json", f"-kubernetes-version={version}", "-verbose"]
    done = _run("kubeconform", manifests, *options, *locations)
    return [
        f"{one['kind']} {one['name']}: {one['msg']}"
        for one in json.loads(done.stdout)["resources"]
        if one["status"] != "statusValid"
    ]


def admission(manifests: str) -> tuple[bool, str]:
    """Return whether the restricted Pod Security Standard admits all pods, and what it says."""
    done = _run("admission", manifests)
    return done.returncode == 0, done.stdout + done.stderr


def score(manifests: str) -> set[str]:
    """Return the names of kube-score's checks that are not satisfied.

    Without a limit of CPU, for one would only delay polls. Images are not pulled anew at each
    start, since a version's image never changes.
    """
    options = ("--ignore-container-cpu-limit", "--ignore-test=container-image-pull-policy")
    done = _run("kube-score", manifests, "score", *options, "--output-format=json", "-")
    return {
        check["check"]["id"]
        for scored in json.loads(done.stdout) or []
        for check in scored["checks"]
        if not check["skipped"] and check["grade"] < _ALL_OK
    }


def own_complaints(objects: Iterable[Object]) -> list[str]:
    """Return moving images, and secrets where everybody reads them."""
    objects = list(objects)
    return [*_moving_images(objects), *_secrets(objects)]


def _moving_images(objects: Iterable[Object]) -> Iterator[str]:
    for container in containers(objects):
        name, _, tag = container["image"].rpartition(":")
        if not name or tag == "latest":
            yield f"image {container['image']}"


def _secrets(objects: list[Object]) -> Iterator[str]:
    for container in containers(objects):
        for variable in container.get("env", []):
            if _SECRET_KEY.fullmatch(variable["name"]) or _from_secret(variable.get("valueFrom")):
                yield f"variable {variable['name']}"
        yield from (
            f"variables of {one}" for one in container.get("envFrom", []) if _from_secret(one)
        )
    for configuration in of_kind("ConfigMap", objects):
        for name, text in configuration["data"].items():
            found = yaml.safe_load(text) if name.endswith(".yml") else {name: text}
            yield from (f"ConfigMap's {key}" for key in _keys(found) if _SECRET_KEY.fullmatch(key))


def _from_secret(source: Object | None) -> bool:
    return any(key in (source or {}) for key in ("secretKeyRef", "secretRef"))


def _keys(found: Any) -> Iterator[str]:  # noqa: ANN401 - whatever YAML holds
    if isinstance(found, dict):
        for key, inner in found.items():
            yield str(key)
            yield from _keys(inner)
    elif isinstance(found, list):
        for inner in found:
            yield from _keys(inner)


def _run(name: str, manifests: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [tool(name), *arguments], input=manifests, capture_output=True, text=True, check=False
    )

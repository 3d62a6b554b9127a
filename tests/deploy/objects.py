"""Kubernetes's objects as they stand in YAML, and what of them the tests look at."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.tools import tool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"

Object = dict[str, Any]


def built(folder: Path) -> str:
    """Return what kustomize makes of a folder, as YAML."""
    done = subprocess.run(
        [tool("kustomize"), "build", folder], capture_output=True, text=True, check=False
    )
    assert (0, "") == (done.returncode, done.stderr)
    return done.stdout


def read(manifests: str) -> list[Object]:
    """Return the objects of a YAML stream."""
    return [found for found in yaml.safe_load_all(manifests) if found]


def of_kind(kind: str, objects: Iterable[Object]) -> list[Object]:
    """Return the objects of a kind."""
    return [found for found in objects if found["kind"] == kind]


def pods(objects: Iterable[Object]) -> Iterator[Object]:
    """Yield the ``spec`` of each pod that the objects are or make."""
    for found in objects:
        if found["kind"] == "Pod":
            yield found["spec"]
        elif template := found.get("spec", {}).get("template"):
            yield template["spec"]


def containers(objects: Iterable[Object]) -> Iterator[Object]:
    """Yield the containers of all pods, those that run before the others among them."""
    for pod in pods(objects):
        yield from pod.get("initContainers", [])
        yield from pod["containers"]


def container(name: str, objects: Iterable[Object]) -> Object:
    """Return the one container of that name."""
    (found,) = (one for one in containers(objects) if one["name"] == name)
    return found

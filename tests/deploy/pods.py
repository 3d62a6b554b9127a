"""Pods without a cluster: their containers run as processes of this machine.

Each gets the arguments, variables and files that the manifest gives it. What a process cannot have
is moved: its files into a folder, its listening address to a free port of loopback.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from tests.deploy import objects
from tests.deploy.objects import Object, of_kind
from tests.process.page import base, get
from tests.process.program import ANYWHERE, Launcher, Program, eventually

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


@dataclass(frozen=True, slots=True)
class Node:
    """Starts the containers of the one kind of pod that the objects make."""

    objects: Sequence[Object]
    folder: Path
    launcher: Launcher
    # Secrets that are no part of the manifests, by name.
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def start(self, name: str, moved: Mapping[str, str], pod_name: str = "pod") -> Program:
        """Start a container; ``moved`` are texts of the manifests and what stands in for each."""
        container = objects.container(name, self.objects)
        places = self._places(container, self.folder / pod_name)
        moved = {**moved, **{path: str(folder) for path, folder in places.items()}}
        self._write(places, moved)
        variables = {
            key: _replaced(text, moved) for key, text in self._variables(container, pod_name)
        }
        given = (_expanded(text, variables) for text in container.get("args", []))
        arguments = [_replaced(text, moved) for text in given]
        listening = [] if arguments[:1] == ["simulate"] else [ANYWHERE]
        return self.launcher.exporter(*arguments, *listening, environment=variables)

    def _places(self, container: Object, folder: Path) -> dict[str, Path]:
        """Return the folder that stands in for each mount, named like its volume."""
        mounts = container.get("volumeMounts", [])
        return {mount["mountPath"]: folder / mount["name"] for mount in mounts}

    def _write(self, places: Mapping[str, Path], moved: Mapping[str, str]) -> None:
        (pod,) = objects.pods(self.objects)
        volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
        for folder in places.values():
            folder.mkdir(parents=True)
            volume = volumes[folder.name]
            for key, text in self._content(volume).items():
                (folder / key).write_text(_replaced(text, moved), encoding="utf-8")
                (folder / key).chmod(volume.get("secret", {}).get("defaultMode", 0o644))

    def _content(self, volume: Object) -> Mapping[str, str]:
        if "configMap" in volume:
            return self._map(volume["configMap"]["name"])
        name = volume["secret"]["secretName"]
        for secret in of_kind("Secret", self.objects):
            if secret["metadata"]["name"] == name:
                coded = secret["data"].items()
                return {key: base64.b64decode(text).decode() for key, text in coded}
        return self.secrets[name]

    def _map(self, name: str) -> Mapping[str, str]:
        maps = {one["metadata"]["name"]: one for one in of_kind("ConfigMap", self.objects)}
        found: Mapping[str, str] = maps[name]["data"]
        return found

    def _variables(self, container: Object, name: str) -> list[tuple[str, str]]:
        pairs = [
            pair
            for source in container.get("envFrom", [])
            for pair in self._map(source["configMapRef"]["name"]).items()
        ]
        for variable in container.get("env", []):
            named = {"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
            of_pod = variable == {"name": variable["name"], **named}
            pairs.append((variable["name"], name if of_pod else variable["value"]))
        return pairs


def _replaced(text: str, moved: Mapping[str, str]) -> str:
    for there, here in moved.items():
        text = text.replace(there, here)
    return text


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    return re.sub(r"\$\((\w+)\)", lambda match: variables[match[1]], text)


async def probed(container: Object, program: Program) -> str:
    """Wait until each probe of a container succeeds, and return the exporter's URL."""
    url = await base(program)
    for probe in (container[name] for name in PROBES if name in container):
        await eventually(partial(_succeeds, f"{url}{probe['httpGet']['path']}"))
    return url


async def _succeeds(url: str) -> None:
    assert 200 == (await get(url)).status

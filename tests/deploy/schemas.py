"""JSON schemas of what Kubernetes and the Prometheus Operator accept, in kubeconform's layout.

Kubernetes's come with the package kubernetes-validate, the operator's from its definitions, which
``install-tools`` puts beside the programs.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from tests.tools import tool

# Native sidecars need no feature gate since 1.29 and are stable since 1.33; then the newest.
VERSIONS = ("1.29.0", "1.33.0", "1.37.0")
LAYOUT = "{{.NormalizedKubernetesVersion}}/{{.ResourceKind}}{{.KindSuffix}}.json"
OPERATOR_LAYOUT = "operator/{{.ResourceKind}}{{.KindSuffix}}.json"

Schema = dict[str, Any]


def write(folder: Path) -> None:
    """Write all schemas into a folder, which kubeconform then finds by the two layouts."""
    for version in VERSIONS:
        _write_kubernetes(version, folder / f"v{version}")
    _write_operator(folder / "operator")


def _write_kubernetes(version: str, folder: Path) -> None:
    folder.mkdir()
    packaged = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}-local-strict"
    document = json.loads((packaged / "_definitions.json").read_text(encoding="utf-8"))
    del document["$id"]  # it would be looked for at that address
    (folder / "_definitions.json").write_text(json.dumps(document), encoding="utf-8")
    for name, definition in document["$defs"].items():
        for known in definition.get("x-kubernetes-group-version-kind", []):
            reference = {"$ref": f"_definitions.json#/$defs/{name}"}
            file = _file_name(known["kind"], known["group"], known["version"])
            (folder / file).write_text(json.dumps(reference), encoding="utf-8")


def _write_operator(folder: Path) -> None:
    folder.mkdir()
    for file in (Path(tool("kubeconform")).parent / "operator").glob("*.yaml"):
        definition = yaml.safe_load(file.read_text(encoding="utf-8"))["spec"]
        for version in definition["versions"]:
            schema = _strict(version["schema"]["openAPIV3Schema"])
            name = _file_name(definition["names"]["kind"], definition["group"], version["name"])
            (folder / name).write_text(json.dumps(schema), encoding="utf-8")


def _strict(schema: Schema) -> Schema:
    """Refuse what the definition does not know, as the API server would drop it without a word."""
    closed = {name: _inner(name, part) for name, part in schema.items()}
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        closed["additionalProperties"] = False
    return closed


def _inner(name: str, part: Any) -> Any:  # noqa: ANN401 - a schema's parts are of all types
    if name == "properties":
        return {key: _strict(schema) for key, schema in part.items()}
    return _strict(part) if isinstance(part, dict) else part


def _file_name(kind: str, group: str, version: str) -> str:
    parts = (kind.lower(), group.partition(".")[0], version)
    return f"{'-'.join(filter(None, parts))}.json"

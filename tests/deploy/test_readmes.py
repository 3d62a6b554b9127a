"""The READMEs of the kustomizations and of the chart: what they say is so."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.deploy.chart import CHART, rendered
from tests.deploy.judges import own_complaints
from tests.deploy.objects import KUBERNETES, ROOT, built, of_kind, pods, read

if TYPE_CHECKING:
    from collections.abc import Iterator

README = (KUBERNETES / "README.md").read_text(encoding="utf-8")
CHARTS_README = (CHART / "README.md").read_text(encoding="utf-8")
OWN_FILES = ("acme_id", "acme_secret", "identifier", "secret")


def block(name: str, readme: str) -> str:
    """Return the YAML between two comments of a README."""
    (found,) = re.findall(
        rf"<!-- {name} -->\n```yaml\n(.*?)```\n<!-- /{name} -->", readme, re.DOTALL
    )
    return str(found)


def commands(readme: str) -> list[list[str]]:
    """Return the commands of a README, word by word."""
    blocks = re.findall(r"```sh\n(.*?)```", readme, re.DOTALL)
    return [shlex.split(line) for text in blocks for line in text.splitlines()]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make a user's folder with a checkout of this repository and files of their own."""
    (tmp_path / "repository").symlink_to(ROOT)
    for name in OWN_FILES:
        (tmp_path / name).write_text("x", encoding="utf-8")
    for name in ("base/whmcs.yml", "sidecar/whmcs.yml"):
        (tmp_path / name.split("/")[0]).mkdir()
        (tmp_path / name).write_bytes((KUBERNETES / name).read_bytes())
    return tmp_path


def test_folders_of_commands_are_there() -> None:
    """Every kustomization and chart that a command names can be applied."""
    words = [word for readme in (README, CHARTS_README) for one in commands(readme) for word in one]
    folders = {word.removeprefix("--kustomize=") for word in words if "deploy/" in word}
    assert {"base", "sharded", "sidecar", "operator", "probe", CHART.name} == {
        (ROOT / folder).name for folder in folders if (ROOT / folder).is_dir()
    }
    assert all((ROOT / folder).is_dir() for folder in folders)


def test_the_secret_of_the_commands_has_the_files_of_the_configuration() -> None:
    """What the configuration reads is what ``kubectl create secret`` puts there, and its name."""
    (command,) = (one for one in commands(README) if "secret" in one)
    keys = [word.removeprefix("--from-file=") for word in command if word.startswith("--from-file")]
    configuration = yaml.safe_load((KUBERNETES / "base/whmcs.yml").read_text(encoding="utf-8"))
    (site,) = configuration["sites"]
    assert keys == [Path(site[f"{key}_file"]).name for key in ("identifier", "secret")]
    (pod,) = pods(read(built(KUBERNETES / "base")))
    assert pod["volumes"][1]["secret"]["secretName"] in command


@pytest.mark.parametrize("name", ["own", "sidecar"])
def test_a_kustomization_of_your_own(name: str, checkout: Path) -> None:
    """It builds, and the pod takes its configuration and its secrets, not the example's."""
    source = "sidecar" if name == "sidecar" else "base"
    (checkout / "whmcs.yml").write_bytes((checkout / source / "whmcs.yml").read_bytes())
    objects = read(kustomized(name, checkout))
    assert [] == own_complaints(objects)
    (pod,) = pods(objects)
    (secret,) = of_kind("Secret", objects)
    mounted = [volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume]
    assert [secret["metadata"]["name"]] == mounted
    assert {"eA=="} == set(secret["data"].values())
    (configuration,) = of_kind("ConfigMap", objects)
    assert configuration["metadata"]["name"] in json.dumps(pod)


def test_labels_reach_what_prometheus_looks_for(checkout: Path) -> None:
    """Every object of the operator gets the label."""
    objects = read(kustomized("labels", checkout))
    assert objects
    assert all(one["metadata"]["labels"]["release"] == "kube-prometheus-stack" for one in objects)


def test_the_example_of_values_is_good() -> None:
    """The chart takes it, and the Secret of the command is the one that it mounts."""
    objects = read(rendered(yaml.safe_load(block("example", CHARTS_README)), "--no-hooks"))
    assert [] == own_complaints(objects)
    (pod,) = pods(objects)
    (command,) = (one for one in commands(CHARTS_README) if "secret" in one)
    assert pod["volumes"][1]["secret"]["secretName"] in command


def test_every_value_is_explained() -> None:
    """README, schema and values know the same values, with the same defaults."""
    rows = re.findall(r"^\| `([\w.]+)` \| `(.*?)` \|", CHARTS_README, re.MULTILINE)
    told = {name: yaml.safe_load(default) for name, default in rows}
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    names = set(leaves(schema)) - {"global"}  # Helm's own, for charts that contain this one
    assert names == told.keys()
    assert {name: at(name, values) for name in names} == told
    assert values.keys() == schema["properties"].keys() - {"global"}


def leaves(schema: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the values that a schema knows by their paths; an open mapping is one value."""
    if "additionalProperties" not in schema or schema["additionalProperties"] is not False:
        yield prefix.removesuffix(".")
        return
    for name, inner in schema["properties"].items():
        yield from leaves(inner, f"{prefix}{name}.")


def at(path: str, values: Any) -> Any:  # noqa: ANN401 - values are of all types
    """Return the value at a path."""
    for name in path.split("."):
        values = values[name]
    return values


def kustomized(name: str, folder: Path) -> str:
    """Build a kustomization of the README in a user's folder."""
    text = block(name, README)
    (folder / "kustomization.yml").write_text(text, encoding="utf-8")
    return built(folder)

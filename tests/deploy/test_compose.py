"""The stack of Compose: its files, and all of it but Grafana run for real."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import yaml

from tests.deploy.engine import ROOT, Engine
from tests.process.program import eventually
from tests.tools import tool

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = ROOT / "deploy" / "compose"
SITES = {"acme", "globex", "initech"}
# Free ports, and the machine's own network where something is installed.
APART = """\
services:
  exporter: {build: {context: ../.., network: host}, ports: !override ["127.0.0.1::9942"]}
  whmcs: {build: {context: ../.., network: host}, ports: !override ["127.0.0.1::9943"]}
  prometheus: {ports: !override ["127.0.0.1::9090"]}
  alertmanager: {ports: !override ["127.0.0.1::9093"]}
"""
# Images of others can't be had without a registry: Debian's programs stand in for them.
STAND_IN = """\
FROM python:3.13-slim
COPY {program} /bin/{name}
RUN mkdir --mode=777 /{name}
WORKDIR /{name}
USER nobody
ENTRYPOINT ["/bin/{name}"]
"""


def configuration(engine: Engine, **environment: str) -> dict[str, Any]:
    """Return the stack as Compose understands it."""
    command = ("compose", f"--project-directory={FOLDER}", "config", "--format=json")
    printed = engine.docker(*command, **environment)
    result: dict[str, Any] = json.loads(printed)
    return result


def read(*names: str) -> Any:  # noqa: ANN401 - whatever a file may hold
    """Return what a YAML file holds."""
    return yaml.safe_load(ROOT.joinpath(*names).read_text(encoding="utf-8"))


def test_compose_has_nothing_to_say(engine: Engine) -> None:
    """The file is good, without a warning."""
    command = ("compose", f"--project-directory={FOLDER}", "config", "--quiet")
    assert (0, "") == engine.code(*command)


def test_images_have_a_version(engine: Engine) -> None:
    """None is what happens to be the newest, and only ours has no maker to name it."""
    images = [service["image"] for service in configuration(engine)["services"].values()]
    named = {image for image in images if image.startswith(("prom/", "grafana/"))}
    assert {"whmcs-exporter:local"} == set(images) - named
    assert all(image.rpartition(":")[2].removeprefix("v")[0].isdecimal() for image in named)


def test_the_image_is_one_setting(engine: Engine) -> None:
    """One variable replaces the exporter's image, and the simulator's with it."""
    command = ("compose", f"--project-directory={FOLDER}", "config", "--images")
    images = engine.docker(*command, WHMCS_EXPORTER_IMAGE="registry.example/exporter:1.2.3")
    assert 2 == images.split().count("registry.example/exporter:1.2.3")
    assert "whmcs-exporter:local" not in images


def test_ones_own_whmcs_is_three_settings(engine: Engine) -> None:
    """Without the simulator, with a configuration and secrets from elsewhere."""
    own = {"WHMCS_CONFIG": "/own.yml", "WHMCS_SECRETS": "/own", "COMPOSE_PROFILES": ""}
    stack = configuration(engine, **own)
    assert {"exporter", "prometheus", "alertmanager", "grafana"} == stack["services"].keys()
    (mount,) = stack["services"]["exporter"]["volumes"]
    files = {secret["file"] for secret in stack["secrets"].values()}
    assert {"/own.yml", "/own/whmcs_identifier", "/own/whmcs_secret"} == {mount["source"], *files}


def test_nobody_else_reaches_it(engine: Engine) -> None:
    """Every port is this machine's alone."""
    services = configuration(engine)["services"].values()
    assert {"127.0.0.1"} == {port["host_ip"] for each in services for port in each["ports"]}


def test_everything_that_it_mounts_is_there(engine: Engine) -> None:
    """Engines make a folder of what is missing, and say nothing."""
    stack = configuration(engine)
    mounts = [volume for each in stack["services"].values() for volume in each.get("volumes", ())]
    sources = [mount["source"] for mount in mounts if mount["type"] == "bind"]
    files = [secret["file"] for secret in stack["secrets"].values()]
    assert 6 < len(sources)
    assert [] == [path for path in (*sources, *files) if not Path(path).exists()]


def test_secrets_are_files(engine: Engine) -> None:
    """No service has a credential in its environment."""
    services = configuration(engine)["services"]
    assert [] == services["exporter"].get("environment", [])
    assert {"whmcs_identifier", "whmcs_secret"} == {
        secret["source"] for secret in services["exporter"]["secrets"]
    }
    words = json.dumps([each.get("environment") for each in services.values()]).upper()
    assert not any(word in words for word in ("SECRET", "PASSWORD", "TOKEN"))


@pytest.mark.parametrize(
    ("name", "like", "addresses"),
    [
        (
            "prometheus.yml",
            "deploy/prometheus/prometheus.yml",
            {"localhost:9942": "exporter:9942", "localhost:9093": "alertmanager:9093"},
        ),
        (
            "grafana-datasource.yml",
            "grafana/provisioning/datasources/prometheus.yml",
            {"127.0.0.1:9090": "prometheus:9090"},
        ),
    ],
)
def test_only_addresses_differ(name: str, like: str, addresses: dict[str, str]) -> None:
    """What is true of the examples for a host is true of these."""
    expected = json.dumps(read(like))
    for there, here in addresses.items():
        assert there in expected
        expected = expected.replace(there, here)
    assert json.loads(expected) == read("deploy", "compose", name)


def test_promtool_takes_the_configuration(tmp_path: Path) -> None:
    """It is good where the stack puts it, beside the rules."""
    shutil.copy(FOLDER / "prometheus.yml", tmp_path)
    shutil.copytree(ROOT / "deploy" / "prometheus" / "rules", tmp_path / "rules")
    command = [tool("promtool"), "check", "config", str(tmp_path / "prometheus.yml")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (0, "") == (done.returncode, done.stderr)


@pytest.fixture(name="others")
def stand_in_for_others(engine: Engine, tmp_path: Path) -> None:
    """Make images of Prometheus and Alertmanager, named as those that users pull."""
    services = configuration(engine)["services"]
    for name, program in (
        ("prometheus", "prometheus"),
        ("alertmanager", "prometheus-alertmanager"),
    ):
        shutil.copy(tool(program), tmp_path)
        dockerfile = tmp_path / f"{name}.dockerfile"
        dockerfile.write_text(STAND_IN.format(name=name, program=program), encoding="utf-8")
        tag = f"--tag={services[name]['image']}"
        engine.docker("build", f"--file={dockerfile}", "--network=host", tag, str(tmp_path))


@pytest.fixture(name="compose")
def run_stack(engine: Engine, tmp_path: Path) -> Iterator[tuple[str, ...]]:
    """Bring the stack up, as a user does; return the command."""
    override = tmp_path / "apart.yaml"
    override.write_text(APART, encoding="utf-8")
    files = (f"--file={FOLDER}/compose.yaml", f"--file={override}")
    command = ("compose", f"--project-directory={FOLDER}", *files)
    services = ("exporter", "whmcs", "prometheus", "alertmanager")
    engine.docker(*command, "up", "--detach", *services)
    yield command
    engine.docker(*command, "down", "--volumes")


@pytest.mark.usefixtures("others")
async def test_everything_is_there(engine: Engine, compose: tuple[str, ...]) -> None:
    """Prometheus has every site's numbers and the rules, Alertmanager is told, all end well."""

    async def ask(path: str, **parameters: str) -> Any:  # noqa: ANN401 - any answer
        url = f"{engine.url('whmcs-prometheus-1', 9090)}/api/v1/{path}"
        async with aiohttp.ClientSession() as session, session.get(url, params=parameters) as found:
            return (await found.json())["data"]

    async def scraped() -> None:
        rows = (await ask("query", query="whmcs_up == 1"))["result"]
        assert {row["metric"]["site"] for row in rows} == SITES

    async def evaluated() -> None:
        rules = [rule for group in (await ask("rules"))["groups"] for rule in group["rules"]]
        assert {"ok"} == {rule["health"] for rule in rules}

    async def told() -> None:
        assert 1 == len((await ask("alertmanagers"))["activeAlertmanagers"])

    await eventually(scraped, 120)
    await eventually(evaluated, 120)
    await eventually(told)
    await engine.healthy("whmcs-exporter-1")
    engine.docker(*compose, "stop", "--timeout=5", "exporter", "whmcs")
    for name in ("exporter", "whmcs"):
        assert 0 == engine.inspect("container", f"whmcs-{name}-1")["State"]["ExitCode"]

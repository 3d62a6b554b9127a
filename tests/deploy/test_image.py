"""The image: built for real by three builders, run with no more rights than it needs."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from exporter import __version__
from tests.deploy.engine import BASE, LOCKED_DOWN, REVISION, ROOT, VERSION, Engine, build
from tests.exposition_check import check, family, value
from tests.process.program import eventually
from tests.process.test_web_config import certificate, users, write
from tests.tools import tool
from tests.whmcs.authority import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 45_000_000
# After them the engine kills, and the exit code tells. It takes a fraction of one.
SECONDS_TO_STOP = 5
NOBODY = 65532
ADDRESS = "--web.listen-address"
SITE = {
    "WHMCS_URL": "http://simulator:9943/acme/",
    "WHMCS_ALLOW_HTTP": "true",
    "WHMCS_IDENTIFIER": "simulated",
    "WHMCS_SECRET": "simulated",
}
ONE_SITE = [f"--env={name}={text}" for name, text in SITE.items()]
# Names of the engine's own and of buildah's.
CONFIGURED = ("User", "Entrypoint", "Env", "ExposedPorts", "Healthcheck", "StopSignal", "Labels")


def configured(config: dict[str, Any]) -> dict[str, Any]:
    """Return what the Dockerfile says, without what a builder adds."""
    labels = {name: text for name, text in config["Labels"].items() if "opencontainers" in name}
    return {name: config[name] for name in CONFIGURED} | {"Labels": labels}


@pytest.fixture(name="network", scope="module")
def make_network(engine: Engine) -> Iterator[str]:
    """Make a network in which a simulated WHMCS runs."""
    engine.docker("network", "create", "tests")
    yield "tests"
    engine.docker("network", "rm", "tests")


@pytest.fixture(name="simulator", scope="module")
def run_simulator(engine: Engine, image: str, network: str) -> Iterator[str]:
    """Run a simulated WHMCS, from the same image; return its network once it listens.

    Who asks it before has failed, and asks again only after an interval.
    """
    options = (f"--network={network}", "--name=simulator", "--detach", *LOCKED_DOWN)
    engine.docker("run", *options, image, "simulate", "--web.listen-address=0.0.0.0:9943")

    async def listens() -> None:
        assert ":9943" in engine.code("logs", "simulator")[1]

    asyncio.run(eventually(listens))
    yield network
    engine.docker("rm", "--force", "simulator")


def test_the_classic_builder_makes_the_same(engine: Engine, image: str) -> None:
    """Without BuildKit the same configuration comes out."""
    build(engine, "classic", DOCKER_BUILDKIT="0")
    expected, actual = (
        configured(engine.inspect("image", name)["Config"]) for name in (image, "classic")
    )
    assert expected == actual


def test_buildah_makes_the_same(engine: Engine, image: str, tmp_path: Path) -> None:
    """Without any engine, too."""
    engine.docker("save", f"--output={tmp_path}/base.tar", BASE)
    store = ("--root", f"{tmp_path}/root", "--runroot", f"{tmp_path}/run")

    def buildah(*arguments: str) -> str:
        command = (tool("buildah"), *store, *arguments)
        return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout

    buildah("pull", f"docker-archive:{tmp_path}/base.tar")
    arguments = (f"--build-arg=VERSION={VERSION}", f"--build-arg=REVISION={REVISION}")
    # OCI's own format knows no health check.
    form = ("--format=docker", "--isolation=chroot", "--pull-never")
    buildah("build", *form, *arguments, "--tag=exporter", ".")
    actual = json.loads(buildah("inspect", "--type=image", "exporter"))["Docker"]["config"]
    assert configured(engine.inspect("image", image)["Config"]) == configured(actual)
    buildah("rmi", "--all")


def test_it_says_what_it_is(engine: Engine, image: str) -> None:
    """Version and revision are on its label, for whoever finds it in a registry."""
    config = engine.inspect("image", image)["Config"]
    prefix = "org.opencontainers.image"
    said = {name.removeprefix(f"{prefix}."): text for name, text in config["Labels"].items()}
    assert {"version": VERSION, "revision": REVISION} == {
        name: said[name] for name in ("version", "revision")
    }
    assert ("whmcs-exporter", "Apache-2.0") == (said["title"], said["licenses"])
    assert f"{NOBODY}:{NOBODY}" == config["User"]


def test_it_is_small(engine: Engine, image: str) -> None:
    """What it adds to its base has a limit."""
    added = engine.inspect("image", image)["Size"] - engine.inspect("image", BASE)["Size"]
    assert 0 < added <= LARGEST


def test_there_is_nothing_to_build_or_install_with(engine: Engine, image: str) -> None:
    """Neither pip nor what the build needed is left."""
    inside = (
        "import importlib.util as u, shutil;"
        "print([n for n in ('pip', 'hatchling', 'setuptools', 'wheel') if u.find_spec(n)],"
        "[n for n in ('pip', 'pip3', 'gcc', 'cc', 'make') if shutil.which(n)])"
    )
    done = engine.docker("run", "--rm", "--entrypoint=python", image, "-c", inside)
    assert "[] []\n" == done


def test_nothing_is_compiled_at_the_start(engine: Engine, image: str) -> None:
    """All that it imports is there as bytecode: where nothing can be written, each start paid."""
    command = ("run", "--rm", "--env=PYTHONVERBOSE=1", *ONE_SITE, image, "collect")
    code, said = engine.code(*command)
    assert 3 == code, said
    assert "import 'aiohttp'" in said
    assert [] == re.findall(r"code object from /.*\.py\b", said)


def test_it_reads_secrets_that_others_may_not(engine: Engine, image: str, tmp_path: Path) -> None:
    """Files of its own user are enough, and it has nothing to warn of."""
    tmp_path.chmod(0o755)
    files = {}
    for name in ("identifier", "secret"):
        path = tmp_path / name
        path.write_text("secret", encoding="utf-8")
        path.chmod(0o400)
        os.chown(path, NOBODY, NOBODY)
        files[f"WHMCS_{name.upper()}_FILE"] = f"/run/secrets/{name}"
    environment = {"WHMCS_URL": "https://billing.acme.example/", **files}
    variables = [f"--env={name}={text}" for name, text in environment.items()]
    mount = f"--volume={tmp_path}:/run/secrets:ro"
    # It needs no network, and the engine warns of one that the machine forwards nothing to.
    options = ("--rm", "--network=none", *LOCKED_DOWN, *variables, mount)
    done = engine.code("run", *options, image, "check")
    assert (0, "configuration is good, sites: 1\n") == done


def assert_no_rights(process: int) -> None:
    """Check what the kernel lets a process do."""
    rights = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    assert re.search(rf"^Uid:(\t{NOBODY}){{4}}$", rights, re.MULTILINE)
    assert re.search(r"^CapEff:\t0+$", rights, re.MULTILINE)
    assert re.search(r"^CapBnd:\t0+$", rights, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\t1$", rights, re.MULTILINE)


async def test_it_runs_with_no_rights_at_all(engine: Engine, image: str, simulator: str) -> None:
    """Read-only, as nobody, without capabilities: scraped, and gone within five seconds."""
    engine.docker(
        "run",
        "--detach",
        "--name=exporter",
        f"--network={simulator}",
        "--publish=127.0.0.1::9942",
        *LOCKED_DOWN,
        *ONE_SITE,
        image,
    )
    url = f"{engine.url('exporter', 9942)}/metrics"

    async def scraped() -> str:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            text = await response.text()
        assert 1.0 == value(text, "whmcs_up", site="simulator")
        return text

    text = await eventually(scraped)
    check(text)
    (info,) = family(text, "whmcs_exporter_build_info")
    assert {("version", __version__), ("revision", REVISION)} < info
    assert_no_rights(engine.inspect("container", "exporter")["State"]["Pid"])

    engine.docker("stop", f"--time={SECONDS_TO_STOP}", "exporter")
    assert 0 == engine.inspect("container", "exporter")["State"]["ExitCode"]
    engine.docker("rm", "exporter")


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        ((), ()),
        ((), (f"{ADDRESS}=:8080",)),
        ((), (ADDRESS, "127.0.0.1:8080")),
        (("--init",), (f"{ADDRESS}=unix:/tmp/exporter",)),
        (("--init",), ("demo", f"{ADDRESS}=127.0.0.1:9000")),
    ],
    ids=["as it is", "other port", "loopback", "unix socket behind an init", "demo behind an init"],
)
async def test_it_is_healthy(
    options: tuple[str, ...], arguments: tuple[str, ...], engine: Engine, image: str
) -> None:
    """The health check finds the exporter wherever its flags have put it."""
    fast = ("--health-interval=1s", "--tmpfs=/tmp", "--network=none")
    environment = () if "demo" in arguments else ONE_SITE
    run = ("run", "--detach", *LOCKED_DOWN, *fast, *options, *environment)
    container = engine.docker(*run, image, *arguments).strip()
    await engine.healthy(container)
    engine.docker("rm", "--force", container)


@pytest.fixture(name="web_file")
def write_web_file(tmp_path: Path) -> Path:
    """Write a web configuration with TLS and a user, which the container's user may read."""
    write(tmp_path, certificate(Authority(tmp_path)), users(alice="secret"))
    for path in (tmp_path, *tmp_path.iterdir()):
        path.chmod(0o755)
    return tmp_path / "web.yml"


async def test_it_is_healthy_behind_tls_and_users(
    engine: Engine, image: str, web_file: Path
) -> None:
    """Protected pages take nothing from the health check."""
    fast = ("--health-interval=1s", f"--volume={web_file.parent}:{web_file.parent}:ro")
    run = ("run", "--detach", *LOCKED_DOWN, *fast, *ONE_SITE)
    container = engine.docker(*run, image, f"--web.config.file={web_file}").strip()
    await engine.healthy(container)
    engine.docker("rm", "--force", container)


async def test_it_is_unhealthy_when_it_hangs(engine: Engine, image: str) -> None:
    """A stopped process does not pass for a healthy one."""
    fast = ("--health-interval=1s", "--health-retries=1", "--health-timeout=5s")
    run = ("run", "--detach", *LOCKED_DOWN, *fast, *ONE_SITE)
    container = engine.docker(*run, image).strip()
    await engine.healthy(container)
    engine.docker("kill", "--signal=STOP", container)

    async def look() -> None:
        assert "unhealthy" == engine.inspect("container", container)["State"]["Health"]["Status"]

    await eventually(look, 60)
    engine.docker("rm", "--force", container)

"""A Docker engine for the tests alone: what is in it meets nothing else, and ends with it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.process.program import eventually, launched
from tests.tools import tool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
BASE = "python:3.13-slim"
IMAGE = "whmcs-exporter:local"
VERSION, REVISION = "1.2.3", "0123abc"
# Nothing in the kernel's tables changes: without them there is no way out of containers, but builds
# use the machine's own network, and published ports are served by the engine itself.
_APART = ("--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false")
_TAR = ROOT / "build" / "base-image.tar"
_PATH = "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
# A build fetches and compiles; what takes longer than this hangs.
_LONGEST_SECONDS = 300
LOCKED_DOWN = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")


class Engine:
    """A running engine and its client."""

    def __init__(self, folder: Path) -> None:
        """Talk to the engine whose socket is in ``folder``; Compose is the client's plug-in."""
        plugins = folder / "client" / "cli-plugins"
        plugins.mkdir(parents=True)
        (plugins / "docker-compose").symlink_to(tool("docker-compose"))
        self.environment = {
            **os.environ,
            "DOCKER_HOST": f"unix://{folder}/docker.sock",
            "DOCKER_CONFIG": str(folder / "client"),
            "DOCKER_BUILDKIT": "1",
        }

    def docker(self, *arguments: str, **environment: str) -> str:
        """Run the client to its end; return what it printed."""
        command = (tool("docker"), *arguments)
        done = self._run(command, environment)
        assert 0 == done.returncode, done.stdout + done.stderr
        return done.stdout

    def code(self, *arguments: str) -> tuple[int, str]:
        """Run the client to its end; return its exit code and all that it printed."""
        done = self._run((tool("docker"), *arguments), {})
        return done.returncode, done.stdout + done.stderr

    def inspect(self, kind: str, name: str) -> dict[str, Any]:
        """Return what the engine knows of an image, a container, a network."""
        (found,) = json.loads(self.docker("inspect", f"--type={kind}", name))
        result: dict[str, Any] = found
        return result

    async def healthy(self, container: str) -> None:
        """Wait until a container's own health check has found it healthy."""

        async def look() -> None:
            assert "healthy" == self.inspect("container", container)["State"]["Health"]["Status"]

        await eventually(look, 60)

    def url(self, container: str, port: int) -> str:
        """Return where a published port is."""
        address = self.docker("port", container, str(port)).split()[0]
        return f"http://{address}"

    def _run(
        self, command: tuple[str, ...], environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=ROOT,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=_LONGEST_SECONDS,
        )


def build(engine: Engine, tag: str, **environment: str) -> None:
    """Build the image as a user does, but on the machine's network."""
    arguments = (f"--build-arg=VERSION={VERSION}", f"--build-arg=REVISION={REVISION}")
    engine.docker("build", "--network=host", *arguments, f"--tag={tag}", ".", **environment)


@contextmanager
def running_engine() -> Iterator[Engine]:
    """Start an engine that has the image's base; end it, and whatever runs in it."""
    with tempfile.TemporaryDirectory(prefix="engine-") as name, launched(Path(name)) as launcher:
        folder = Path(name)
        engine = Engine(folder)
        daemon = launcher.start(
            # What it mounts is nobody else's, and gone when it is.
            *("unshare", "--mount"),
            tool("dockerd"),
            f"--data-root={folder}/data",
            f"--exec-root={folder}/exec",
            f"--pidfile={folder}/pid",
            f"--host=unix://{folder}/docker.sock",
            *_APART,
        )
        asyncio.run(daemon.said("API listen on"))
        engine.docker("import", f"--change=ENV {_PATH}", str(_TAR), BASE)
        yield engine
        containers = engine.docker("ps", "--all", "--quiet").split()
        if containers:
            engine.docker("rm", "--force", "--volumes", *containers)
        # The engine alone: it ends what it has started, and waits for it.
        os.kill(daemon.pid, signal.SIGTERM)
        asyncio.run(daemon.ended(60))

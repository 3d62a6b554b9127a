"""A systemd of its own for a test, and what its unit files say."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.process.program import eventually
from tests.tools import tool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tests.process.program import Launcher, Program

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "deploy" / "systemd"
BOOT = Path(__file__).with_name("boot")
# What every unit rests on; empty, so that nothing but the tested units runs.
_TARGETS = ("sysinit", "basic", "network-online", "shutdown", "timers", "test")
_TARGET = "[Unit]\nDefaultDependencies=no\n"
_SIMULATOR = """\
[Service]
ExecStart=/opt/whmcs-exporter/bin/whmcs-exporter simulate --sites=acme
"""
# In the place that the units name: a venv can't be moved there.
_PROGRAM = """\
#!/bin/sh
export LD_LIBRARY_PATH=/opt/python/lib PYTHONPATH=/opt/repository:/opt/packages
exec /opt/python/bin/python3 -m exporter "$@"
"""
# There is no journal in it.
_LOG = "[Service]\nStandardOutput=append:/run/%n.log\nStandardError=inherit\n"
_NAMESPACES = ("--mount", "--pid", "--net", "--ipc", "--uts")


def allowed() -> bool:
    """Tell whether this process may make the namespaces and mounts that a systemd needs."""
    command = (tool("unshare"), *_NAMESPACES, "--fork", "mount", "-t", "tmpfs", "none", "/run")
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@asynccontextmanager
async def control_groups() -> AsyncIterator[str]:
    """Hand out a name for control groups; they are removed once all processes in them are over."""
    name = f"test-{uuid4()}"
    yield name

    async def look() -> None:
        _remove_control_groups(name)

    await eventually(look)


def _remove_control_groups(name: str) -> None:
    top = Path("/sys/fs/cgroup")
    for group in (top / name, *top.glob(f"*/{name}")):
        for folder, _, _ in os.walk(group, topdown=False):
            try:
                Path(folder).rmdir()
            except OSError as error:
                raise AssertionError(f"{folder} is in use") from error


class Systemd:
    """A running systemd; the units of ``deploy/systemd`` are there, and a simulated WHMCS."""

    def __init__(self, program: Program) -> None:
        """Take the program whose child is systemd."""
        self._children = Path(f"/proc/{program.pid}/task/{program.pid}/children")
        self._program = program

    @classmethod
    async def boot(
        cls, launcher: Launcher, group: str, folder: Path, files: Mapping[str, str]
    ) -> Systemd:
        """Boot in an empty folder; ``files`` are more of its etc/ and units/, by their paths."""
        _lay_out(folder, files)
        program = launcher.start(
            *(tool("unshare"), *_NAMESPACES, "--fork", "--kill-child", "--mount-proc"),
            *(str(BOOT), str(folder), group),
            *(sys.base_prefix, sysconfig.get_path("purelib"), str(ROOT)),
        )
        systemd = cls(program)
        await eventually(systemd._runs)
        return systemd

    async def _runs(self) -> None:
        assert self._children.read_text(), self._program.stderr
        state = await self.run("systemctl", "is-system-running")
        assert state.stdout.strip() in {"running", "degraded"}, state

    async def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command beside it, in its namespaces."""
        pid = self._children.read_text().split()[0]
        inside = (tool("nsenter"), f"--target={pid}", *_NAMESPACES, "--", *command)
        return await asyncio.to_thread(
            subprocess.run, inside, capture_output=True, text=True, check=False
        )

    async def systemctl(self, *arguments: str) -> None:
        """Tell systemd to do something; it is done when this returns."""
        done = await self.run("systemctl", *arguments)
        assert 0 == done.returncode, done.stderr + await self.log(arguments[-1])

    async def log(self, unit: str) -> str:
        """Return what a unit's service has logged."""
        return (await self.run("cat", f"/run/{unit}.service.log")).stdout

    async def shows(self, unit: str, name: str) -> str:
        """Return a property of a unit."""
        shown = await self.run("systemctl", "show", f"--property={name}", "--value", unit)
        return shown.stdout.strip()

    async def main_process(self, unit: str) -> dict[str, str]:
        """Return what /proc/PID/status says of a service's main process."""
        pid = await self.shows(unit, "MainPID")
        status = (await self.run("cat", f"/proc/{pid}/status")).stdout
        return dict(re.findall(r"^(\w+):\t(.*)$", status, re.MULTILINE))

    async def get(self, address: str) -> str:
        """Return a page from its network."""
        command = (tool("curl"), "--silent", "--show-error", "--fail", f"http://{address}")
        done = await self.run(*command)
        assert 0 == done.returncode, done.stderr
        return done.stdout


def _lay_out(folder: Path, files: Mapping[str, str]) -> None:
    shutil.copytree(UNITS, folder / "units", ignore=shutil.ignore_patterns("*.md", "*.yml"))
    texts = {
        **{f"units/{name}.target": _TARGET for name in _TARGETS},
        "units/service.d/log.conf": _LOG,
        "units/simulator.service": _SIMULATOR,
        "bin/whmcs-exporter": _PROGRAM,
        **files,
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755 if path.parent.name == "bin" else 0o644)

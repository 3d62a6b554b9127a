"""Signals during the start and during a reload, and a machine without threads to spare."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.exposition_check import value
from tests.process.page import base, get, metrics, ready
from tests.process.program import ANYWHERE, Launcher, Program, eventually
from tests.process.test_reload import LIFECYCLE, SUCCESSFUL, hang_up, post
from tests.service_manager import ServiceManager, listening
from tests.web.rules import hashed
from tests.web.test_users import basic

if TYPE_CHECKING:
    from collections.abc import Iterator

# Their configuration takes minutes to read, far longer than the end of a process may take.
MANY = 40_000
LIMIT = 20.0
SITE = (
    "- {{name: s{}, url: 'http://127.0.0.1:1', identifier: a, secret: b, interval: 1h, "
    "sources: [ticket_counts]}}\n"
)
STOP = [signal.SIGTERM, signal.SIGINT]


@pytest.fixture(name="slow_file")
def write_slow_file(tmp_path: Path) -> str:
    """Write a configuration that takes long to read."""
    path = tmp_path / "slow.yml"
    path.write_text("sites:\n" + "".join(map(SITE.format, range(MANY))), "utf-8")
    return str(path)


@pytest.fixture(name="manager")
def listen_as_manager(tmp_path: Path) -> Iterator[ServiceManager]:
    """Listen as a service manager."""
    with listening(str(tmp_path / "notify")) as manager:
        yield manager


def _cpu_seconds(program: Program) -> float:
    fields = Path(f"/proc/{program.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return int(fields[11]) / os.sysconf("SC_CLK_TCK")


async def _handles_stop(program: Program) -> None:
    """Wait until SIGTERM has a handler, while SIGHUP still waits for the end of the start.

    That SIGTERM is caught says nothing: coverage does so before the program's first line.
    """

    async def look() -> None:
        blocked = _blocked(program)
        assert blocked >> (signal.SIGHUP - 1) & 1
        assert not blocked >> (signal.SIGTERM - 1) & 1

    await eventually(look)


def _blocked(program: Program) -> int:
    status = Path(f"/proc/{program.pid}/status").read_text("utf-8")
    (mask,) = re.findall(r"^SigBlk:\s+([0-9a-f]+)$", status, re.MULTILINE)
    return int(mask, 16)


async def test_sighup_during_the_imports_reloads_after_the_start(
    launcher: Launcher, config_file: str
) -> None:
    """It neither ends the process nor is forgotten, however many come."""
    program = await _importing(launcher, config_file)
    hang_up(program)
    hang_up(program)
    await program.said("configuration reloaded")
    program.interrupt()
    assert 0 == await program.ended()


async def _importing(launcher: Launcher, config_file: str) -> Program:
    """Start an exporter and wait until it has imported the first of its modules."""
    python = (sys.executable, "-X", "importtime", "-m", "exporter")
    program = launcher.start(*python, f"--config.file={config_file}", ANYWHERE)
    await program.said(r"\| +exporter\.commands\n")
    return program


async def test_sighup_while_the_configuration_is_read_reloads_after_the_start(
    launcher: Launcher, tmp_path: Path
) -> None:
    """So many sites take seconds to read, and the signal comes meanwhile."""
    path = tmp_path / "config.yml"
    path.write_text("sites:\n" + "".join(map(SITE.format, range(1000))), "utf-8")
    program = launcher.exporter(f"--config.file={path}", ANYWHERE)
    await _handles_stop(program)
    hang_up(program)
    assert "listening" not in program.stderr
    await program.said("configuration reloaded")
    program.interrupt()
    assert 0 == await program.ended()


@pytest.mark.parametrize("number", STOP)
async def test_stop_during_the_imports_is_0(
    number: int, launcher: Launcher, config_file: str
) -> None:
    """From the first line of the program on the exit code is that of a stop."""
    program = await _importing(launcher, config_file)
    program.interrupt(number)
    assert 0 == await program.ended()
    assert "Traceback" not in program.stderr


@pytest.mark.parametrize("number", STOP)
async def test_stop_while_the_configuration_is_read(
    number: int, launcher: Launcher, slow_file: str
) -> None:
    """The process does not wait for the rest of it."""
    program = launcher.exporter(f"--config.file={slow_file}", ANYWHERE)
    await _handles_stop(program)
    program.interrupt(number)
    assert 0 == await program.ended(LIMIT)
    assert "msg=stopping" in program.stderr
    assert "listening" not in program.stderr
    assert "Traceback" not in program.stderr


async def test_stop_during_a_reload(
    launcher: Launcher, config_file: str, slow_file: str, tmp_path: Path, manager: ServiceManager
) -> None:
    """The process does not wait for the new configuration, and serves while it is read."""
    environment = {"NOTIFY_SOCKET": manager.address}
    program = launcher.exporter(f"--config.file={config_file}", ANYWHERE, environment=environment)
    url = await ready(program)
    os.replace(slow_file, tmp_path / "config.yml")  # noqa: PTH105 - pathlib blocks no less
    hang_up(program)

    async def reloading() -> None:
        assert any("RELOADING" in message for message in manager.messages)

    await eventually(reloading)
    assert 200 == (await get(f"{url}/-/healthy")).status
    program.interrupt()
    assert 0 == await program.ended(LIMIT)
    assert "reloaded" not in program.stderr
    assert "Traceback" not in program.stderr


async def test_signals_after_the_stop_change_nothing(launcher: Launcher, config_file: str) -> None:
    """A service manager may send several; the exit code stays that of a stop."""
    program = launcher.exporter(f"--config.file={config_file}", ANYWHERE)
    await ready(program)
    program.interrupt()
    ended = asyncio.ensure_future(program.ended(LIMIT))
    while not ended.done():
        for number in (signal.SIGHUP, *STOP):
            os.kill(program.pid, number)
        # More signals than asyncio can buffer would cause warnings.
        await asyncio.sleep(0.005)
    assert 0 == await ended
    assert "Traceback" not in program.stderr


@pytest.mark.parametrize("arguments", [["check"], ["serve", "--config.check"]])
async def test_check_is_interrupted(
    arguments: list[str], launcher: Launcher, slow_file: str
) -> None:
    """Commands that do not serve keep the default actions of signals."""
    program = launcher.exporter(*arguments, f"--config.file={slow_file}")

    async def reads() -> None:
        # The start takes less.
        assert _cpu_seconds(program) > 1

    await eventually(reads)
    program.interrupt(signal.SIGHUP)
    assert -signal.SIGHUP == await program.ended(LIMIT)


NO_THREADS = """\
import os, threading
start = threading.Thread.start
def refuse(thread):
    if os.path.exists(os.environ["NO_THREADS"]):
        raise RuntimeError("can't start new thread")
    start(thread)
threading.Thread.start = refuse
"""


@pytest.fixture(name="crowded")
def make_crowded(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Return a file, while which exists no thread can be started, and what a program needs."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(NO_THREADS, "utf-8")
    path = os.pathsep.join([str(folder), str(Path(__file__).parents[2])])
    switch = tmp_path / "no-threads"
    return switch, {"PYTHONPATH": path, "NO_THREADS": str(switch)}


async def test_reload_without_a_thread_fails_and_says_so(
    launcher: Launcher, config_file: str, crowded: tuple[Path, dict[str, str]]
) -> None:
    """The process continues; with a thread again the reload succeeds."""
    switch, environment = crowded
    program = launcher.exporter(
        f"--config.file={config_file}", ANYWHERE, LIFECYCLE, environment=environment
    )
    url = await ready(program)
    switch.touch()
    status, text = await post(url)
    assert (500, True) == (status, "no thread can be started" in text)
    await program.said("configuration not reloaded")
    await eventually(partial(_reloaded, url, 0))
    switch.unlink()
    assert (200, "reloaded\n") == await post(url)
    await eventually(partial(_reloaded, url, 1))


async def _reloaded(url: str, successful: int) -> None:
    assert successful == value(await metrics(url), SUCCESSFUL)


async def test_start_and_stop_without_a_thread(
    launcher: Launcher, config_file: str, crowded: tuple[Path, dict[str, str]]
) -> None:
    """Everything is served, and the stop is a stop."""
    switch, environment = crowded
    switch.touch()
    program = launcher.exporter(f"--config.file={config_file}", ANYWHERE, environment=environment)
    url = await base(program)
    for path in ("/metrics", "/", "/api/v1/sites", "/probe?target=acme", "/-/healthy"):
        assert 200 == (await get(f"{url}{path}")).status
    program.interrupt()
    assert 0 == await program.ended(LIMIT)
    assert "bug" not in program.stderr
    assert "Traceback" not in program.stderr


async def test_users_without_a_thread_are_asked_to_retry(
    launcher: Launcher, config_file: str, crowded: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    """A password is neither accepted nor rejected; the process continues, and stops when told."""
    switch, environment = crowded
    web = tmp_path / "web.yml"
    web.write_text(f"basic_auth_users: {{alice: '{hashed('secret').decode()}'}}", "utf-8")
    flags = (f"--config.file={config_file}", f"--web.config.file={web}", ANYWHERE)
    program = launcher.exporter(*flags, environment=environment)
    url = await base(program)
    switch.touch()
    await program.said("web configuration not read again")
    headers = {"Authorization": basic("alice", "secret")}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.get(f"{url}/metrics") as response:
            assert (503, "5") == (response.status, response.headers["Retry-After"])
        switch.unlink()
        async with session.get(f"{url}/metrics") as response:
            assert 200 == response.status
    program.interrupt()
    assert 0 == await program.ended(LIMIT)
    assert "Traceback" not in program.stderr

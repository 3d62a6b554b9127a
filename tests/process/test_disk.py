"""A textfile is whole or the old one, whatever happens while it is written."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from tests.exposition_check import value
from tests.process import configuration
from tests.process.program import EXPORTER, Launcher
from tests.process.truth import differences, expected, shown
from tests.tools import lacking, tool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exporter.simulator.server import Simulator
    from exporter.simulator.site import Site

OLD = "whmcs_tickets 1\n"
# Far more than fits on the small disk, and enough to write for a while.
STATUSES = 1_000
ATTEMPTS = 50
# Whoever is to be killed while it writes shall write no faster than it is looked at.
_SLOWLY = ("nice", "-n", "5")
_PAUSE = 0.001


@pytest.fixture
def large(simulator: Simulator, site: Site, tmp_path: Path) -> str:
    """Configure a site whose exposition is some megabytes."""
    for number in range(STATUSES):
        site.desk.add_status(f"{number:0250}")
    large = configuration.site(
        simulator.url("acme"),
        limits={"statuses": 5_000, "response_bytes": "16MiB"},
        **configuration.UNHURRIED,
    )
    return configuration.write(tmp_path / "large.yml", large)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Make a textfile with an old text, alone in its folder."""
    folder = tmp_path / "textfiles"
    folder.mkdir()
    path = folder / "whmcs.prom"
    path.write_text(OLD, encoding="utf-8")
    return path


class Collector(threading.Thread):
    """Reads a file over and over, as node_exporter does, and keeps each text that it found."""

    def __init__(self, path: Path) -> None:
        """Read ``path`` from ``start`` to ``stop``."""
        super().__init__()
        self.texts: set[str] = set()
        self._path = path
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Read."""
        while not self._stop_asked.wait(_PAUSE):
            self.texts.add(_text(self._path))

    def stop(self) -> None:
        """End."""
        self._stop_asked.set()
        self.join()


@pytest.fixture
def collector(path: Path) -> Iterator[Collector]:
    """Read the textfile while the test runs."""
    collector = Collector(path)
    collector.start()
    yield collector
    collector.stop()


@pytest.mark.slow
async def test_killed_while_it_writes(
    launcher: Launcher, site: Site, large: str, path: Path, collector: Collector
) -> None:
    """Readers find the old text or a whole new one; what is left is no file of the collector."""
    attempts = 0
    while not (left := _left_over(path)):
        assert attempts < ATTEMPTS, "it was never killed before the end"
        await _kill_while_writing(launcher, large, path)
        attempts += 1
    assert [] == [each for each in left if each.suffix == ".prom"]
    program = launcher.exporter("collect", f"--config.file={large}", f"--output={path}")
    assert 0 == await program.ended()
    assert left == _left_over(path)
    collector.stop()
    for text in {*collector.texts, _text(path)} - {OLD}:
        assert [] == differences(expected("acme", site.desk.state()), shown(text))
        assert value(text, "whmcs_exporter_sites")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _left_over(path: Path) -> list[Path]:
    return sorted(each for each in path.parent.iterdir() if each != path)


async def _kill_while_writing(launcher: Launcher, large: str, path: Path) -> None:
    """Start to collect, and kill it as soon as it has begun to write."""
    command = ("collect", f"--config.file={large}", f"--output={path}")
    program = launcher.start(*_SLOWLY, *EXPORTER, *command)
    ended = asyncio.ensure_future(program.ended())
    while not (_left_over(path) or ended.done()):  # noqa: ASYNC110 - nobody would tell
        await asyncio.sleep(0)
    program.kill()
    await ended


@pytest.fixture
def small_disk(path: Path) -> Iterator[None]:
    """Put the textfile's folder on a disk that has room for the old text and little more."""
    mount = ("mount", "-t", "tmpfs", "-o", "size=64k", "none", str(path.parent))
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        lacking("mounting is not allowed here")
    try:
        path.write_text(OLD, encoding="utf-8")
        yield
    finally:
        subprocess.run((tool("umount"), str(path.parent)), check=True)


@pytest.mark.usefixtures("small_disk")
async def test_full_disk(launcher: Launcher, large: str, path: Path) -> None:
    """The old file stays, alone; the error names it and the reason, and the exit code is 1."""
    program = launcher.exporter("collect", f"--config.file={large}", f"--output={path}")
    assert 1 == await program.ended()
    assert f"cannot write {path}: No space left on device" in program.stderr
    assert "Traceback" not in program.stderr
    assert (OLD, []) == (_text(path), _left_over(path))


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("exec >/dev/full", "No space left on device"),
        ("exec >&-", "standard output is closed"),
        ("exec > >(true); wait $!", "Broken pipe"),
    ],
)
async def test_standard_output_that_takes_nothing_is_1(
    output: str, reason: str, launcher: Launcher, config_file: str
) -> None:
    """What nobody can have read is no success, and no bug."""
    command = ("bash", "-c", f'{output}; exec "$@"', "bash", *EXPORTER)
    program = launcher.start(
        *command, "collect", f"--config.file={config_file}", environment={"PYTHONUNBUFFERED": ""}
    )
    assert 1 == await program.ended()
    assert reason in program.stderr
    assert "Traceback" not in program.stderr
    assert "Exception ignored" not in program.stderr

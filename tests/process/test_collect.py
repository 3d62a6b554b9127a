"""``collect``: one poll of everything, on standard output or as a textfile for node_exporter."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from tests.exposition_check import check, family, value
from tests.process import configuration
from tests.process.program import EXPORTER, Launcher, Program
from tests.process.truth import expected, shown
from tests.tools import tool

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from exporter.simulator.server import Simulator
    from exporter.simulator.site import Site

OLD = "whmcs_tickets 1\n"
# Anything that a program writes beyond 1 KiB of a file is refused, as on a full disk.
NO_SPACE = ("sh", "-c", 'ulimit -f 1; exec "$@"', "sh")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make the textfile collector's folder, with an old file in it."""
    folder = tmp_path / "textfiles"
    folder.mkdir()
    (folder / "whmcs.prom").write_text(OLD, encoding="utf-8")
    return folder


@pytest.fixture
def read_only_folder(folder: Path) -> Path:
    """Make a folder in which no file can be made."""
    folder.chmod(0o555)
    return folder


def _files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_exposition_on_standard_output(
    launcher: Launcher, site: Site, config_file: str
) -> None:
    """What is printed is a whole exposition of what WHMCS holds; the log stays apart."""
    program = launcher.exporter("collect", f"--config.file={config_file}")
    assert 0 == await program.ended()
    check(program.stdout)
    assert expected("acme", site.desk.state()) == shown(program.stdout)
    assert "msg=" not in program.stdout


async def test_textfile(launcher: Launcher, site: Site, config_file: str, folder: Path) -> None:
    """The file is whole, readable by node_exporter's user, and alone in its folder."""
    path = folder / "whmcs.prom"
    program = launcher.exporter("collect", f"--config.file={config_file}", f"--output={path}")
    assert (0, "") == (await program.ended(), program.stdout)
    text = path.read_text(encoding="utf-8")
    check(text)
    assert expected("acme", site.desk.state()) == shown(text)
    assert 0o644 == stat.S_IMODE(path.stat().st_mode)
    assert [path] == _files(folder)


async def test_textfile_has_nothing_that_clashes(launcher: Launcher, config_file: str) -> None:
    """node_exporter has families of these names itself, and would refuse the file."""
    program = launcher.exporter("collect", f"--config.file={config_file}")
    assert 0 == await program.ended()
    names = {line.split()[2] for line in program.stdout.splitlines() if line.startswith("# TYPE")}
    assert names == {name for name in names if name.startswith("whmcs_")}
    assert "whmcs_exporter_build_info" in names


async def test_failed_site_is_3(
    launcher: Launcher, simulator: Simulator, site: Site, tmp_path: Path
) -> None:
    """A site that failed is in the exposition with ``whmcs_up`` 0 and without a ticket."""
    simulator.fault("globex", "api-error")
    sites = [
        configuration.site(simulator.url(name), name=name, **configuration.UNHURRIED)
        for name in ("acme", "globex")
    ]
    config_file = configuration.write(tmp_path / "two.yml", *sites)
    program = launcher.exporter("collect", f"--config.file={config_file}")
    assert 3 == await program.ended()
    check(program.stdout)
    assert expected("acme", site.desk.state()) == shown(program.stdout)
    ups = {frozenset({("site", "acme")}): 1.0, frozenset({("site", "globex")}): 0.0}
    assert ups == family(program.stdout, "whmcs_up")


async def test_failed_site_is_3_also_in_a_file(
    launcher: Launcher, simulator: Simulator, config_file: str, folder: Path
) -> None:
    """The file is written all the same: that WHMCS is down is news."""
    simulator.fault("acme", "api-error")
    path = folder / "whmcs.prom"
    program = launcher.exporter("collect", f"--config.file={config_file}", f"--output={path}")
    assert 3 == await program.ended()
    assert 0.0 == value(path.read_text(encoding="utf-8"), "whmcs_up", site="acme")


async def test_full_disk_leaves_the_old_file(
    launcher: Launcher, config_file: str, folder: Path
) -> None:
    """What cannot be written whole is not written at all, and nothing is left lying about."""
    await _fails(launcher, (*NO_SPACE, *EXPORTER), config_file, folder, "File too large")


async def test_read_only_folder_leaves_the_old_file(
    launcher: Launcher, config_file: str, read_only_folder: Path
) -> None:
    """A folder in which nothing may be written is named; root is held to it as well."""
    held = () if os.geteuid() else (tool("setpriv"), "--bounding-set=-dac_override")
    await _fails(launcher, (*held, *EXPORTER), config_file, read_only_folder, "Permission denied")


async def _fails(
    launcher: Launcher, command: Sequence[str], config_file: str, folder: Path, reason: str
) -> None:
    path = folder / "whmcs.prom"
    program = launcher.start(
        *command, "collect", f"--config.file={config_file}", f"--output={path}"
    )
    assert 1 == await program.ended()
    _assert_one_error(program, f"cannot write {path}: {reason}")
    assert OLD == path.read_text(encoding="utf-8")
    assert [path] == _files(folder)


async def test_missing_folder_is_1(launcher: Launcher, config_file: str, tmp_path: Path) -> None:
    """A folder that is not there is not made."""
    path = tmp_path / "missing" / "whmcs.prom"
    program = launcher.exporter("collect", f"--config.file={config_file}", f"--output={path}")
    assert 1 == await program.ended()
    _assert_one_error(program, f"cannot write {path}: No such file or directory")


@pytest.mark.parametrize("kind", ["folder", "pipe"])
async def test_output_that_is_no_file_is_1(
    kind: str, launcher: Launcher, config_file: str, tmp_path: Path
) -> None:
    """Only a file is replaced: root could replace even a device such as /dev/stdout."""
    path = tmp_path / "whmcs.prom"
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    before = path.stat()
    program = launcher.exporter("collect", f"--config.file={config_file}", f"--output={path}")
    assert 1 == await program.ended()
    _assert_one_error(program, f"cannot write {path}: not a regular file")
    assert before.st_ino == path.stat().st_ino


def _assert_one_error(program: Program, reason: str) -> None:
    (line,) = (line for line in program.stderr.splitlines() if "level=error" in line)
    assert reason in line
    assert "Traceback" not in program.stderr

"""The wheel: what users install is whole, and says what it is."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

from exporter import __version__

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel built from the repository as it is."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        "wheel",
        "--directory",
        str(folder),
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_wheel_holds_every_module_and_no_test(wheel: Path) -> None:
    """Modules, the landing page's files, and besides those only what describes it."""
    names = set(zipfile.ZipFile(wheel).namelist())
    page = ROOT.glob("exporter/web/landing/*.*")
    modules = {str(path.relative_to(ROOT)) for path in (*ROOT.glob("exporter/**/*.py"), *page)}
    assert modules == {name for name in names if ".dist-info/" not in name}


def test_wheel_says_what_it_is(wheel: Path) -> None:
    """Version, licence and dependencies are in its metadata."""
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
    metadata = HeaderParser().parsestr(archive.read(name).decode())
    assert ("whmcs-exporter", __version__) == (metadata["Name"], metadata["Version"])
    assert "Apache-2.0" == metadata["License-Expression"]
    runtime = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert 6 == len(runtime)


def test_installed_wheel_runs(wheel: Path, tmp_path: Path) -> None:
    """Unpacked elsewhere it works as a program, without the repository."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "exporter", "--version"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"whmcs-exporter {__version__}\n" == done.stdout

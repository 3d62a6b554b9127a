"""Wheel and sdist, built as a release builds them, and installed as users do."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tarfile
import venv
from typing import TYPE_CHECKING

import pytest

from exporter import __version__
from tests.docs.sample import README

if TYPE_CHECKING:
    from pathlib import Path

ROOT = README.parent
NAME = f"whmcs_exporter-{__version__}"


def build(source: Path, folder: Path) -> None:
    """Build wheel and sdist of a source tree, as `make dist` does."""
    command = (sys.executable, "-m", "hatchling", "build", "--directory", str(folder))
    subprocess.run(command, cwd=source, check=True, capture_output=True)


@pytest.fixture(scope="module", name="dist")
def make_dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what a release publishes."""
    folder = tmp_path_factory.mktemp("dist")
    build(ROOT, folder)
    return folder


def test_the_version_is_in_one_place(dist: Path) -> None:
    """Both bear the version of the code, and nothing else is built."""
    names = {path.name for path in dist.iterdir()}
    assert {f"{NAME}-py3-none-any.whl", f"{NAME}.tar.gz"} == names


def test_the_sdist_makes_the_same_wheel(dist: Path, tmp_path: Path) -> None:
    """Who builds from source gets what is published, to the byte."""
    with tarfile.open(dist / f"{NAME}.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    build(tmp_path / NAME, tmp_path / "dist")
    wheel = f"{NAME}-py3-none-any.whl"
    assert (dist / wheel).read_bytes() == (tmp_path / "dist" / wheel).read_bytes()


@pytest.mark.slow
def test_the_wheel_runs_in_a_fresh_environment(dist: Path, tmp_path: Path) -> None:
    """The command is there and says its version; dependencies are the locked ones of this one."""
    venv.create(tmp_path / "fresh", with_pip=True)
    programs = tmp_path / "fresh" / "bin"
    (wheel,) = dist.glob("*.whl")
    install = (programs / "pip", "install", "--quiet", "--no-index", "--no-deps", wheel)
    subprocess.run(install, check=True)
    done = subprocess.run(
        [programs / "whmcs-exporter", "--version"],
        check=True,
        cwd=tmp_path,
        env={"PYTHONPATH": sysconfig.get_path("purelib")},
        capture_output=True,
        text=True,
    )
    assert f"whmcs-exporter {__version__}\n" == done.stdout

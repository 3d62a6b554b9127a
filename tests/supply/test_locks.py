"""The lock files hold exactly what the project asks for, and nothing can take its place."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.supply.locks import FOLDER, NAMES, ROOT, entries

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME: list[str] = PROJECT["project"]["dependencies"]
DEV: list[str] = PROJECT["project"]["optional-dependencies"]["dev"]
BUILD = (FOLDER / "build.in").read_text(encoding="utf-8")
BUILD_INPUT = [line for line in BUILD.splitlines() if not line.startswith("#")]
# Whose entry says that it was asked for by whom.
INPUTS = {
    "build.txt": ("-r requirements/build.in", BUILD_INPUT),
    "runtime.txt": ("whmcs-exporter (pyproject.toml)", RUNTIME),
    "dev.txt": ("whmcs-exporter (pyproject.toml)", RUNTIME + DEV),
}


@pytest.mark.parametrize("name", NAMES)
def test_lock_is_what_was_asked_for(name: str) -> None:
    """What `make lock` would lock is locked: after a change of a dependency it must be run."""
    asker, wanted = INPUTS[name]
    locked = entries(name)
    asked = {each.name for each in locked.values() if asker in each.asked_by}
    assert {canonicalize_name(Requirement(line).name) for line in wanted} == asked
    for requirement in map(Requirement, wanted):
        version = locked[canonicalize_name(requirement.name)].version
        assert requirement.specifier.contains(version, prereleases=True), requirement


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_has_its_hashes(name: str) -> None:
    """One version each, and the hash of at least one file."""
    for entry in entries(name).values():
        assert entry.version
        assert entry.hashes, entry.name
        assert not entry.requirement.url


@pytest.mark.parametrize("name", NAMES)
def test_lock_names_no_place(name: str) -> None:
    """Where packages come from is the installer's choice: no option, no address."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert [] == re.findall(r"^-.*|.*://.*|.* @ .*", text, re.MULTILINE)


def test_tests_run_against_what_is_shipped() -> None:
    """What is locked for development is the same, version by version and file by file."""
    dev, runtime = entries("dev.txt"), entries("runtime.txt")
    assert runtime.keys() <= dev.keys()
    for name, entry in (entries("build.txt") | runtime).items():
        twin = dev.get(name, entry)
        assert (entry.version, entry.hashes) == (twin.version, twin.hashes)


def test_build_backend_is_locked() -> None:
    """What pyproject.toml wants for building is what build.in asks for."""
    assert set(PROJECT["build-system"]["requires"]) <= set(BUILD_INPUT)

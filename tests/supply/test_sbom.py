"""The bill of materials: valid, whole, and the same when made again."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from exporter import __version__
from tests.supply.locks import FOLDER, entries

if TYPE_CHECKING:
    from pathlib import Path

EPOCH = {"SOURCE_DATE_EPOCH": "1764000000"}


def made(path: Path) -> str:
    """Run the program as `make sbom` does, and return what it has written."""
    subprocess.run([sys.executable, FOLDER / "sbom.py", path], check=True, env=EPOCH)
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the bill."""
    return made(tmp_path_factory.mktemp("sbom") / "sbom.json")


@pytest.fixture(scope="module")
def bill(text: str) -> dict[str, Any]:
    """Return the bill as a document."""
    document: dict[str, Any] = json.loads(text)
    return document


def test_schema(text: str) -> None:
    """It is CycloneDX 1.6, by CycloneDX's own schema."""
    assert None is JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)


def test_what_it_is_about(bill: dict[str, Any]) -> None:
    """It is this version's, and says when and under which licence."""
    about = bill["metadata"]["component"]
    assert ("whmcs-exporter", __version__) == (about["name"], about["version"])
    assert [{"license": {"id": "Apache-2.0"}}] == [
        {"license": {"id": each["license"]["id"]}} for each in about["licenses"]
    ]
    assert "2025-11-24T16:00:00+00:00" == bill["metadata"]["timestamp"]


def test_components_are_the_locked_ones(bill: dict[str, Any]) -> None:
    """Each locked package is in it, with its version, its address as a package and its hashes."""
    expected = {
        (
            entry.name,
            entry.version,
            f"pkg:pypi/{entry.name}@{entry.version}",
            frozenset(entry.hashes),
        )
        for entry in entries("runtime.txt").values()
    }
    assert expected == {
        (
            each["name"],
            each["version"],
            each["purl"],
            frozenset(f"sha256:{found['content']}" for found in each["hashes"]),
        )
        for each in bill["components"]
    }


def test_everything_is_needed_by_something(bill: dict[str, Any]) -> None:
    """From the exporter every component is reached over what needs what."""
    needs = {each["ref"]: each.get("dependsOn", []) for each in bill["dependencies"]}
    reached, left = set[str](), [f"whmcs-exporter=={__version__}"]
    while left:
        ref = left.pop()
        reached.add(ref)
        left += set(needs[ref]) - reached
    assert set(needs) == reached
    assert "yarl" in {ref.partition("==")[0] for ref in needs[_one("aiohttp", needs)]}


def test_made_again_it_is_the_same(text: str, tmp_path: Path) -> None:
    """The same lock and the same date give the same bytes."""
    assert text == made(tmp_path / "again.json")


def _one(name: str, refs: dict[str, list[str]]) -> str:
    (ref,) = (ref for ref in refs if ref.startswith(f"{name}=="))
    return ref

"""The notes of a release are the changelog's section of its version."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from exporter import __version__
from tests.docs.sample import README

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAM = README.parent / "deploy" / "release" / "notes.py"
notes: Callable[[str, str], str] = runpy.run_path(str(PROGRAM))["notes"]
CHANGELOG = """\
# Changelog

## [Unreleased]

- Later.

## [1.10.0] - 2026-02-01

### Added

- This.

## [1.1.0] - 2026-01-01

- Last.

## [1.0.0] - 2025-12-01

## [0.9.0]

- No date.
"""


@pytest.mark.parametrize(
    ("version", "expected"), [("1.10.0", "### Added\n\n- This.\n"), ("1.1.0", "- Last.\n")]
)
def test_notes_are_the_section(version: str, expected: str) -> None:
    """Without its heading, and up to the next."""
    assert expected == notes(CHANGELOG, version)


@pytest.mark.parametrize("version", ["2.0.0", "1.0.0", "0.9.0", "1.1..0", "Unreleased"])
def test_nothing_to_say_is_a_mistake(version: str) -> None:
    """No section, an empty one, and one without a date are no release."""
    with pytest.raises(ValueError, match=re.escape(f"[{version}]")):
        notes(CHANGELOG, version)


def test_tag_and_version_must_agree() -> None:
    """A tag that the code does not bear ends the release."""
    done = subprocess.run(
        [sys.executable, PROGRAM, "v99.0.0"], check=False, capture_output=True, text=True
    )
    assert (1, "") == (done.returncode, done.stdout)
    assert f"notes.py: the tag is v99.0.0, the code says v{__version__}\n" == done.stderr

"""What holds for the files of the repository as a whole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from exporter import __version__
from tests.docs.sample import README
from tests.docs.troubleshooting import PAGE, with_tables

if TYPE_CHECKING:
    from pathlib import Path

ROOT = README.parent


def test_links_between_documents_lead_somewhere() -> None:
    """Every relative link of a document names a file that is there."""
    broken = [
        (document.name, target)
        for document in [
            path
            for folder in ("", "docs/", "deploy/**/", "grafana/")
            for path in ROOT.glob(f"{folder}*.md")
        ]
        for target in re.findall(
            r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")
        )
        if not (document.parent / target).exists()
    ]
    assert [] == broken


@pytest.mark.parametrize("page", [README, PAGE], ids=lambda page: page.name)
def test_headings_that_links_name_exist(page: Path) -> None:
    """Every link within a page names one of its headings."""
    text = page.read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    assert set() == set(re.findall(r"\]\(#([^)]+)\)", text)) - headings


def test_causes_and_remedies_are_the_doctors() -> None:
    """``python -m tests.docs.troubleshooting`` renews the tables of the page."""
    text = PAGE.read_text(encoding="utf-8")
    assert with_tables(text) == text


def test_the_changelog_has_a_place_for_what_comes() -> None:
    """Keep a Changelog: unreleased changes on top, and a section for a released version."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in text
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)

"""What holds for the files of the repository as a whole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from exporter import __version__
from tests.docs.pages import DOCUMENTS, ROOT, anchors, links

if TYPE_CHECKING:
    from pathlib import Path


def test_links_between_documents_lead_somewhere() -> None:
    """Every relative link of a document names a file or folder that is there."""
    broken = [
        (document.name, target)
        for document in DOCUMENTS
        for target, _ in links(document.read_text(encoding="utf-8"))
        if not (document.parent / target).exists()
    ]
    assert [] == broken


def test_headings_that_links_name_exist() -> None:
    """Every link to a part of a page, its own or another, names one of that page's headings."""
    broken = [
        (document.name, target, anchor)
        for document in DOCUMENTS
        for target, anchor in links(document.read_text(encoding="utf-8"))
        if anchor and anchor not in _anchors(document, target)
    ]
    assert [] == broken


def _anchors(document: Path, target: str) -> set[str]:
    page = document.parent / target if target else document
    return anchors(page.read_text(encoding="utf-8"))


def test_the_index_has_every_page_of_docs() -> None:
    """Whoever opens docs/ finds each page in its README, and the README leads there."""
    index = ROOT / "docs" / "README.md"
    linked = {target for target, _ in links(index.read_text(encoding="utf-8"))}
    pages = {page.name for page in index.parent.glob("*.md")} - {index.name}
    assert pages <= linked
    assert ("docs/README.md", "") in links((ROOT / "README.md").read_text(encoding="utf-8"))


def test_the_changelog_has_a_place_for_what_comes() -> None:
    """Keep a Changelog: unreleased changes on top, and a section for a released version."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in text
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)

"""Markdown as tests look at it: headings, tables, marked blocks, and what is generated in them."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
_FOLDERS = (".github", "benchmarks", "deploy", "docs", "grafana", "tests")
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *(page for folder in _FOLDERS for page in sorted((ROOT / folder).rglob("*.md"))),
]
_FENCED = re.compile(r"^( *)```.*?^\1```$", flags=re.DOTALL | re.MULTILINE)
_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", flags=re.DOTALL | re.MULTILINE)


def section(text: str, title: str) -> str:
    """Return what stands beneath a heading, up to the next of its level or above, without code."""
    level = len(title) - len(title.lstrip("#"))
    after = _FENCED.sub("", text).split(f"\n{title}\n", 1)[1]
    return re.split(rf"\n#{{1,{level}}} ", after, maxsplit=1)[0]


def first_cells(text: str, title: str) -> list[str]:
    """Return the names in code type that begin the rows of the tables beneath a heading."""
    rows = [line for line in section(text, title).splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])]


def block(text: str, name: str) -> str:
    """Return the text within the code block that a pair of comments marks."""
    match = re.search(rf"<!-- {name} -->\n```\w*\n(.*?)```\n<!-- /{name} -->", text, re.DOTALL)
    assert match
    return match[1]


def blocks(text: str, language: str) -> list[str]:
    """Return the texts of all code blocks in a language."""
    return [dedent(code) for _, found, code in _BLOCK.findall(text) if found == language]


def anchors(text: str) -> set[str]:
    """Return what links may name on a page: its headings, in the form that GitHub gives them."""
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}


def links(text: str) -> list[tuple[str, str]]:
    """Return where the links of a page lead: file and anchor, either of which may be empty."""
    return re.findall(r"\]\(([^)#:\s]*)(?:#([^)\s]*))?\)", _FENCED.sub("", text))


def filled(text: str, parts: Mapping[str, str]) -> str:
    """Return a page with each part between the comments that have its name."""
    for name, part in parts.items():
        before, _, rest = text.partition(f"<!-- {name} -->\n")
        end = f"<!-- /{name} -->"
        text = f"{before}<!-- {name} -->\n{part}\n{end}{rest.partition(end)[2]}"
    return text


def renew(page: Path, parts: Mapping[str, str]) -> None:
    """Write what is generated into a page."""
    page.write_text(filled(page.read_text(encoding="utf-8"), parts), encoding="utf-8")

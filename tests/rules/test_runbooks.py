"""The runbooks, held against the rules and the code: every name in them exists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from exporter.exposition.families import FAMILIES
from exporter.exposition.telemetry import Telemetry
from tests.rules.pages import pages, queries
from tests.rules.promtool import VERSIONS, promtool, run
from tests.rules.rules import DEPLOY, RULES, RUNBOOKS, alerts, records

if TYPE_CHECKING:
    from pathlib import Path

INDEX = RUNBOOKS / "README.md"
DOCUMENTS = [*RUNBOOKS.glob("*.md"), *DEPLOY.rglob("*.md")]
FILES = [*DOCUMENTS, *DEPLOY.rglob("*.yml")]
SECTIONS = ["## Meaning", "## Impact", "## First steps", "## Silence"]


def families() -> set[str]:
    """Return the names of everything that is published, as clients name families."""
    own = Telemetry("", "").registry.collect()
    return {family.header().name for family in FAMILIES} | {each.name for each in own}


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    """Neither a page without an alert nor an alert without a page."""
    assert alerts().keys() == pages().keys()


@pytest.mark.parametrize("alert", alerts())
def test_an_alert_leads_to_its_page(alert: str) -> None:
    """Severity, a summary in one line, and the page's address, of which the base is set once."""
    rule = alerts()[alert]
    base = '{{ range query "whmcs:runbooks" }}{{ .Labels.url }}{{ end }}'
    assert f"{base}/{alert}.md" == rule["annotations"]["runbook_url"]
    assert {"summary", "description", "runbook_url"} == rule["annotations"].keys()
    assert "\n" not in rule["annotations"]["summary"]
    assert rule["labels"]["severity"] in {"critical", "warning"}


@pytest.mark.parametrize("alert", alerts())
def test_a_page_has_its_sections(alert: str) -> None:
    """Whoever is on call finds the same things at the same places, a query to begin with."""
    page = pages()[alert]
    assert page.startswith(f"# {alert}\n")
    assert SECTIONS == re.findall(r"^## .+$", page, re.MULTILINE)
    assert queries(page)


def test_the_index_lists_every_page() -> None:
    """The index links every alert once."""
    linked = re.findall(r"^\| \[(\w+)\]\(\1\.md\)", INDEX.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(alerts()) == sorted(linked)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_name_exists(file: Path) -> None:
    """Metrics exist in the code, recorded ones and alerts in the rules."""
    text = file.read_text(encoding="utf-8")
    metrics = {_family(name) for name in re.findall(r"\bwhmcs_\w+", text)}
    recorded = set(re.findall(r"\b(?:[a-z_]+:)?whmcs[a-z_]*:[a-z]\w+", text))
    assert set() == metrics - families()
    assert set() == recorded - records().keys()
    assert set() == set(re.findall(r"\bWHMCS[A-Z][a-z]\w+", text)) - alerts().keys()


def test_every_record_is_used() -> None:
    """Nothing is recorded for nobody."""
    used = "".join(rule["expr"] + str(rule["annotations"]) for rule in alerts().values())
    assert [] == [name for name in records() if name not in used]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_query_of_a_page_is_good(version: str, tmp_path: Path) -> None:
    """Promtool takes each query as an expression."""
    rules = [
        {"record": f"query:{number}", "expr": query}
        for number, query in enumerate(each for page in pages().values() for each in queries(page))
    ]
    path = tmp_path / "queries.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    done = run(promtool(version), "check", "rules", path)
    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.name)
def test_links_lead_somewhere(document: Path) -> None:
    """Every link is relative, and names a file and a heading that are there."""
    text = document.read_text(encoding="utf-8")
    for target, heading in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", text):
        path = document.parent / target
        assert path.exists(), target
        assert not heading or heading in _headings(path), heading


def test_the_job_is_named_once() -> None:
    """Whoever calls the exporter's job differently changes one line."""
    assert 1 == RULES.read_text(encoding="utf-8").count("job=")


def _family(name: str) -> str:
    return re.sub(r"_(total|bucket|sum|count)$", "", name)


def _headings(path: Path) -> set[str]:
    lines = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line).lower().replace(" ", "-") for line in lines}

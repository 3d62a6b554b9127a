"""README and docs/ held against the code: names, flags, reasons, and what can be loaded."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING

import bcrypt
import pytest

from exporter import config, flags
from exporter.commands import COMMANDS
from exporter.config import web
from exporter.exposition.families import FAMILIES
from exporter.web.status import WORST_FIRST, SourceStatus
from exporter.whmcs.errors import REASONS
from tests.docs import configuration, metrics, sample, troubleshooting
from tests.docs.pages import block, filled, first_cells, section
from tests.docs.sample import README
from tests.whmcs.authority import Authority

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROOT = README.parent
_PARTS = ("bucket", "sum", "count")
TEXT = README.read_text(encoding="utf-8")
RUNNING, METRICS, TROUBLESHOOTING = (
    (ROOT / "docs" / name).read_text(encoding="utf-8")
    for name in ("running.md", "metrics.md", "troubleshooting.md")
)


@pytest.mark.parametrize(
    ("page", "parts"),
    [
        (README, sample.parts),
        (metrics.PAGE, metrics.parts),
        (configuration.PAGE, configuration.parts),
        (troubleshooting.PAGE, troubleshooting.parts),
    ],
    ids=["sample", "metrics", "configuration", "troubleshooting"],
)
def test_what_is_generated_is_up_to_date(page: Path, parts: Callable[[], dict[str, str]]) -> None:
    """``python -m tests.docs.NAME`` renews it, by the name of this case."""
    text = page.read_text(encoding="utf-8")
    assert filled(text, parts()) == text


def test_the_tables_name_every_family_and_no_other() -> None:
    """A family without a line in docs/metrics.md, or a line without a family, is a mistake."""
    titles = ("## Tickets", "## The collection", "## The exporter itself")
    named = [name for title in titles for name in first_cells(METRICS, title)]
    assert metrics.families() == {name for name in named if name.startswith("whmcs_")}


def test_the_tables_give_the_labels_of_the_sites_families() -> None:
    """The labels of each family are those in code."""
    rows = re.findall(r"^\| `(whmcs_\w+)` \| \w+ \| ([\w, ]*) \|", METRICS, re.MULTILINE)
    written = {name: tuple(filter(None, labels.split(", "))) for name, labels in rows}
    in_code = {family.name: ("site", *family.labels) for family in FAMILIES}
    assert in_code == {name: written[name] for name in in_code}


def test_every_metric_named_in_the_documents_exists() -> None:
    """No sentence, rule or query speaks of a metric that is not there."""
    known = metrics.families()
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("grafana/*.md")]
    named = {
        name
        for document in documents
        for name in re.findall(r"\bwhmcs_[a-z_]+[a-z]\b", document.read_text(encoding="utf-8"))
    }
    samples = {f"{name}_{part}" for name in metrics.histograms() for part in _PARTS}
    assert set() == named - known - samples - {"whmcs_id", "whmcs_exporter"}


def test_every_label_of_the_families_is_explained() -> None:
    """Whoever reads a label's name finds what it is."""
    labels = {label for family in FAMILIES for label in ("site", *family.labels)}
    assert labels == set(first_cells(METRICS, "### Labels"))


@pytest.mark.parametrize(
    ("text", "title"),
    [(TEXT, "## Troubleshooting"), (TROUBLESHOOTING, "## Reasons")],
    ids=["README", "troubleshooting"],
)
def test_reasons_stand_in_the_order_of_judging(text: str, title: str) -> None:
    """The table has every reason, in the order in which the first one fits."""
    assert list(REASONS) == first_cells(text, title)


def test_the_number_of_reasons_is_right() -> None:
    """The introduction counts them."""
    assert f"one of {len(REASONS)} reasons" in TEXT


def test_commands_are_those_of_the_program() -> None:
    """The table of commands is whole."""
    assert list(COMMANDS) == first_cells(RUNNING, "## Commands")


def test_flags_are_those_of_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    """The table of flags names what ``serve --help`` names."""
    with pytest.raises(SystemExit):
        flags.parse(["serve", "--help"])
    in_help = set(re.findall(r"--[a-z]+(?:[.-][a-z-]+)*", capsys.readouterr().out))
    assert in_help - {"--help"} == set(first_cells(RUNNING, "## Flags"))


def test_the_minimal_configuration_is_good(tmp_path: Path) -> None:
    """The file that the installation begins with can be loaded, once its secret exists."""
    (tmp_path / "whmcs-exporter.secret").write_text("x", encoding="utf-8")
    path = tmp_path / "whmcs-exporter.yml"
    path.write_text(block(TEXT, "minimal").replace("/etc/", ""), encoding="utf-8")
    assert ["acme"] == [site.name for site in config.load(path, {}).sites]


def test_the_keys_of_the_readme_exist() -> None:
    """The README's short table of keys names no other than those of the reference."""
    known = {path.partition(".")[0] for path, _ in configuration.in_code()}
    assert set() == set(first_cells(TEXT, "## Configuration")) - known


def test_the_defaults_of_the_readme_are_those_of_the_reference() -> None:
    """What the README's short table gives as a default begins the reference's."""
    page = configuration.PAGE.read_text(encoding="utf-8")
    in_full = dict(re.findall(r"^\| `(\w+)` \| .*? \| (.*?) \|", page, re.MULTILINE))
    rows = re.findall(
        r"^\| `(\w+)` \| ([^|]+?) \|", section(TEXT, "## Configuration"), re.MULTILINE
    )
    assert ["interval", "timeout", "stale_after", "sources"] == [name for name, _ in rows]
    assert [] == [name for name, default in rows if not in_full[name].startswith(default)]


def test_the_web_configuration_example_is_good(tmp_path: Path) -> None:
    """The example can be loaded as it stands, once its certificates exist."""
    authority = Authority(tmp_path)
    pair = authority.key_pair("localhost")
    pair.cert_file.rename(tmp_path / "server.crt")
    pair.key_file.rename(tmp_path / "server.key")
    authority.ca_file.rename(tmp_path / "clients.crt")
    path = tmp_path / "web.yml"
    path.write_text(block(RUNNING, "web"), encoding="utf-8")
    loaded = web.load(path)
    assert loaded.tls.context is not None
    assert bcrypt.checkpw(b"example", loaded.users[b"prometheus"])


def test_the_table_of_alerts_is_whole() -> None:
    """The README names the alerts of the rules, in their order."""
    rules = (ROOT / "deploy" / "prometheus" / "rules" / "whmcs.rules.yml").read_text("utf-8")
    in_rules = re.findall(r"^ *- alert: (\w+)", rules, re.MULTILINE)
    assert set(in_rules) == set(first_cells(TEXT, "## Alerts"))


def test_keys_of_the_sites_as_json() -> None:
    """Each key of a source is in its table, each word that its state can be beside it."""
    keys = [field.name for field in fields(SourceStatus)]
    assert sorted(keys) == sorted(first_cells(RUNNING, "### The landing page"))
    assert all(f"`{word}`" in section(RUNNING, "### The landing page") for word in WORST_FIRST)

"""The README, held against the code: names, flags, reasons, and everything that can be run."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING

import bcrypt
import pytest

from exporter import config, flags
from exporter.config import web
from exporter.exposition.families import FAMILIES
from exporter.exposition.telemetry import Telemetry
from exporter.web.status import WORST_FIRST, SourceStatus
from exporter.whmcs.errors import REASONS
from tests.docs.sample import README, sample, with_sample
from tests.whmcs.authority import Authority

if TYPE_CHECKING:
    from pathlib import Path

    from prometheus_client.metrics_core import Metric

TEXT = README.read_text(encoding="utf-8")
ROOT = README.parent
API = {"WHMCS_URL": "http://127.0.0.1/", "WHMCS_IDENTIFIER": "a", "WHMCS_SECRET": "b"}
LEGACY = {"WHMCS_URL": "http://127.0.0.1/", "WHMCS_USERNAME": "a", "WHMCS_PASSWORD": "b"}
VALUES = {
    "WHMCS_URL": "https://whmcs.example/",
    "WHMCS_SITE": "name",
    "WHMCS_INTERVAL": "30s",
    "WHMCS_TIMEOUT": "5s",
    "WHMCS_STALE_AFTER": "10m",
    "WHMCS_SOURCES": "ticket_counts",
    "WHMCS_HOST_HEADER": "whmcs.example",
    "WHMCS_ALLOW_HTTP": "true",
    "WHMCS_CA_FILE": str(ROOT / "tests" / "config" / "good" / "pem"),
}


def section(title: str) -> str:
    """Return what stands beneath a heading, up to the next of its level or above."""
    level = len(title) - len(title.lstrip("#"))
    prose = re.sub(r"^```.*?^```$", "", TEXT, flags=re.DOTALL | re.MULTILINE)
    after = prose.split(f"\n{title}\n", 1)[1]
    return re.split(rf"\n#{{1,{level}}} ", after, maxsplit=1)[0]


def first_cells(title: str) -> list[str]:
    """Return the names in code type that begin the rows of the tables beneath a heading."""
    rows = [line for line in section(title).splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])]


def block(name: str) -> str:
    """Return the text within the code block that a pair of comments marks."""
    match = re.search(rf"<!-- {name} -->\n```\w*\n(.*?)```\n<!-- /{name} -->", TEXT, re.DOTALL)
    assert match
    return match[1]


def own_families() -> dict[str, Metric]:
    """Return the families of the exporter's own registry, by the name of their samples."""
    registry = Telemetry("1", "2", process_metrics=False).registry
    suffixes = {"counter": "_total"}
    return {metric.name + suffixes.get(metric.type, ""): metric for metric in registry.collect()}


def families() -> set[str]:
    """Return the names of all families in code."""
    return {family.name for family in FAMILIES} | own_families().keys()


def test_the_tables_name_every_family_and_no_other() -> None:
    """A family without a line in the README, or a line without a family, is a mistake."""
    assert families() == set(first_cells("## What it publishes"))


def test_the_tables_give_the_labels_of_the_sites_families() -> None:
    """The labels of each family are those in code."""
    rows = re.findall(r"^\| `(whmcs_\w+)` \| ([\w, ]*) \|", TEXT, re.MULTILINE)
    written = {name: tuple(filter(None, labels.split(", "))) for name, labels in rows}
    in_code = {family.name: ("site", *family.labels) for family in FAMILIES}
    assert in_code == {name: written[name] for name in in_code}


def test_every_metric_named_in_the_documents_exists() -> None:
    """No sentence, rule or query speaks of a metric that is not there."""
    known = families()
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("grafana/*.md")]
    named = {
        name
        for document in documents
        for name in re.findall(r"\bwhmcs_[a-z_]+[a-z]\b", document.read_text(encoding="utf-8"))
    }
    assert set() == named - known - {"whmcs_id", "whmcs_exporter"}


def test_reasons_stand_in_the_order_of_judging() -> None:
    """Troubleshooting has every reason, in the order in which the first one fits."""
    assert list(REASONS) == first_cells("## Troubleshooting")


def test_the_number_of_reasons_is_right() -> None:
    """The introduction counts them."""
    assert f"one of {len(REASONS)} reasons" in TEXT


def test_commands_are_those_of_the_program() -> None:
    """The table of commands is whole."""
    assert list(flags.COMMANDS) == [
        name for name in first_cells("### Commands") if not name.startswith("-")
    ]


def test_flags_are_those_of_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    """The table of flags names what ``serve --help`` names."""
    with pytest.raises(SystemExit):
        flags.parse(["serve", "--help"])
    in_help = set(re.findall(r"--[a-z]+(?:[.-][a-z-]+)*", capsys.readouterr().out))
    assert in_help - {"--help"} == {
        name for name in first_cells("### Commands") if name.startswith("--")
    }


async def test_the_sample_is_real() -> None:
    """The sample is what the exporter publishes; ``python -m tests.docs.sample`` renews it."""
    assert with_sample(TEXT, await sample()) == TEXT


def test_the_configuration_example_is_good(tmp_path: Path) -> None:
    """The example can be loaded as it stands, once its secrets exist."""
    text = block("configuration").replace("/run/secrets/", "")
    for name in ("acme_id", "acme_secret"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    (tmp_path / "sites.d").mkdir()
    path = tmp_path / "whmcs.yml"
    path.write_text(text, encoding="utf-8")
    environment = dict.fromkeys(re.findall(r"_env: (\w+)", text), "x")
    loaded = config.load(path, environment)
    assert ["acme", "globex"] == [site.name for site in loaded.sites]


def test_the_minimal_configuration_is_good(tmp_path: Path) -> None:
    """The file that the installation begins with can be loaded, once its secret exists."""
    (tmp_path / "whmcs-exporter.secret").write_text("x", encoding="utf-8")
    path = tmp_path / "whmcs-exporter.yml"
    path.write_text(block("minimal").replace("/etc/", ""), encoding="utf-8")
    assert ["acme"] == [site.name for site in config.load(path, {}).sites]


def test_the_web_configuration_example_is_good(tmp_path: Path) -> None:
    """The example can be loaded as it stands, once its certificates exist."""
    authority = Authority(tmp_path)
    pair = authority.key_pair("localhost")
    pair.cert_file.rename(tmp_path / "server.crt")
    pair.key_file.rename(tmp_path / "server.key")
    authority.ca_file.rename(tmp_path / "clients.crt")
    path = tmp_path / "web.yml"
    path.write_text(block("web"), encoding="utf-8")
    loaded = web.load(path)
    assert loaded.tls.context is not None
    assert bcrypt.checkpw(b"example", loaded.users[b"prometheus"])


def test_the_example_of_a_mistake_is_what_the_program_says(tmp_path: Path) -> None:
    """The message in the README comes out of a file with that mistake in that place."""
    path = tmp_path / "whmcs.yml"
    path.write_text(
        "sites:\n  - name: acme\n    url: https://a.example\n    intervall: 30s\n"
        "    identifier: a\n    secret: b\n",
        encoding="utf-8",
    )
    with pytest.raises(config.ConfigError) as caught:
        config.load(path, {})
    assert str(caught.value).replace(f"{tmp_path}/", "") in TEXT


def test_every_variable_of_the_table_is_read(tmp_path: Path) -> None:
    """Setting any variable of the table changes the configuration that comes out."""
    secret = tmp_path / "secret"
    secret.write_text("from a file", encoding="utf-8")
    for variable in first_cells("## Configuration"):
        base = LEGACY if variable.startswith(tuple(LEGACY)[1:]) else API
        kept = {name: value for name, value in base.items() if f"{name}_FILE" != variable}
        changed = kept | {variable: VALUES.get(variable, str(secret))}
        assert config.load(None, base) != config.load(None, changed)


def test_the_table_of_alerts_is_whole() -> None:
    """The README names the alerts of the rules, in their order."""
    rules = (ROOT / "deploy" / "prometheus" / "rules" / "whmcs.rules.yml").read_text("utf-8")
    in_rules = re.findall(r"^ *- alert: (\w+)", rules, re.MULTILINE)
    assert set(in_rules) == set(first_cells("## Alerts"))


def test_keys_of_the_sites_as_json() -> None:
    """Each key of a source is in its table, each word that its state can be beside it."""
    keys = [field.name for field in fields(SourceStatus)]
    assert sorted(keys) == sorted(first_cells("### The landing page"))
    assert all(f"`{word}`" in section("### The landing page") for word in WORST_FIRST)

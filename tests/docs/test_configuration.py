"""docs/configuration.md: its keys are those of the code, and do what it says."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from exporter import config
from exporter.config import variables
from tests.docs.configuration import PAGE, in_code
from tests.docs.keys import GROUPS
from tests.docs.pages import block, first_cells
from tests.whmcs.authority import Authority

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.docs.key import Key


TEXT = PAGE.read_text(encoding="utf-8")
KEYS = {key.path: key for keys in GROUPS.values() for key in keys}
API = {"WHMCS_URL": "http://127.0.0.1/", "WHMCS_IDENTIFIER": "a", "WHMCS_SECRET": "b"}
LEGACY = {"WHMCS_URL": "http://127.0.0.1/", "WHMCS_USERNAME": "a", "WHMCS_PASSWORD": "b"}
VALUES = {
    "WHMCS_URL": "https://whmcs.example/",
    "WHMCS_SITE": "name",
    "WHMCS_INTERVAL": "30s",
    "WHMCS_TIMEOUT": "5s",
    "WHMCS_STALE_AFTER": "10m",
    "WHMCS_WAITING_TIMEZONE": "Europe/Berlin",
    "WHMCS_SOURCES": "ticket_counts",
    "WHMCS_HOST_HEADER": "whmcs.example",
    "WHMCS_ALLOW_HTTP": "true",
    "WHMCS_CA_FILE": str(PAGE.parents[1] / "tests" / "config" / "good" / "pem"),
}
SITE = {"name": "acme", "url": "https://a.example", "identifier": "i", "secret": "s"}
ENVIRONMENT = {"SALES_ID": "1", "SALES_SECRET": "2", "KEPT": "3"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make the files that examples name."""
    authority = Authority(tmp_path)
    pair = authority.key_pair("client")
    pair.cert_file.rename(tmp_path / "client.crt")
    authority.ca_file.rename(tmp_path / "ca.crt")
    (tmp_path / "kept").write_text("kept", encoding="utf-8")
    return tmp_path


def load(folder: Path, keys: Mapping[str, str]) -> config.Config:
    """Load one site with these keys beside those that it needs."""
    site: dict[str, Any] = dict(SITE)
    if keys.keys() & {"username", "password"}:
        del site["identifier"], site["secret"]
    for key, value in keys.items():
        site.pop(re.sub("_(file|env)$", "", key), None)
        *outer, last = key.split(".")
        place = site.setdefault(outer[0], {}) if outer else site
        place[last] = yaml.safe_load(value)
    path = folder / "whmcs.yml"
    path.write_text(json.dumps({"sites": [site]}), encoding="utf-8")
    return config.load(path, ENVIRONMENT)


def without(folder: Path, key: Key) -> config.Config:
    """Load the site without a key, but with those beside it where that is possible."""
    others = {path: value for path, value in key.beside.items() if path != key.path}
    try:
        return load(folder, others)
    except config.ConfigError:
        return load(folder, {})


def values(kind: str) -> list[Any]:
    """Return each key with each of its values of a kind."""
    pairs = [(key, value) for key in KEYS.values() for value in getattr(key, kind)]
    return [pytest.param(key, value, id=f"{key.path}={value[:20]}") for key, value in pairs]


def test_the_tables_have_every_key_and_no_other() -> None:
    """A key of the code that is not described, or one described that is not there, is a mistake."""
    assert {path for path, _ in in_code()} == KEYS.keys()


def test_the_defaults_are_the_readers(folder: Path) -> None:
    """What the tables say by default is what a site gets that says nothing."""
    credential = config.Credential(identifier=config.Secret("i"), secret=config.Secret("s"))
    site = config.Site(name="acme", url="https://a.example", credential=credential)
    assert (site,) == load(folder, {}).sites


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_every_example_changes_what_comes_out(key: Key, folder: Path) -> None:
    """An example is taken, and is not what would be so without it."""
    assert without(folder, key) != load(folder, {**key.beside, key.path: key.example})


@pytest.mark.parametrize(("key", "value"), values("fits"))
def test_what_fits_is_taken(key: Key, value: str, folder: Path) -> None:
    """The bounds are within."""
    slow = {"timeout": "1ms"} if key.path.endswith("interval") else {}
    load(folder, {**slow, **key.beside, key.path: value})


@pytest.mark.parametrize(("key", "value"), values("refused"))
def test_what_is_beyond_is_refused(key: Key, value: str, folder: Path) -> None:
    """What lies beyond the bounds, or is of another kind, is a mistake."""
    with pytest.raises(config.ConfigError):
        load(folder, {**key.beside, key.path: value})


@pytest.mark.parametrize(
    "path", [key.path for key in KEYS.values() if key.kind == "secret"], ids=str
)
def test_each_secret_has_three_forms(path: str, folder: Path) -> None:
    """A file and a variable do as well as the value."""
    others = {other: value for other, value in KEYS[path].beside.items() if other != path}
    forms = {path: "literal", f"{path}_file": "kept", f"{path}_env": "KEPT"}
    loaded = {str(load(folder, {**others, form: value})) for form, value in forms.items()}
    assert len(forms) == len(loaded)


def test_the_table_of_the_file_is_whole(folder: Path) -> None:
    """The keys at the top are these three; another is unknown."""
    assert ["sites", "site_files", "defaults"] == first_cells(TEXT, "## The file")
    (folder / "more.yml").write_text("[]", encoding="utf-8")
    text = f"{{defaults: {{}}, site_files: [more.yml], sites: [{json.dumps(SITE)}]}}"
    path = folder / "whmcs.yml"
    path.write_text(text, encoding="utf-8")
    assert ["acme"] == [site.name for site in config.load(path, {}).sites]


def test_the_configuration_example_is_good(tmp_path: Path) -> None:
    """The example can be loaded as it stands, once its secrets exist."""
    text = block(TEXT, "configuration").replace("/run/secrets/", "")
    for name in ("acme_id", "acme_secret"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    (tmp_path / "sites.d").mkdir()
    path = tmp_path / "whmcs.yml"
    path.write_text(text, encoding="utf-8")
    environment = dict.fromkeys(re.findall(r"_env: (\w+)", text), "x")
    loaded = config.load(path, environment)
    assert ["acme", "globex"] == [site.name for site in loaded.sites]


def test_the_example_of_a_mistake_is_what_the_program_says(tmp_path: Path) -> None:
    """The message on the page comes out of a file with that mistake in that place."""
    path = tmp_path / "whmcs.yml"
    path.write_text(
        "sites:\n  - name: acme\n    url: https://a.example\n    intervall: 30s\n"
        "    identifier: a\n    secret: b\n",
        encoding="utf-8",
    )
    with pytest.raises(config.ConfigError) as caught:
        config.load(path, {})
    assert str(caught.value).replace(f"{tmp_path}/", "") in TEXT


def test_the_table_of_variables_is_whole() -> None:
    """Every variable that a message may name is in the table."""
    assert set(variables.spelling().values()) <= set(first_cells(TEXT, "## From the environment"))


def test_every_variable_of_the_table_is_read(tmp_path: Path) -> None:
    """Setting any variable of the table changes the configuration that comes out."""
    secret = tmp_path / "secret"
    secret.write_text("from a file", encoding="utf-8")
    for variable in first_cells(TEXT, "## From the environment"):
        base = LEGACY if variable.startswith(tuple(LEGACY)[1:]) else API
        kept = {name: value for name, value in base.items() if f"{name}_FILE" != variable}
        changed = kept | {variable: VALUES.get(variable, str(secret))}
        assert config.load(None, base) != config.load(None, changed)

"""YAML tags are accepted only where they say what the value is anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exporter.config import ConfigError, load, web

if TYPE_CHECKING:
    from pathlib import Path

UNSUPPORTED = "unsupported YAML tag; remove it"
CONTRADICTION = "the YAML tag does not match the value; remove the tag"
SITE = "sites:\n- {name: %s, url: 'https://a.example', identifier: i, secret: %s}\n"
SHARED = "defaults: {<<: {max_concurrency: 1}}\n"


def secret_of(folder: Path, written: str) -> str:
    """Return the secret of a site whose file has ``written`` in its place."""
    path = folder / "config.yml"
    path.write_text(SITE % ("a", written), encoding="utf-8")
    (site,) = load(path, {}).sites
    assert site.credential.secret is not None
    return site.credential.secret.reveal()


def problems(folder: Path, text: str) -> str:
    """Return what is wrong with a configuration."""
    path = folder / "config.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    return str(caught.value).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("written", "secret"),
    [
        ("!!str hunter2", "hunter2"),
        ("!!str 0777", "0777"),
        ("!!int 0777", "0777"),
        ("!!int '7'", "7"),
        ("!!float 7", "7"),
        ("!!float 7.5", "7.5"),
        ("!!bool yes", "yes"),
        ("! hunter2", "hunter2"),
        ("2024-01-01", "2024-01-01"),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("=", "="),
        ("<<", "<<"),
    ],
)
def test_values_without_a_tag_or_with_their_own_are_text(
    written: str, secret: str, tmp_path: Path
) -> None:
    """The text of a value stays as it was written."""
    assert secret == secret_of(tmp_path, written)


@pytest.mark.parametrize(
    "written",
    [
        *("!!python/object/apply:os.system ls", "!!python/object:x.Y {}", "!!python/name:x ''"),
        *("!!binary aHVudGVyMg==", "!!set hunter2", "!!set {hunter2}", "!!omap [a: hunter2]"),
        *("!!pairs [a: b]", "!!timestamp hunter2", "!!timestamp 2024-01-01", "!!value ="),
        *("!!merge hunter2", "!!yaml hunter2", "!local hunter2", "!<tag:example.com,2026:x> a"),
    ],
)
def test_other_tags_are_refused(written: str, tmp_path: Path) -> None:
    """Any other tag is an error at its place."""
    text = problems(tmp_path, SITE % ("a", written))
    assert f"config.yml:2:62: {UNSUPPORTED}" in text.splitlines()
    assert "hunter2" not in text


@pytest.mark.parametrize(
    "written",
    [
        *("!!int hunter2", "!!float hunter2", "!!bool hunter2", "!!null hunter2", "!!map hunter2"),
        *("!!seq hunter2", "!!str [hunter2]", "!!map [hunter2]", "!!seq {hunter2: x}", "!!int 1.5"),
    ],
)
def test_tags_that_contradict_the_value_are_refused(written: str, tmp_path: Path) -> None:
    """A supported tag on another value is an error as well."""
    text = problems(tmp_path, SITE % ("a", written))
    assert f"config.yml:2:62: {CONTRADICTION}" in text.splitlines()
    assert "hunter2" not in text


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (SITE.replace("{name", "!!python/object:x.Y {name") % ("a", "b"), "2:3"),
        (SITE.replace("sites:", "sites: !!set") % ("a", "b"), "1:8"),
        (SITE.replace("{name", "{!!binary name") % ("a", "b"), "2:4"),
        (SITE % ("!!python/tuple a", "b"), "2:10"),
        (SHARED.replace("<<", "!!merge x") + SITE % ("a", "b"), "1:12"),
    ],
    ids=["mapping", "list", "key", "name", "merge"],
)
def test_tags_are_refused_everywhere(text: str, place: str, tmp_path: Path) -> None:
    """Mappings, lists and keys are checked like values."""
    assert f"config.yml:{place}: {UNSUPPORTED}" in problems(tmp_path, text).splitlines()


def test_a_wrong_null_is_one_problem(tmp_path: Path) -> None:
    """A value with the tag of null is not reported as missing too."""
    assert f"config.yml:2:62: {CONTRADICTION}" == problems(tmp_path, SITE % ("a", "!!null x"))


def test_merges_need_no_tag(tmp_path: Path) -> None:
    """The merge key is what it was."""
    path = tmp_path / "config.yml"
    path.write_text(SHARED + SITE % ("a", "b"), encoding="utf-8")
    assert [1] == [site.max_concurrency for site in load(path, {}).sites]


def test_the_web_configuration_has_the_same_rule(tmp_path: Path) -> None:
    """Tags in the web configuration file are checked as well."""
    path = tmp_path / "web.yml"
    path.write_text("http_server_config: !!omap {http2: !!int true}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        web.load(path)
    expected = (f"{path}:1:21: {UNSUPPORTED}", f"{path}:1:36: {CONTRADICTION}")
    assert expected == caught.value.problems

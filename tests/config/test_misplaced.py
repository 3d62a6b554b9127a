"""A secret in any wrong place of a configuration is in no message about it."""

from __future__ import annotations

import copy
import json
import shutil
import traceback
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from exporter.config import Config, ConfigError, load, variables, web
from exporter.config.keys import KNOWN
from exporter.config.login import forms
from tests.config.test_environment import LEAST
from tests.config.test_good import ENVIRONMENT, GOOD
from tests.config.web_files import HASH
from tests.docs.configuration import in_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from exporter.config.web import WebConfig

SENTINELS = {
    "generated": "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0hL",
    "short": "Hunter2Hunter2Ab",
    "spaces": "correct horse Battery 47 staple",
    "number": "4711081547110815",
    "duration": "4711081547110815s",
    "path": "/x47Hunter2/y11Hunter2",
    "template": "${Hunter2Hunter2}",
    "variable": "HUNTER_HUNTER_HUNTER",
    "word": "hunterhunterhunter",
    "url": "https://hunter2hunter2:x@whmcs.example/",
    "control": "Hunter2Hunter2\x07Ab",
    "hash": HASH,
}
SECRETS = ("identifier", "secret", "password", "access_key")
PAIR = {"cert_file": "a.pem", "key_file": "a.key"}
WEB: dict[str, Any] = {
    "tls_server_config": PAIR
    | {
        "client_auth_type": "RequireAndVerifyClientCert",
        "client_ca_file": "ca.pem",
        "client_allowed_sans": ["a.example"],
        "min_version": "TLS12",
        "max_version": "TLS13",
        "cipher_suites": ["TLS_AES_128_GCM_SHA256"],
        "prefer_server_cipher_suites": True,
        "curve_preferences": ["X25519"],
    },
    "http_server_config": {
        "http2": True,
        "headers": {
            "Strict-Transport-Security": "max-age=1",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "deny",
            "X-XSS-Protection": "0",
            "Content-Security-Policy": "default-src",
        },
    },
    "basic_auth_users": {"alice": HASH.replace("UAV", "AAA")},
}
# What is always wrong, so that there is a message whether or not the sentinel is accepted.
WRONG_SITE = {"name": "wrong", "url": "https://a.example"}


@pytest.fixture(name="good")
def make_good(tmp_path: Path) -> Path:
    """Copy the files that the full configuration names."""
    shutil.copytree(GOOD, tmp_path, dirs_exist_ok=True)
    return tmp_path


def full() -> dict[str, Any]:
    """Return a configuration with every key, and one problem."""
    tree: dict[str, Any] = yaml.safe_load((GOOD / "full.yml").read_text(encoding="utf-8"))
    tree["sites"] = [tree["sites"][0], WRONG_SITE]
    # Expands what anchors share.
    expanded: dict[str, Any] = json.loads(json.dumps(tree))
    return expanded


def spoiled(tree: object, sentinel: str) -> Iterator[Any]:
    """Yield a tree with the sentinel in place of each part and each key, one at a time.

    What is beside that place is left out, because to read it takes most of the time.
    """
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield {sentinel: value}
            for form in _alternatives(key):
                yield {form: sentinel}
            for inner in spoiled(value, sentinel):
                yield {key: inner}
    elif isinstance(tree, list):
        for item in tree:
            for inner in spoiled(item, sentinel):
                yield [inner]
    yield sentinel
    yield [sentinel]
    yield {sentinel: sentinel}


def _alternatives(key: str) -> tuple[str, ...]:
    """Return the keys that may be there instead of a key of a secret."""
    return next((forms(name) for name in SECRETS if key in forms(name)), ())


def said(error: ConfigError) -> str:
    """Return everything that an error shows of itself."""
    shown = (str(error), repr(error), repr(error.args), *error.problems)
    assert error.__cause__ is None
    assert error.__context__ is None
    return "\n".join((*shown, *traceback.format_exception(error)))


def assert_hidden(text: str, sentinel: str) -> None:
    """Fail when a text holds a large part of the sentinel."""
    for part in (sentinel, sentinel[:12], sentinel[-12:]):
        assert part not in text
        assert part.encode("unicode_escape").decode() not in text


def outcome(loaded: Config | WebConfig | ConfigError) -> str:
    """Return what is said about a configuration on the terminal and in the log."""
    return said(loaded) if isinstance(loaded, ConfigError) else "\n".join(loaded.warnings)


def load_file(path: Path, tree: object) -> Config | ConfigError:
    """Load a configuration file."""
    path.write_text(json.dumps(tree), encoding="utf-8")
    try:
        return load(path, ENVIRONMENT)
    except ConfigError as error:
        return error


def load_web(path: Path, tree: object) -> WebConfig | ConfigError:
    """Load a web configuration file."""
    path.write_text(json.dumps(tree), encoding="utf-8")
    try:
        return web.load(path)
    except ConfigError as error:
        return error


@pytest.mark.parametrize("sentinel", SENTINELS.values(), ids=SENTINELS)
def test_file(sentinel: str, good: Path) -> None:
    """No place of the configuration file shows it."""
    path = good / "main.yml"
    for tree in spoiled(full(), sentinel):
        assert_hidden(outcome(load_file(path, tree)), sentinel)


@pytest.mark.parametrize("sentinel", SENTINELS.values(), ids=SENTINELS)
def test_site_file(sentinel: str, good: Path) -> None:
    """No place of a file of ``site_files`` shows it."""
    main, path = good / "main.yml", good / "site.yml"
    for tree in spoiled([WRONG_SITE], sentinel):
        path.write_text(json.dumps(tree), encoding="utf-8")
        assert_hidden(outcome(load_file(main, {"site_files": ["site.yml"]})), sentinel)


@pytest.mark.parametrize("sentinel", SENTINELS.values(), ids=SENTINELS)
def test_names_that_are_equal(sentinel: str, good: Path) -> None:
    """A secret that is the name of two sites is not shown."""
    site = {**WRONG_SITE, "name": sentinel}
    assert_hidden(outcome(load_file(good / "main.yml", {"sites": [site, site]})), sentinel)


@pytest.mark.parametrize("sentinel", SENTINELS.values(), ids=SENTINELS)
def test_keys_that_are_equal(sentinel: str, tmp_path: Path) -> None:
    """A secret that is a key twice is not shown."""
    path, key = tmp_path / "main.yml", json.dumps(sentinel)
    for text in (f"{{{key}: x, {key}: y}}", f"{{basic_auth_users: {{{key}: x, {key}: y}}}}"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError) as caught:
            load(path, {})
        assert_hidden(said(caught.value), sentinel)
        with pytest.raises(ConfigError) as caught:
            web.load(path)
        assert_hidden(said(caught.value), sentinel)


@pytest.mark.parametrize("sentinel", SENTINELS.values(), ids=SENTINELS)
def test_environment(sentinel: str) -> None:
    """No variable shows its value."""
    names = (*variables.spelling().values(), "WHMCS_SOURCES", "WHMCS_CA_FILE")
    for name in names:
        base = {key: value for key, value in LEAST.items() if f"{key}_FILE" != name}
        for environment in (base, LEAST, {**LEAST, "WHMCS_INTERVAL": "0s"}):
            assert_hidden(_of_environment({**environment, name: sentinel}), sentinel)


def _of_environment(environment: Mapping[str, str]) -> str:
    try:
        return outcome(load(None, environment))
    except ConfigError as error:
        return said(error)


@pytest.mark.parametrize("sentinel", SENTINELS.values(), ids=SENTINELS)
def test_web_configuration(sentinel: str, folder: Path) -> None:
    """No place of the web configuration file shows it."""
    path = folder / "misplaced.yml"
    wrong = copy.deepcopy(WEB)
    wrong["http_server_config"]["http2"] = "perhaps"
    for tree in (*spoiled(WEB, sentinel), *spoiled(wrong, sentinel)):
        assert_hidden(outcome(load_web(path, tree)), sentinel)


def test_the_trees_are_right_but_for_the_sentinel(good: Path, folder: Path) -> None:
    """Otherwise the tests above would look at messages about other things."""
    tree = full()
    del tree["sites"][1]
    assert isinstance(load_file(good / "main.yml", tree), Config)
    assert not isinstance(load_web(folder / "misplaced.yml", WEB), ConfigError)


def test_known_keys_are_shown_in_wrong_places(tmp_path: Path) -> None:
    """A key that exists elsewhere is named: it is no secret."""
    keys = {part for path, _ in in_code() for part in path.split(".")} | set(_keys(WEB))
    keys -= {"alice"}
    assert keys <= KNOWN
    path = tmp_path / "main.yml"
    for key in KNOWN - {"defaults", "sites", "site_files"}:
        shown = outcome(load_file(path, {key: "x"}))
        assert f"unknown key `{key}`; " in shown


def _keys(tree: object) -> Iterator[str]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield key
            yield from _keys(value)


@pytest.mark.parametrize("key", ["intervall", "time-out", "sorces", "Secret", "pasword"])
def test_misspelled_keys_are_shown(key: str, tmp_path: Path) -> None:
    """A key that is nearly a known one is named, with the known one."""
    site = {**WRONG_SITE, key: "x"}
    assert f"unknown key `{key}`; did you mean" in outcome(
        load_file(tmp_path / "main.yml", {"sites": [site]})
    )

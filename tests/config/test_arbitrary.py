"""Whatever a file holds, the answer is a configuration or an error that shows no secret."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.config import Config, ConfigError, load
from exporter.config.login import forms
from tests.config.test_good import ENVIRONMENT, GOOD

SENTINEL = "Sentinel47"
SECRETS = ("identifier", "secret", "access_key", "password")
SECRET_KEYS = [form for key in SECRETS for form in forms(key)]
KEYS = [
    *("defaults", "sites", "site_files", "name", "url", "username", "interval", "timeout"),
    *("stale_after", "max_concurrency", "sources", "ignore_department_assignments"),
    *("departments", "statuses", "waiting", "limits", "allow_http", "host_header", "proxy_url"),
    *("basic_auth", "tls_config", "by", "include", "exclude", "credentials", "timezone"),
    *("max_pages", "response_bytes", "series", "ca_file", "cert_file", "key_file", "<<"),
    *("server_name", "insecure_skip_verify", *SECRET_KEYS),
]
TOKENS = [
    *("\n", "\n  ", "\n    - ", ": ", "- ", ", ", "[", "]", "{", "}", "&a ", "*a", "<<: *a"),
    *("'", '"', "|", ">", "!", "!!str ", "%YAML 1.1", "---", "...", "#", "?", "~", "\t", "\\"),
    *(
        "\\x",
        "\\UFFFFFFFF",
        "\x00",
        "\ufeff",
        "\x85",
        "@",
        "https://a",
        "30s",
        "true",
        "1",
        SENTINEL,
    ),
    *(f"{key}: " for key in KEYS),
]
SHORT = settings(
    max_examples=3 * settings().max_examples // 2,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def loaded_or_refused(path: Path | None, environment: Mapping[str, str]) -> Config | ConfigError:
    """Load a configuration; any other error than the one that is promised is the test's."""
    try:
        return load(path, environment)
    except ConfigError as error:
        return error


def outcome(path: Path | None, environment: Mapping[str, str] | None = None) -> str:
    """Return everything that loading a file shows."""
    loaded = loaded_or_refused(path, environment or {})
    if isinstance(loaded, Config):
        return repr(loaded)
    assert loaded.problems
    assert all(problem.isprintable() for problem in loaded.problems)
    return str(loaded)


@given(text=st.lists(st.sampled_from(TOKENS) | st.text(max_size=5), max_size=40).map("".join))
@SHORT
def test_any_text(text: str, tmp_path: Path) -> None:
    """Text made of YAML's pieces never raises anything else."""
    path = tmp_path / "any.yml"
    path.write_bytes(text.encode(errors="surrogatepass"))
    outcome(path)


@given(raw=st.binary(max_size=60))
@SHORT
def test_any_bytes(raw: bytes, tmp_path: Path) -> None:
    """Neither do bytes."""
    path = tmp_path / "any.yml"
    path.write_bytes(raw)
    outcome(path)


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=9)
SCALARS |= st.sampled_from(["30s", "1MiB", "https://a", "credentials", "statuses", "*", "\ud800"])
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner)
    ),
    max_leaves=15,
)
SITES = st.dictionaries(st.sampled_from(KEYS), TREES)


@given(tree=TREES | st.fixed_dictionaries({"defaults": SITES, "sites": st.lists(SITES)}))
@SHORT
def test_any_tree(tree: object, tmp_path: Path) -> None:
    """Any keys and values in any place are read or reported."""
    path = tmp_path / "any.yml"
    path.write_text(json.dumps(tree), encoding="utf-8")
    outcome(path, {"WHMCS_SECRET": "x"})


@given(data=st.data())
@SHORT
def test_any_environment(data: st.DataObject) -> None:
    """Any values of the variables are read or reported."""
    names = [
        *("URL", "SITE", "SOURCES", "INTERVAL", "TIMEOUT", "STALE_AFTER", "HOST_HEADER", "CA_FILE"),
        "WAITING_TIMEZONE",
        *("IDENTIFIER", "IDENTIFIER_FILE", "SECRET", "SECRET_FILE", "USERNAME", "PASSWORD"),
    ]
    texts = st.text() | st.sampled_from(["https://a", "30s", "a"])
    drawn = data.draw(st.dictionaries(st.sampled_from(names), texts))
    outcome(None, {f"WHMCS_{name}": text for name, text in drawn.items()})


SHAPES = st.sampled_from(
    [
        SENTINEL,
        f"'{SENTINEL}",
        f'"{SENTINEL}\\q"',
        f'"{SENTINEL}\\ud800"',
        f"[{SENTINEL}]",
        f"[[{SENTINEL}]",
        f"{{{SENTINEL}}}",
        f"{{{SENTINEL}: x}}",
        f"{SENTINEL}: x",
        f"*{SENTINEL}",
        f"&{SENTINEL}",
        f"!{SENTINEL} x",
        f"!!{SENTINEL} x",
        f"!<{SENTINEL} x",
        f"%{SENTINEL}",
        f"@{SENTINEL}",
        f"| {SENTINEL}",
        f"|\n          {SENTINEL}\n",
        f"{SENTINEL}\n  {SENTINEL}\n {SENTINEL}: [",
        f"\x01{SENTINEL}",
    ]
)


@given(
    key=st.sampled_from(SECRET_KEYS), shape=SHAPES, colon=st.sampled_from([": ", ":", " ", "\n"])
)
@SHORT
def test_no_secret_is_shown(key: str, shape: str, colon: str, tmp_path: Path) -> None:
    """A secret in any shape, at any key, with any slip is neither in errors nor in the repr."""
    path = tmp_path / "any.yml"
    for line in (f"    {key}{colon}{shape}\n", f"    basic_auth: {{{key}{colon}{shape}}}\n"):
        text = f"sites:\n  - name: a\n    url: https://a\n{line}    interval: 1s\n"
        path.write_text(text, encoding="utf-8")
        assert SENTINEL not in outcome(path)


@pytest.mark.parametrize("key", ["url", "proxy_url"])
@given(name=st.text(st.characters(exclude_characters="/"), max_size=5), end=st.text(max_size=5))
@SHORT
def test_no_userinfo_is_shown(key: str, name: str, end: str, tmp_path: Path) -> None:
    """A password in a URL is not shown, whatever is around it but a slash: then it is none."""
    path = tmp_path / "any.yml"
    site = {"name": "a", "url": "https://a", "identifier": "i", "secret": "s"}
    site[key] = f"https://{name}:{SENTINEL}@{end}"
    path.write_text(json.dumps({"sites": [site]}), encoding="utf-8")
    shown = outcome(path)
    assert SENTINEL not in shown
    assert "any.yml:1:" in shown


def test_full_file_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration with every key shows none of its secrets."""
    monkeypatch.chdir(GOOD)
    assert "hunter" not in outcome(Path("full.yml"), ENVIRONMENT)

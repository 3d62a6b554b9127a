"""One site from the environment."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from exporter.config import (
    Config,
    ConfigError,
    Credential,
    Secret,
    Site,
    TLSConfig,
    Waiting,
    load,
)

LEAST = {
    "WHMCS_URL": "https://billing.acme.example/",
    "WHMCS_IDENTIFIER": "hunter-id",
    "WHMCS_SECRET": "hunter-secret",
}
CREDENTIAL = Credential(
    identifier=Secret("hunter-id", origin="$WHMCS_IDENTIFIER"),
    secret=Secret("hunter-secret", origin="$WHMCS_SECRET"),
)
PAIRS = "`WHMCS_IDENTIFIER` and `WHMCS_SECRET`, or `WHMCS_USERNAME` and `WHMCS_PASSWORD`"


def problems(environment: Mapping[str, str]) -> str:
    """Return what is wrong with an environment."""
    with pytest.raises(ConfigError) as caught:
        load(None, environment)
    assert "hunter" not in str(caught.value)
    return str(caught.value)


def test_least() -> None:
    """Three variables are a site, named after its host; empty ones count as not set."""
    empty = dict.fromkeys(("WHMCS_SECRET_FILE", "WHMCS_INTERVAL", "WHMCS_SOURCES"), "")
    url = "https://billing.acme.example"
    site = Site(name="billing.acme.example", url=url, credential=CREDENTIAL)
    assert Config(sites=(site,)) == load(None, LEAST | empty)


def test_every_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every variable arrives in the site; paths start at the working directory."""
    monkeypatch.chdir(tmp_path)
    Path("key").write_text("hunter-key\n", encoding="utf-8")
    shutil.copy(Path(__file__).parent / "good" / "pem", "ca.pem")
    environment = LEAST | {
        "WHMCS_ACCESS_KEY_FILE": "key",
        "WHMCS_SITE": "acme",
        "WHMCS_INTERVAL": "30s",
        "WHMCS_TIMEOUT": "5s",
        "WHMCS_STALE_AFTER": "5m",
        "WHMCS_SOURCES": " ticket_counts, waiting ,",
        "WHMCS_WAITING_TIMEZONE": "Europe/Berlin",
        "WHMCS_HOST_HEADER": "whmcs.acme.example",
        "WHMCS_CA_FILE": "ca.pem",
    }
    expected = Site(
        name="acme",
        url="https://billing.acme.example",
        credential=Credential(
            identifier=CREDENTIAL.identifier,
            secret=CREDENTIAL.secret,
            access_key=Secret("hunter-key", origin="key"),
        ),
        interval=30.0,
        timeout=5.0,
        stale_after=300.0,
        sources=("ticket_counts", "waiting"),
        waiting=Waiting(timezone="Europe/Berlin"),
        host_header="whmcs.acme.example",
        tls_config=TLSConfig(ca_file=Path("ca.pem")),
    )
    assert (expected,) == load(None, environment).sites


def test_legacy_login() -> None:
    """The login of an administrator is taken as well."""
    login = {"WHMCS_USERNAME": "admin", "WHMCS_PASSWORD": "hunter2"}
    site = load(None, {"WHMCS_URL": "https://[::1]:8443/x"} | login).sites[0]
    assert (site.name, site.credential.username) == ("::1", "admin")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "neither --config.file nor WHMCS_URL is given; give one of them"),
        (
            LEAST | {"WHMCS_URL": ""},
            "neither --config.file nor WHMCS_URL is given; give one of them",
        ),
        ({"WHMCS_URL": "https://a"}, f"environment: no credential; give {PAIRS}"),
        (
            LEAST | {"WHMCS_SECRET": ""},
            "environment: no `WHMCS_SECRET`; give `WHMCS_SECRET` or `WHMCS_SECRET_FILE`",
        ),
        (
            LEAST | {"WHMCS_SECRET_FILE": "x"},
            (
                "environment: WHMCS_SECRET: `WHMCS_SECRET_FILE` and `WHMCS_SECRET` are given; "
                "give one of them"
            ),
        ),
        (
            LEAST | {"WHMCS_USERNAME": "admin"},
            f"environment: WHMCS_USERNAME: two kinds of login; give {PAIRS}",
        ),
        (
            {"WHMCS_URL": "https://a", "WHMCS_PASSWORD": "hunter2"},
            "environment: no `WHMCS_USERNAME`; give one",
        ),
        (
            LEAST | {"WHMCS_IDENTIFIER": "hunter-\udcfc"},
            "environment: WHMCS_IDENTIFIER: the secret is not UTF-8; write it in UTF-8",
        ),
        (
            LEAST | {"WHMCS_INTERVAL": "30"},
            "environment: WHMCS_INTERVAL: a number without a unit; write it like 30s, 5m or 1h30m",
        ),
        (
            LEAST | {"WHMCS_URL": "https://hunter2@a"},
            (
                "environment: WHMCS_URL: a user name or password in the URL; "
                "leave it out, and use `basic_auth`"
            ),
        ),
        (
            LEAST | {"WHMCS_URL": "nonsense", "WHMCS_SOURCES": "waiting,x"},
            (
                "environment: WHMCS_URL: not a URL of http or https; "
                "write it like https://billing.example\n"
                "environment: WHMCS_SOURCES: unknown value; "
                "write ticket_counts or departments or waiting\n"
                "environment: WHMCS_SOURCES: source `waiting` needs `WHMCS_WAITING_TIMEZONE`: "
                "WHMCS's dates do not tell it; "
                "give that of the WHMCS server, like Europe/Berlin"
            ),
        ),
        (
            LEAST | {"WHMCS_CA_FILE": "/none.pem"},
            (
                "environment: WHMCS_CA_FILE: cannot be read "
                "(No such file or directory); give the path of a readable file"
            ),
        ),
    ],
)
def test_message(environment: Mapping[str, str], expected: str) -> None:
    """Each mistake names the variable, and never the value of a secret."""
    assert expected == problems(environment)


def test_file_and_environment(tmp_path: Path) -> None:
    """A file beside the address in the environment leaves open which one counts."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "config.yml", LEAST)
    expected = "--config.file and WHMCS_URL are both given; give one of them"
    assert expected == str(caught.value)

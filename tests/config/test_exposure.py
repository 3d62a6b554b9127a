"""Files with secrets that every user of the machine may read are used, and warned of."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from exporter.config import load
from exporter.config.exposure import warnings
from tests.config.test_good import GOOD

if TYPE_CHECKING:
    from pathlib import Path

OPEN, CLOSED = 0o644, 0o640
SAID = "every user may read a file that holds a secret: {}; use chmod o-r"
ELSEWHERE = {"identifier_env": "ID", "secret_env": "ID"}
ENVIRONMENT = {"ID": "hunter"}


def written(path: Path, mode: int, text: str = "hunter\n") -> Path:
    """Write a file with a mode."""
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def config(folder: Path, mode: int, **keys: Any) -> Path:  # noqa: ANN401 - whatever a key may hold
    """Write the configuration of one site."""
    site = {"name": "a", "url": "https://a", **keys}
    return written(folder / "main.yml", mode, json.dumps({"sites": [site]}))


@pytest.mark.parametrize(("mode", "expected"), [(OPEN, (SAID,)), (0o604, (SAID,)), (CLOSED, ())])
def test_file_of_a_secret(tmp_path: Path, mode: int, expected: tuple[str, ...]) -> None:
    """A file of a secret is named when its mode lets others read it, and used all the same."""
    file = written(tmp_path / "secret", mode)
    path = config(tmp_path, OPEN, identifier_env="ID", secret_file="secret")  # noqa: S106 - a name
    loaded = load(path, ENVIRONMENT)
    assert tuple(text.format(file) for text in expected) == loaded.warnings
    assert {"identifier": "hunter", "secret": "hunter"} == loaded.sites[0].credential.form()


def test_configuration_itself(tmp_path: Path) -> None:
    """Only files that are there for a secret are judged: most configurations hold none."""
    path = config(tmp_path, OPEN, identifier="hunter", secret_env="ID")  # noqa: S106 - a variable
    assert () == load(path, ENVIRONMENT).warnings


def test_site_from_the_environment(tmp_path: Path) -> None:
    """The file behind a variable counts, the variable itself does not."""
    file = written(tmp_path / "secret", OPEN)
    environment = {
        "WHMCS_URL": "https://a",
        "WHMCS_IDENTIFIER": "x",
        "WHMCS_SECRET_FILE": f"{file}",
    }
    assert (SAID.format(file),) == load(None, environment).warnings


def test_password_of_basic_auth(tmp_path: Path) -> None:
    """What opens the door in front of WHMCS is a secret like the others."""
    file = written(tmp_path / "gate", OPEN)
    gate = {"username": "robot", "password_file": "gate"}
    path = config(tmp_path, CLOSED, basic_auth=gate, **ELSEWHERE)
    assert (SAID.format(file),) == load(path, ENVIRONMENT).warnings


@pytest.mark.parametrize("key", ["key_file", "cert_file"])
def test_key_of_a_client_certificate(tmp_path: Path, key: str) -> None:
    """A private key counts, in its own file or behind its certificate; a certificate does not."""
    pem = (GOOD / "pem").read_text(encoding="utf-8")
    files = {"cert_file": written(tmp_path / "pem", OPEN, pem)}
    files[key] = written(tmp_path / "key", OPEN, pem)
    tls_config = {name: str(file) for name, file in files.items()}
    path = config(tmp_path, CLOSED, tls_config=tls_config, **ELSEWHERE)
    assert (SAID.format(tmp_path / "key"),) == load(path, ENVIRONMENT).warnings


def test_files_are_named_once_and_not_all(tmp_path: Path) -> None:
    """However many files there are, there is one warning, on one line, which names five."""
    files = [written(tmp_path / f"{number}\n", OPEN) for number in range(7)]
    names = [f"{tmp_path}/{number}\\n" for number in range(6)]
    assert (SAID.format(f"{', '.join(names[:5])} and 2 more"),) == warnings(files)
    assert (SAID.format(", ".join(names[:5])),) == warnings(files[:5])


def test_file_that_is_gone(tmp_path: Path) -> None:
    """A file that has vanished since it was read is nothing to warn of."""
    assert () == warnings([tmp_path / "none"])


def test_warning_is_logged(tmp_path: Path) -> None:
    """Every command that reads the configuration says it in the log, in one line."""
    file = written(tmp_path / "secret", OPEN)
    path = config(tmp_path, CLOSED, identifier_env="ID", secret_file="secret")  # noqa: S106 - a name
    command = [sys.executable, "-m", "exporter", "check", f"--config.file={path}"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    (line,) = done.stderr.splitlines()
    assert "level=warn" in line
    assert SAID.format(file) in line

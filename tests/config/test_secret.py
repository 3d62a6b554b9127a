"""Secrets are not shown, and follow their files."""

import copy
import hashlib
import json
import os
import pickle
import pprint
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from exporter.config import Config, ConfigError, Credential, Secret, load

VALUE = "hunter-secret"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write a file with a secret."""
    path = tmp_path / "secret"
    path.write_text(f"{VALUE}\n", encoding="utf-8")
    return path


def config_of(file: Path) -> Config:
    """Load a configuration with a secret of every origin."""
    path = file.with_name("config.yml")
    site = {
        "name": "a",
        "url": "https://a",
        "identifier_file": str(file),
        "secret_env": "S",
        "access_key": VALUE,
    }
    path.write_text(json.dumps({"sites": [site]}), encoding="utf-8")
    return load(path, {"S": VALUE})


def secret_of(file: Path) -> Secret:
    """Load a configuration and return its secret from a file."""
    secret = config_of(file).sites[0].credential.identifier
    assert secret is not None
    return secret


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        ascii,
        format,
        "{}".format,
        lambda value: f"{value} {value!r}",
        lambda value: "%s %r" % (value, value),  # noqa: UP031 - that form is what is tested
        pprint.pformat,
        lambda value: json.dumps(value, default=str),
    ],
)
def test_no_text_form_shows_it(file: Path, show: Callable[[object], str]) -> None:
    """No way to make text of a configuration or a secret shows a value."""
    config = config_of(file)
    for shown in (config, *config.sites, secret_of(file), [secret_of(file)]):
        assert VALUE not in show(shown)


def test_repr_says_where_it_is_from(file: Path) -> None:
    """Each origin is named."""
    credential = config_of(file).sites[0].credential
    shown = (credential.identifier, credential.secret, credential.access_key)
    expected = [f"<secret from {file}>", "<secret from $S>", "<secret from configuration>"]
    assert expected == [repr(secret) for secret in shown]


def test_asdict_keeps_the_mask(file: Path) -> None:
    """A configuration as dictionaries still holds masked secrets, which can be used."""
    config = config_of(file)
    assert VALUE not in repr(asdict(config))
    secret = asdict(config)["sites"][0]["credential"]["secret"]
    assert secret.reveal() == VALUE
    assert copy.copy(secret) is copy.deepcopy(secret) is secret


def test_it_is_not_serialized(file: Path) -> None:
    """Neither pickle nor json takes a secret, and their errors do not show it."""
    config = config_of(file)
    with pytest.raises(TypeError, match="a secret is not serialized"):
        pickle.dumps(config)
    with pytest.raises(TypeError) as caught:
        json.dumps(asdict(config))
    assert VALUE not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [f"secret: *{VALUE}", f"secret: '{VALUE}", f"secret: !{VALUE} x", f"secret: [{VALUE}]"],
)
def test_tracebacks_do_not_show_it(tmp_path: Path, line: str) -> None:
    """The error carries no cause, context or variable with the offending text."""
    path = tmp_path / "config.yml"
    path.write_text(f"sites:\n  - {line}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    error = caught.value
    assert error.__context__ is None
    # The first frame is this test, which knows the value.
    frames = error.__traceback__.tb_next if error.__traceback__ else None
    report = traceback.TracebackException(type(error), error, frames, capture_locals=True)
    assert VALUE not in "".join(report.format())


def test_equality_is_origin_and_value() -> None:
    """Secrets compare by origin and value, and with nothing else."""
    secret = Secret(VALUE, origin="a")
    assert secret == Secret(VALUE, origin="a")
    assert hash(secret) == hash(Secret("other", origin="a"))
    assert secret not in {Secret(VALUE, origin="b"), Secret("other", origin="a"), VALUE}


@pytest.mark.parametrize("force", [False, True])
def test_literal_never_changes(*, force: bool) -> None:
    """There is nothing new to find in a value from the configuration itself."""
    assert not Secret(VALUE).refresh(force=force)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a\n", "a"),
        (b"a\r\n", "a"),
        (b"a", "a"),
        (b"a\n\n", "a\n"),
        (b"a\r", "a\r"),
        (b" a \n", " a "),
        ("ü🔑\n".encode(), "ü🔑"),
        ("\ufeffa\r\n".encode(), "a"),
        ("a\ufeff".encode(), "a\ufeff"),
    ],
)
def test_one_line_end_is_stripped(file: Path, content: bytes, expected: str) -> None:
    """One line end and a byte order mark are no part of the secret, everything else is."""
    file.write_bytes(content)
    assert expected == secret_of(file).reveal()


def test_unchanged_file(file: Path) -> None:
    """An unchanged file has no new value, even when it is read again."""
    secret = secret_of(file)
    assert not secret.refresh()
    assert not secret.refresh(force=True)
    assert secret.reveal() == VALUE


def test_changed_file(file: Path) -> None:
    """A new value is found once."""
    secret = secret_of(file)
    file.write_text("another", encoding="utf-8")
    assert secret.refresh()
    assert secret.reveal() == "another"
    assert not secret.refresh()


def test_value_before_this_one_is_hidden_too(file: Path) -> None:
    """After each change of several, the last two values must not be shown, and no older one."""
    secret = secret_of(file)
    assert (VALUE,) == secret.values()
    for before, value in ((VALUE, "second"), ("second", "third one"), ("third one", "fourth")):
        file.write_text(value, encoding="utf-8")
        assert secret.refresh()
        assert (value, before) == secret.values()


def test_touched_file(file: Path) -> None:
    """A file that is newer and the same is no change."""
    secret = secret_of(file)
    os.utime(file, ns=(1, 1))
    assert not secret.refresh()


def test_change_that_stat_does_not_show(file: Path) -> None:
    """Only force finds a change of the same size, time and inode."""
    secret, status = secret_of(file), file.stat()
    file.write_text(f"{VALUE[::-1]}\n", encoding="utf-8")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert not secret.refresh()
    assert secret.refresh(force=True)
    assert secret.reveal() == VALUE[::-1]


def test_symlink_swap(tmp_path: Path) -> None:
    """A volume that is swapped as Kubernetes does it is a change."""
    for folder, value in (("..1", "old"), ("..2", "new")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "secret").write_text(value, encoding="utf-8")
        os.utime(tmp_path / folder / "secret", ns=(1, 1))
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "secret").symlink_to("..data/secret")
    secret = secret_of(tmp_path / "secret")
    (tmp_path / "..data_tmp").symlink_to("..2")
    (tmp_path / "..data_tmp").rename(tmp_path / "..data")
    assert secret.refresh()
    assert secret.reveal() == "new"


@pytest.mark.parametrize(
    "content", [None, b"", b"\n", b" \t\n\n", b"\xef\xbb\xbf\n", b"\xff", b"x" * 65537]
)
@pytest.mark.parametrize("force", [False, True])
def test_unfit_file_keeps_the_last_value(file: Path, content: bytes | None, *, force: bool) -> None:
    """A file that vanishes or is unfit for a while changes nothing, and is found again later."""
    secret = secret_of(file)
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    assert not secret.refresh(force=force)
    assert secret.reveal() == VALUE
    file.write_text("back", encoding="utf-8")
    assert secret.refresh(force=force)
    assert secret.reveal() == "back"


def test_pipe_is_refused(tmp_path: Path) -> None:
    """A named pipe, which would block, is no file of a secret."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="not a regular file"):
        secret_of(tmp_path / "pipe")


def test_form_of_an_api_credential() -> None:
    """The fields are named as WHMCS names them."""
    credential = Credential(identifier=Secret("i"), secret=Secret("s"), access_key=Secret("k"))
    assert credential.form() == {"identifier": "i", "secret": "s", "accesskey": "k"}
    assert credential.values() == ("i", "s", "k")


def test_form_of_a_legacy_login() -> None:
    """The password is sent as its md5, which must not be shown either."""
    credential = Credential(username="admin", password=Secret("pässword"))
    digest = hashlib.md5("pässword".encode(), usedforsecurity=False).hexdigest()
    assert credential.form() == {"username": "admin", "password": digest}
    assert credential.values() == ("pässword", digest)


@pytest.mark.parametrize("names", ["", "identifier", "username password identifier secret"])
def test_half_a_credential(names: str) -> None:
    """A credential is one whole pair."""
    parts = {name: Secret("x") for name in names.split() if name != "username"}
    username = "u" if "username" in names else None
    with pytest.raises(ValueError, match="identifier and secret, or username and password"):
        Credential(username=username, **parts)


def test_refresh_of_a_credential(tmp_path: Path) -> None:
    """All secrets are looked at, and any new one counts."""
    files = [tmp_path / "identifier", tmp_path / "secret"]
    for each in files:
        each.write_text("old", encoding="utf-8")
    credential = Credential(identifier=secret_of(files[0]), secret=secret_of(files[1]))
    assert not credential.refresh()
    for each in files:
        each.write_text("newer", encoding="utf-8")
    assert credential.refresh()
    assert credential.values() == ("newer", "old", "newer", "old")
    assert not credential.refresh(force=True)


def test_each_credential_notices_for_itself(file: Path) -> None:
    """An access key shared by departments is new to each of the credentials."""
    path = file.with_name("config.yml")
    text = f"""
sites:
  - name: a
    url: https://a
    identifier: i
    secret: s
    access_key_file: {file}
    departments: {{by: credentials, credentials: [{{name: d, identifier: i, secret: s}}]}}
"""
    path.write_text(text, encoding="utf-8")
    site = load(path, {}).sites[0]
    file.write_text("another", encoding="utf-8")
    assert site.credential.refresh()
    assert site.departments.credentials[0].credential.refresh()


@pytest.mark.parametrize(
    ("value", "padded"),
    [("a b", False), ("a ", True), (" a", True), ("a\n", True), ("a\u00a0", True)],
)
def test_white_space_around_it_is_noticed(value: str, *, padded: bool) -> None:
    """A secret that was copied with too much can be told so, without being told."""
    assert padded is Secret(value).padded


def test_origin(file: Path) -> None:
    """Where each secret is from is no secret."""
    credential = config_of(file).sites[0].credential
    found = [part.origin for part in (credential.identifier, credential.secret) if part]
    assert [str(file), "$S"] == found

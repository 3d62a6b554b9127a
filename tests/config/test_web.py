"""The web configuration: what is read, every message, and promtool as the judge of both."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.config import ConfigError, web
from tests.config.web_files import (
    BAD,
    GOOD,
    HASH,
    HOPELESS,
    NEWER,
    NEWER_BAD,
    load,
)

MESSAGES = Path(__file__).parent / "web" / "messages.txt"
BYTES = st.binary(max_size=40)
REFUSED = BAD | HOPELESS | NEWER_BAD


def message(folder: Path, text: str) -> str:
    """Return what is wrong with a file."""
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return str(caught.value).replace(f"{folder}/", "")


@pytest.mark.parametrize("text", (GOOD | NEWER).values(), ids=GOOD | NEWER)
def test_good_files_are_taken(text: str, folder: Path) -> None:
    """What the format allows can be loaded, and has TLS when it has a certificate."""
    loaded = load(folder, text)
    assert ("a.pem" in text) == (loaded.tls.context is not None)


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_bad_files_are_refused_without_their_secrets(text: str, folder: Path) -> None:
    """Every problem has its place, and none shows a hash or a misplaced password."""
    for line in message(folder, text).splitlines():
        assert line.startswith("web.yml:")
        assert line.split(": ", 1)[0].count(":") == 2
        assert "hunter2" not in line
        assert HASH[7:20] not in line


def test_messages(folder: Path) -> None:
    """Each mistake is said as it was when somebody last read it."""
    said = "\n".join(f"# {name}\n{message(folder, text)}\n" for name, text in REFUSED.items())
    assert MESSAGES.read_text(encoding="utf-8") == said


def test_every_problem_at_once(folder: Path) -> None:
    """One run finds all mistakes, in order."""
    text = (
        "tls_server_config:\n  cert_file: none.pem\n  min_version: TLS9\n  curves: []\n"
        "http_server_config:\n  http2: perhaps\n  headers: {Server: x}\n"
        "basic_auth_users:\n  alice: hunter2\n  bob: hunter2\nmore: 1\n"
    )
    places = [line.split(": ")[0] for line in message(folder, text).splitlines()]
    lines = (2, 2, 3, 4, 6, 7, 9, 10, 11)
    assert [f"web.yml:{line}" for line in lines] == [place.rsplit(":", 1)[0] for place in places]


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(ConfigError, match=r"none\.yml: cannot be read"):
        web.load(tmp_path / "none.yml")


@settings(max_examples=200)
@given(text=st.text(max_size=80) | st.sampled_from([*GOOD.values(), *BAD.values()]), tail=BYTES)
def test_anything_is_taken_or_refused(text: str, tail: bytes, folder: Path) -> None:
    """Whatever the file holds, it is one or the other."""
    with suppress(ConfigError):
        load(folder, text.encode("utf-8", "surrogatepass") + tail)


def test_hashes_become_those_of_2b(folder: Path) -> None:
    """Whatever letter stands in a hash, its password is the same."""
    # The letters may stand in a salt and in a hash, too.
    hashed = bcrypt.hashpw(b"secret", b"$2b$04$2b2b2b2b2b2b2b2b2b2b2e").decode()
    prefix, rest = hashed[:4], hashed[4:]
    assert "$2b$" == prefix
    for letter in ("2a", "2b", "2y", "2x", "2"):
        (found,) = load(folder, f"basic_auth_users: {{alice: '${letter}${rest} x'}}").users.values()
        assert bcrypt.checkpw(b"secret", found)


def test_users_are_not_shown(folder: Path) -> None:
    """The text of a configuration has no hash."""
    loaded = load(folder, GOOD["users"])
    assert {b"alice", "Zoë".encode(), b"", b"1"} == set(loaded.users)
    assert HASH[7:20] not in repr(loaded)


def test_headers_and_files(folder: Path) -> None:
    """Headers are as written, a blank one too; the files are those to look at for changes."""
    loaded = load(folder, GOOD["headers"])
    assert "" == loaded.headers["Content-Security-Policy"]
    assert "1" == loaded.headers["X-XSS-Protection"]
    names = [path.name for path in load(folder, GOOD["required"]).files]
    assert ["web.yml", "a.pem", "a.key", "ca.pem"] == names


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("any", "client_auth_type RequireAnyClientCert is served as RequireAndVerifyClientCert"),
        ("curves", "of curve_preferences only CurveP384 is used"),
        ("no certificate", "tls_server_config names no cert_file: TLS is not served"),
    ],
)
def test_what_is_done_otherwise_is_warned_of(name: str, said: str, folder: Path) -> None:
    """What Python's TLS can't do as Go's does is said."""
    (warning,) = load(folder, GOOD[name]).warnings
    assert warning.startswith(said)


@pytest.mark.parametrize("name", ["users", "tls", "required", "given", "headers", "suites"])
def test_what_is_done_as_written_is_not(name: str, folder: Path) -> None:
    """A file that is followed to the letter gives no warning."""
    assert () == load(folder, GOOD[name]).warnings


def test_files_that_everybody_may_read_are_warned_of(folder: Path) -> None:
    """Hashes and keys are secrets as well."""
    path = folder / "open.yml"
    path.write_text(GOOD["users"], encoding="utf-8")
    path.chmod(0o644)
    (warning,) = web.load(path).warnings
    assert f"{path}; use chmod o-r" in warning

"""One small bad file per mistake in ``bad/``, with the exact message beside it."""

import os
from pathlib import Path
from unittest.mock import Mock

import pytest

from exporter.config import ConfigError, load, login

BAD = Path(__file__).parent / "bad"
NAMES = sorted(path.stem for path in BAD.glob("*.yml"))
SITE = "{name: a, url: 'https://a.example', identifier: i, secret_file: s}"
# As Python hands over bytes that are not UTF-8.
ENVIRONMENT = {"ID": "hunter-id", "EMPTY": "", "LATIN1": "hunter-\udcfc"}


@pytest.mark.parametrize("name", NAMES)
def test_message(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each mistake is reported at its place, with what would be right, and without secrets."""
    monkeypatch.chdir(BAD)
    with pytest.raises(ConfigError) as caught:
        load(Path(f"{name}.yml"), ENVIRONMENT)
    expected = Path(f"{name}.txt").read_text(encoding="utf-8")
    assert expected == f"{caught.value}\n"
    assert tuple(expected.splitlines()) == caught.value.problems
    assert "hunter" not in expected


def test_every_message_has_its_file() -> None:
    """No message is left over from a file that is gone."""
    messages = sorted(path.stem for path in BAD.glob("*.txt"))
    assert messages == NAMES


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is named."""
    path = tmp_path / "none.yml"
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    reason = "cannot be read (No such file or directory); give the path of a readable file"
    assert f"{path}: {reason}" == str(caught.value)


def test_a_pipe_that_nobody_writes_to(tmp_path: Path) -> None:
    """What would block for ever is refused: a reload would never end, nor the process."""
    path = tmp_path / "pipe.yml"
    os.mkfifo(path)
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    reason = "cannot be read (not a regular file); give the path of a readable file"
    assert f"{path}: {reason}" == str(caught.value)


def test_huge_file(tmp_path: Path) -> None:
    """A file above 16 MiB is refused before it is parsed."""
    path = tmp_path / "huge.yml"
    with path.open("wb") as file:
        file.truncate(16 * 1024 * 1024 + 1)
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    assert f"{path}: larger than 16 MiB; split it with `site_files`" == str(caught.value)


def test_file_names_are_escaped(tmp_path: Path) -> None:
    """A line break in the name of a site file does not break the message's line."""
    (tmp_path / "a\nb.yml").write_text("x", encoding="utf-8")
    path = tmp_path / "main.yml"
    path.write_text("site_files: ['*b.yml']", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    wrong = "one value where a list belongs; write it like [a, b], or `- ` before each item"
    assert f"{tmp_path}/a\\nb.yml:1:1: {wrong}" == str(caught.value)


def test_a_secret_that_this_user_may_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that is there already is not asked for again."""
    # Whoever runs the tests may be root, to whom no file is closed.
    monkeypatch.setattr(login, "FileSecret", Mock(side_effect=PermissionError(13, "Denied")))
    path = tmp_path / "main.yml"
    path.write_text(f"sites: [{SITE}]", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    wrong = "`secret_file`: the file of the secret cannot be used (Denied)"
    assert str(caught.value).endswith(f"{wrong}; let the exporter's user read it")

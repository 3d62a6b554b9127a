"""Commands and YAML in the documents: flags exist, files exist, configurations are accepted."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from exporter import config, flags
from tests.docs.pages import DOCUMENTS, ROOT, blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TARGETS = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
# What is not ours, and not of this repository: deploy/ has tests of its own that run them.
FOREIGN = {
    *("amtool", "buildah", "cat", "cd", "chgrp", "chmod", "cp", "curl", "docker", "grep", "helm"),
    *("install", "journalctl", "kubectl", "ln", "pip", "printf", "promtool", "read", "sed", "sudo"),
    "systemctl",
}


def _lines(document: Path) -> Iterator[str]:
    """Yield the commands of a page, one after the other, without what they are fed."""
    for code in blocks(document.read_text(encoding="utf-8"), "sh"):
        unfed = re.sub(r"(<<'(\w+)'.*?\n).*?^\2$", r"\1", code, flags=re.DOTALL | re.MULTILINE)
        yield from unfed.replace("\\\n", " ").splitlines()


def _commands(document: Path) -> Iterator[list[str]]:
    """Yield the words of each command, also of those behind ``&&``, without variables before it."""
    for line in _lines(document):
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if word not in {"&&", ";", "|", "||"}:
                words.append(word)
                continue
            while words and re.match(r"[A-Z_0-9]+=", words[0]):
                words.pop(0)
            if words:
                yield words
            words = []


def _ours(_: Path, words: list[str]) -> None:
    flags.parse(words)


def _make(_: Path, words: list[str]) -> None:
    targets = {word for word in words if "=" not in word and not word.startswith("-")}
    assert set() == targets - TARGETS


def _python(document: Path, words: list[str]) -> None:
    if words[:2] == ["-m", "exporter"]:
        flags.parse(words[2:])
    elif words[0] == "-m":
        assert importlib.util.find_spec(words[1])
    else:
        assert (document.parent / words[0]).exists() or (ROOT / words[0]).exists()


CHECKS: dict[str, Callable[[Path, list[str]], None]] = {
    "whmcs-exporter": _ours,
    "make": _make,
    "python": _python,
    "python3": _python,
}
COMMANDS = [
    pytest.param(document, words, id=f"{document.relative_to(ROOT)}: {' '.join(words)[:60]}")
    for document in DOCUMENTS
    for words in _commands(document)
]


@pytest.mark.parametrize(("document", "words"), COMMANDS)
def test_every_command_can_be_typed(document: Path, words: list[str]) -> None:
    """Ours take these flags, targets of make exist, so do modules and programs of Python."""
    name = Path(words[0]).name
    if name in CHECKS:
        CHECKS[name](document, words[1:])
    else:
        assert name in FOREIGN or (ROOT / words[0]).exists()


def test_commands_are_found() -> None:
    """The README has commands of ours, so that the test above is not empty."""
    mine = [words[0] for words in _commands(ROOT / "README.md")]
    assert {"make", "whmcs-exporter"} <= set(mine)


YAML = [
    pytest.param(code, id=f"{document.relative_to(ROOT)}: {code[:40]!r}")
    for document in DOCUMENTS
    for code in blocks(document.read_text(encoding="utf-8"), "yaml")
]


@pytest.mark.parametrize("code", YAML)
def test_yaml_is_sound_and_configurations_are_accepted(code: str, tmp_path: Path) -> None:
    """All of it is YAML; what has sites loads, once the secrets that it names exist."""
    parsed = list(yaml.safe_load_all(code))
    assert parsed
    if not any(isinstance(each, dict) and "sites" in each for each in parsed):
        return
    for name in _values(parsed, "_file"):
        code = code.replace(name, Path(name).name)
        (tmp_path / Path(name).name).write_text("secret", encoding="utf-8")
    path = tmp_path / "whmcs.yml"
    path.write_text(code, encoding="utf-8")
    environment = dict.fromkeys(_values(parsed, "_env"), "secret")
    assert config.load(path, environment).sites


def _values(node: Any, ending: str) -> set[str]:  # noqa: ANN401 - any YAML
    """Return the values of all keys with an ending, however deep they are."""
    if isinstance(node, list):
        return {name for each in node for name in _values(each, ending)}
    if not isinstance(node, dict):
        return set()
    here = {value for key, value in node.items() if str(key).endswith(ending)}
    return here | _values(list(node.values()), ending)

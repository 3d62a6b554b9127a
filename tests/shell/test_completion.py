"""Completions and the manual page: those of the program as it is, and real shells take them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.commands import COMMANDS
from tests.docs.sample import README
from tests.tools import tool

HERE = Path(__file__).parent
SHELL = README.parent / "deploy" / "shell"
PROGRAM = SHELL / "completions.py"
NAMES = ("whmcs-exporter.bash", "_whmcs-exporter", "whmcs-exporter.fish", "whmcs-exporter.1")
# Complete the last word of the line, as bash breaks it up, and print what it would offer.
BASH = """\
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
compopt() { :; }
_whmcs_exporter
printf '%s\\n' "${COMPREPLY[@]}"
"""

Shell = Callable[[str], set[str]]

LINES: dict[str, set[str]] = {
    "whmcs-exporter ": set(COMMANDS),
    "whmcs-exporter do": {"doctor"},
    "whmcs-exporter --config.": {"--config.file", "--config.check"},
    "whmcs-exporter serve --web.t": {"--web.telemetry-path"},
    "whmcs-exporter doctor --": {
        *("--help", "--config.file", "--log.level", "--log.format", "--site", "--format")
    },
    "whmcs-exporter doctor --format ": {"text", "json"},
    "whmcs-exporter doctor --format=": {"text", "json"},
    "whmcs-exporter doctor --format=j": {"json"},
    "whmcs-exporter collect --log.level w": {"warn"},
    "whmcs-exporter simulate --whmcs": {"--whmcs-version"},
    "whmcs-exporter doctor --site ": set(),
}


def _run(*command: str) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE, timeout=60)
    assert "" == done.stderr
    return done.stdout


def _bash(line: str) -> set[str]:
    words = re.split(" |(?<!^)(?==)|(?<==)", line)
    return set(_run(tool("bash"), "-c", BASH, "bash", str(SHELL / NAMES[0]), *words).split())


def _zsh(line: str) -> set[str]:
    said = _run(tool("zsh"), "-f", str(HERE / "capture.zsh"), str(SHELL), line)
    return set(re.findall(r"<offer>([^\s:]+)", said))


def _fish(line: str) -> set[str]:
    script = f"source {SHELL / NAMES[2]}; complete -C '{line}'"
    offered = _run(tool("fish"), "--no-config", "-c", script).splitlines()
    # A value comes with its flag where they are one word.
    return {each.split("\t")[0].rpartition("=")[2] for each in offered}


@pytest.mark.parametrize("shell", [_bash, _zsh, _fish])
@pytest.mark.parametrize("line", LINES)
def test_what_is_offered(line: str, shell: Shell) -> None:
    """Each shell offers what fits at the end of a line."""
    offered = shell(line)
    if line == "whmcs-exporter ":
        # bash and zsh also offer the flags of `serve`, the default.
        offered = {each for each in offered if not each.startswith("-")}
    assert LINES[line] == offered


@pytest.mark.parametrize("shell", [_bash, _fish])
def test_files_are_offered(shell: Shell) -> None:
    """A flag that takes a file is completed to files."""
    assert "capture.zsh" in shell("whmcs-exporter doctor --config.file=capt")


def test_they_are_up_to_date() -> None:
    """``python deploy/shell/completions.py`` has nothing to write."""
    assert "" == _run(sys.executable, str(PROGRAM), "--check")


def test_outdated_ones_are_noticed_and_mended(tmp_path: Path) -> None:
    """``--check`` fails after a change and says what to do; without it, it is done."""
    program = tmp_path / PROGRAM.name
    program.write_bytes(PROGRAM.read_bytes())
    check = [sys.executable, str(program), "--check"]
    done = subprocess.run(check, check=False, capture_output=True, text=True)
    assert (1, True) == (done.returncode, f"run {program}" in done.stderr)
    _run(sys.executable, str(program))
    assert {*NAMES, PROGRAM.name} == {path.name for path in tmp_path.iterdir()}
    _run(*check)


def test_the_manual_page_is_sound() -> None:
    """The formatter has nothing to say against it, and it names every flag and exit code."""
    page = SHELL / NAMES[3]
    text = _run(tool("groff"), "-man", "-Tutf8", "-ww", "-P-cbou", str(page))
    for command in COMMANDS:
        assert re.search(rf"^ +{command}$", text, re.MULTILINE)
    for name in ("--web.listen-address ADDRESS", "--site NAME", "--whmcs-version X.Y"):
        assert name in text.replace("\u2010", "-")
    assert ["0", "1", "2", "3"] == re.findall(r"^ +([0-9]) {2,}", text, re.MULTILINE)

"""What users type: help, versions, wrong usage, and configurations that are checked."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from exporter import __version__, commands, flags
from tests.process.program import ANYWHERE, Launcher

HELP = Path(__file__).parent / "help"
COMMANDS = ("serve", "check", "doctor", "collect", "healthcheck", "simulate", "demo")
BAD = """\
sites:
  - {name: acme, url: "http://billing.example", identifier: a, secret: b, intervall: 30s}
  - {name: acme, url: "https://other.example", identifier: a, secret_file: missing}
"""
PROBLEMS = (
    "bad.yml:2:23: `url`: http would send the credential in clear",
    "bad.yml:2:75: unknown key `intervall`; did you mean `interval`?",
    "bad.yml:3:12: duplicate site name",
    "bad.yml:3:76: `secret_file`: the file of the secret cannot be used",
)
GOOD = 'sites: [{name: acme, url: "https://billing.example", identifier: a, secret: b}]\n'


@pytest.mark.parametrize("command", COMMANDS)
async def test_help_of_a_command(command: str, launcher: Launcher) -> None:
    """Each command says what it takes, as it did when somebody last read it."""
    program = launcher.exporter(command, "--help")
    assert 0 == await program.ended()
    assert (HELP / f"{command}.txt").read_text(encoding="utf-8") == program.stdout


def test_examples_are_right() -> None:
    """Whoever copies an example of the help does not begin with a mistake."""
    for command, about in commands.COMMANDS.items():
        assert about.examples
        for example in about.examples:
            assert command == flags.parse(shlex.split(example)[1:]).command


async def test_help_names_every_command(launcher: Launcher) -> None:
    """Without a command, help is about all of them."""
    program = launcher.exporter("--help")
    assert 0 == await program.ended()
    assert (HELP / "main.txt").read_text(encoding="utf-8") == program.stdout


async def test_version(launcher: Launcher) -> None:
    """The version is one line that scripts can read."""
    program = launcher.exporter("--version")
    assert 0 == await program.ended()
    assert f"whmcs-exporter {__version__}\n" == program.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--web.listen-adress=:1"], "unrecognized arguments: --web.listen-adress=:1"),
        (["serve", "--web.listen=:1"], "unrecognized arguments: --web.listen=:1"),
        (["--web.listen-address=9942"], "'9942' is not :PORT, HOST:PORT, [IPv6]:PORT or unix:PATH"),
        (["--web.listen-address=:99420"], "':99420' is not :PORT"),
        (["--web.telemetry-path=metrics"], "'metrics' is not a path such as /metrics"),
        (
            ["--web.telemetry-path=/healthz"],
            "/healthz is another page's path; write one of its own",
        ),
        (["--web.max-requests=0"], "'0' is not a whole number above 0"),
        (["--log.level=loud"], "invalid choice: 'loud'"),
        (["collect", "--web.listen-address=:1"], "unrecognized arguments"),
        (["frobnicate"], "argument command: invalid choice: 'frobnicate'"),
    ],
)
async def test_wrong_usage_is_2(arguments: list[str], said: str, launcher: Launcher) -> None:
    """A mistake on the command line is named, and ends with 2."""
    program = launcher.exporter(*arguments)
    assert 2 == await program.ended()
    assert said in program.stderr
    assert "Traceback" not in program.stderr


@pytest.mark.parametrize(
    "arguments",
    [["serve", ANYWHERE], ["--config.check"], ["check"], ["collect"]],
    ids=lambda arguments: arguments[0],
)
async def test_bad_configuration_is_2_with_every_problem(
    arguments: list[str], launcher: Launcher, tmp_path: Path
) -> None:
    """All problems stand on standard error, each at its place, before anything is done."""
    path = tmp_path / "bad.yml"
    path.write_text(BAD, encoding="utf-8")
    program = launcher.exporter(*arguments, f"--config.file={path}")
    assert 2 == await program.ended()
    assert "" == program.stdout
    lines = program.stderr.splitlines()
    expected = [f"{tmp_path}/{problem}" for problem in PROBLEMS]
    assert expected == [line[: len(start)] for line, start in zip(lines, expected, strict=True)]


@pytest.mark.parametrize("arguments", [["check"], ["--config.check"], ["serve", "--config.check"]])
async def test_good_configuration_is_0(
    arguments: list[str], launcher: Launcher, tmp_path: Path
) -> None:
    """Checking says that all is well and leaves, without any network: the URL is nobody's."""
    path = tmp_path / "good.yml"
    path.write_text(GOOD, encoding="utf-8")
    program = launcher.exporter(*arguments, f"--config.file={path}")
    assert 0 == await program.ended()
    assert ("configuration is good, sites: 1\n", "") == (program.stdout, program.stderr)


async def test_no_configuration_is_2(launcher: Launcher) -> None:
    """With neither a file nor an environment both ways are named."""
    program = launcher.exporter()
    assert 2 == await program.ended()
    expected = "neither --config.file nor WHMCS_URL is given; give one of them\n"
    assert expected == program.stderr


async def test_two_configurations_are_2(launcher: Launcher, tmp_path: Path) -> None:
    """A file together with ``WHMCS_URL`` is refused: which one counts could only be guessed."""
    program = launcher.exporter(
        f"--config.file={tmp_path}/any.yml", environment={"WHMCS_URL": "https://billing.example"}
    )
    assert 2 == await program.ended()
    assert "--config.file and WHMCS_URL are both given; give one of them\n" == program.stderr


async def test_json_is_yaml(launcher: Launcher, tmp_path: Path) -> None:
    """A configuration that a program wrote as JSON is read as well."""
    site = {"name": "a", "url": "https://a.example", "identifier": "a", "secret": "b"}
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"sites": [site]}), encoding="utf-8")
    program = launcher.exporter("check", f"--config.file={path}")
    assert 0 == await program.ended()

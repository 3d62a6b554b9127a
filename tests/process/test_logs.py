"""The log: standard error, one line an event, readable by programs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.process.configuration import UNHURRIED, site, write
from tests.process.page import ready
from tests.process.program import ANYWHERE, Launcher

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from exporter.simulator.server import Simulator

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_FIELD = re.compile(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?: |$)')


def logfmt(line: str) -> dict[str, str]:
    """Read one line of logfmt; refuse whatever is left of it."""
    fields = _FIELD.findall(line)
    assert "" == _FIELD.sub("", line)
    return {key: json.loads(text) if text.startswith('"') else text for key, text in fields}


async def _log_of_a_failing_site(
    launcher: Launcher, simulator: Simulator, config_file: str, flag: str
) -> list[str]:
    """Run until both sources have failed; return the lines of the log."""
    simulator.fault("acme", "api-error")
    program = launcher.exporter(f"--config.file={config_file}", ANYWHERE, flag)
    for source in ("ticket_counts", "departments"):
        await program.said(source)
    program.interrupt()
    assert 0 == await program.ended()
    assert "" == program.stdout
    return program.stderr.splitlines()


@pytest.mark.parametrize(("name", "read"), [("json", json.loads), ("logfmt", logfmt)])
async def test_every_line_is_read_by_programs(
    name: str,
    read: Callable[[str], dict[str, str]],
    launcher: Launcher,
    simulator: Simulator,
    config_file: str,
) -> None:
    """Both formats have the same fields, and the failure of a poll tells site, source and why."""
    log = await _log_of_a_failing_site(launcher, simulator, config_file, f"--log.format={name}")
    lines = [read(line) for line in log]
    for line in lines:
        assert TIME.fullmatch(line["time"])
        assert line["logger"].startswith("exporter.")
    (failure,) = (line for line in lines if line.get("source") == "ticket_counts")
    expected = {
        "level": "warn",
        "msg": "poll fails",
        "site": "acme",
        "reason": "api_error",
        "error": "WHMCS says: An unexpected error occurred",
        "last_success": "never",
        "hint": "look at what WHMCS said",
    }
    assert expected == {key: failure[key] for key in expected}


async def test_level_leaves_out_what_is_below(
    launcher: Launcher, simulator: Simulator, config_file: str
) -> None:
    """At ``warn`` there are the failures alone."""
    log = await _log_of_a_failing_site(launcher, simulator, config_file, "--log.level=warn")
    assert ["warn", "warn"] == [logfmt(line)["level"] for line in log]


@pytest.mark.parametrize(("command", "code"), [("serve", 0), ("collect", 3)])
async def test_many_failures_are_summed_up_by_the_end(
    command: str, code: int, launcher: Launcher, tmp_path: Path
) -> None:
    """Twenty lines and a sum, also where the program ends before the minute does."""
    sites = [site("http://127.0.0.1:1/", name=f"{number}", **UNHURRIED) for number in range(25)]
    config_file = write(tmp_path / "whmcs.yml", *sites)
    if command == "serve":
        program = launcher.exporter(f"--config.file={config_file}", ANYWHERE)
        await ready(program)
        program.interrupt()
    else:
        program = launcher.exporter(command, f"--config.file={config_file}")
    assert code == await program.ended()
    fails = [line for line in map(logfmt, program.stderr.splitlines()) if "fails" in line["msg"]]
    assert 21 == len(fails)
    assert ("30", "connect 30") == (fails[-1]["more"], fails[-1]["about"])

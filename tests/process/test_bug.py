"""A bug ends the process: numbers that nobody refreshes must not look fine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.process.program import ANYWHERE, Launcher

if TYPE_CHECKING:
    from exporter.simulator.server import Simulator

BROKEN = (sys.executable, str(Path(__file__).with_name("broken.py")))


@pytest.mark.parametrize("arguments", [["serve", ANYWHERE], ["collect"]], ids=["serve", "collect"])
async def test_bug_in_a_poller_is_1_with_a_traceback(
    arguments: list[str], launcher: Launcher, config_file: str
) -> None:
    """The traceback leads to the line, in the log, and the exit code is a failure's."""
    program = launcher.start(*BROKEN, *arguments, f"--config.file={config_file}")
    assert 1 == await program.ended()
    assert "ended by a bug" in program.stderr
    assert "Traceback (most recent call last)" in program.stderr
    assert "RuntimeError: a bug at" in program.stderr
    assert "simulated" not in program.stderr


async def test_bug_is_not_held_up_by_another_site(
    launcher: Launcher, simulator: Simulator, config_file: str
) -> None:
    """That WHMCS hangs at the same time does not keep a broken process alive."""
    simulator.fault("acme", "hang")
    program = launcher.start(*BROKEN, "serve", ANYWHERE, f"--config.file={config_file}")
    # The poll that hangs would go on for ten seconds more.
    assert 1 == await program.ended(40)

"""Many sites behind TLS, polled by the exporter as it is installed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.process.program import Launcher

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "sites.py"


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_every_site_is_right_while_others_hang(launcher: Launcher) -> None:
    """The benchmark of many sites, made small: it fails where one series differs."""
    size = ("--sites=60", "--hanging=6", "--interval=2", "--seconds=1")
    program = launcher.start(sys.executable, str(BENCHMARK), *size)
    assert 0 == await program.ended(120), program.stderr
    row = program.stdout.splitlines()[-1].split()
    assert ["60", "6"] == row[:2]

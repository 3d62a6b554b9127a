"""An exporter to scrape."""

from __future__ import annotations

import pytest

from tests.process.conftest import config_file, launcher, simulator, site
from tests.process.page import ready
from tests.process.program import ANYWHERE, Launcher

__all__ = ["config_file", "launcher", "simulator", "site"]


@pytest.fixture
async def address(launcher: Launcher, config_file: str) -> str:
    """Start an exporter and return where it listens, as HOST:PORT."""
    program = launcher.exporter(f"--config.file={config_file}", ANYWHERE)
    return (await ready(program)).removeprefix("http://")

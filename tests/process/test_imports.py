"""What commands import: each pays for its own, and a start is nearly nothing else."""

from __future__ import annotations

import re
import sys

from tests.process.program import ANYWHERE, Launcher

COMMAND = (sys.executable, "-X", "importtime", "-m", "exporter")
# What other commands need, and what few configurations need.
NOT_FOR_A_START = {
    *("exporter.demo", "exporter.doctor", "exporter.healthcheck", "exporter.simulator"),
    *("exporter.config.web", "exporter.polling.sources.waiting", "exporter.progress"),
    *("exporter.sharding", "exporter.textfile", "exporter.web.protection", "exporter.web.users"),
    *("bcrypt", "difflib", "pythonjsonlogger", "zoneinfo"),
}
# It runs every half minute, each time as a new process.
NOT_FOR_A_HEALTHCHECK = {
    *("exporter.config", "exporter.serving", "exporter.whmcs"),
    *("aiohttp", "asyncio", "prometheus_client", "yaml"),
}


def imported(said: str) -> set[str]:
    """Return the modules that Python says were imported."""
    return set(re.findall(r"^import time: +\d+ \| +\d+ \| +(\S+)$", said, re.MULTILINE))


async def test_a_start_imports_what_it_serves_with(launcher: Launcher, config_file: str) -> None:
    """What a plain ``serve`` does not need stays away until somebody needs it."""
    program = launcher.start(*COMMAND, f"--config.file={config_file}", ANYWHERE)
    await program.said("msg=listening")
    modules = imported(program.stderr)
    assert {"exporter.serving", "aiohttp", "yaml"} <= modules
    assert set() == NOT_FOR_A_START & modules


async def test_a_healthcheck_imports_little(launcher: Launcher) -> None:
    """Of the exporter's own dependencies it needs none, nor an event loop."""
    program = launcher.start(*COMMAND, "healthcheck", "--web.listen-address=127.0.0.1:1")
    assert 1 == await program.ended()
    modules = imported(program.stderr)
    assert "exporter.healthcheck" in modules
    assert set() == NOT_FOR_A_HEALTHCHECK & modules

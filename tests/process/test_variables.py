"""Variables that Python and libraries read: the exporter runs the same, or refuses to start."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from tests.exposition_check import check, samples
from tests.process.page import get, metrics, ready
from tests.process.program import ANYWHERE, Launcher
from tests.process.truth import differences, expected, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from exporter.simulator.server import Simulator
    from exporter.simulator.site import Site
    from tests.exposition_check import Series

# Each set is one start: its variables do not hide one another's effect.
HARMLESS: dict[str, dict[str, str]] = {
    "plausible": {
        "PYTHONASYNCIODEBUG": "1",
        "PYTHONWARNINGS": "error",
        "PYTHONHASHSEED": "42",
        "PROMETHEUS_DISABLE_CREATED_SERIES": "true",
        "PYTHONOPTIMIZE": "2",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9",
        "TZ": "America/New_York",
        "LC_ALL": "C",
        "FORCE_COLOR": "1",
        "COLUMNS": "20",
        "CI": "true",
        "SSL_CERT_FILE": "/dev/null",
        "SSL_CERT_DIR": "/nonexistent",
    },
    "garbage": {
        "PYTHONWARNINGS": "garbage",
        "PYTHONASYNCIODEBUG": "\U0001f511",
        "TZ": "Nowhere/Bad",
        "NOTIFY_SOCKET": "x" * 300,
        "WATCHDOG_USEC": "9" * 5000,
        "WATCHDOG_PID": "",
        "LISTEN_FDS": "garbage",
        "LISTEN_PID": "garbage",
        "LC_ALL": "xx_YY.garbage",
        "COLUMNS": "garbage",
        "TERM": "garbage",
        "NO_COLOR": "garbage",
        "HOME": "/nonexistent",
        "NETRC": "/nonexistent",
        "OPENSSL_CONF": "/dev/null",
        "NO_PROXY": "[",
        "PROMETHEUS_DISABLE_CREATED_SERIES": "garbage",
        "TMPDIR": "/nonexistent",
        "SSL_CERT_DIR": "\udcff",
        "WHMCS_EXPORTER_REVISION": "\udcff",
    },
    "no extensions": {
        "AIOHTTP_NO_EXTENSIONS": "1",
        "MULTIDICT_NO_EXTENSIONS": "1",
        "YARL_NO_EXTENSIONS": "1",
        "FROZENLIST_NO_EXTENSIONS": "1",
        "PROPCACHE_NO_EXTENSIONS": "1",
        "AIOHTTP_NOSENDFILE": "1",
        "PROMETHEUS_LEGACY_NAME_VALIDATION": "true",
        "PYTHONUTF8": "1",
        "PYTHONIOENCODING": "ascii",
        "PYTHONINTMAXSTRDIGITS": "640",
        "PYTHONDEVMODE": "1",
    },
}
REFUSED: dict[str, dict[str, str]] = {
    "PROMETHEUS_MULTIPROC_DIR": {"PROMETHEUS_MULTIPROC_DIR": "/nonexistent"},
    "prometheus_multiproc_dir": {"prometheus_multiproc_dir": ""},
    "SSLKEYLOGFILE": {"SSLKEYLOGFILE": "/nonexistent/keys"},
    "SSL_CERT_FILE": {"SSL_CERT_FILE": "/nonexistent/ca.pem"},
    "PYTHONUTF8": {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"},
}


# These have labels that depend on the moment, or on the variables.
VARYING = ("whmcs_exporter_http_requests_total", "whmcs_exporter_build_info")
LINE = re.compile(r'level=(\w+) logger=(\S+) msg=("[^"]*"|\S+)')
# A service manager that cannot be reached is reported, and is no reason to stop.
NOT_REACHED = ("warn", "exporter.notify", '"service manager not told"')
WARN = """
import warnings
from exporter import environment
environment.reset_warnings()
warnings.warn("old", DeprecationWarning, stacklevel=1)
warnings.warn("shown", RuntimeWarning, stacklevel=1)
"""

COLLECT = """
import asyncio, sys
from exporter import app, cli
async def collect(*_):
    print("debug:", asyncio.get_running_loop().get_debug())
    return b"", True
app.collect = collect
sys.exit(cli.main(["collect", *sys.argv[1:]]))
"""


@pytest.mark.parametrize("variables", HARMLESS.values(), ids=HARMLESS)
async def test_the_exporter_runs_the_same(
    variables: Mapping[str, str],
    launcher: Launcher,
    simulator: Simulator,
    site: Site,
    config_file: str,
) -> None:
    """The series, the log and the exit code are those of a run without the variables."""
    assert simulator.sites
    runs = [await run(launcher, config_file, each) for each in ({}, variables)]
    (plain, said), (changed, also_said) = runs
    assert [] == differences(expected("acme", site.desk.state()), shown(changed))
    check(changed)
    assert series(plain) == series(changed)
    assert said == also_said - {NOT_REACHED}


async def run(
    launcher: Launcher, config_file: str, variables: Mapping[str, str]
) -> tuple[str, set[tuple[str, ...]]]:
    """Run the exporter once; return its exposition and what it has logged."""
    program = launcher.exporter(f"--config.file={config_file}", ANYWHERE, environment=variables)
    url = await ready(program)
    assert 404 == (await get(f"{url}/nowhere")).status
    text = await metrics(url)
    program.interrupt()
    assert 0 == await program.ended()
    assert "Traceback" not in program.stderr
    return text, {match.groups() for match in LINE.finditer(program.stderr)}


def series(exposition: str) -> set[Series]:
    """Return the identities of the series."""
    return {each for each in samples(exposition) if each[0] not in VARYING}


@pytest.mark.parametrize("command", ["serve", "check", "collect", "doctor"])
@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_be_undone_is_refused(
    name: str, command: str, launcher: Launcher, config_file: str
) -> None:
    """The variable is named, and the exit code is that of a wrong configuration."""
    program = launcher.exporter(command, f"--config.file={config_file}", environment=REFUSED[name])
    assert 2 == await program.ended()
    (line,) = program.stderr.splitlines()
    assert line.startswith(f"environment: {name}: ")
    assert "; " in line
    assert "" == program.stdout


async def test_every_variable_that_is_refused_is_named(launcher: Launcher) -> None:
    """One run shows all of them; the value of none is shown."""
    together = {name: text for each in REFUSED.values() for name, text in each.items()}
    program = launcher.exporter("check", environment=together)
    assert 2 == await program.ended()
    assert len(REFUSED) == len(program.stderr.splitlines())
    assert "nonexistent" not in program.stderr


async def test_help_and_version_refuse_nothing(launcher: Launcher) -> None:
    """They use no library that reads the variables."""
    together = {name: text for each in REFUSED.values() for name, text in each.items()}
    for argument in ("--version", "--help"):
        assert 0 == await launcher.exporter(argument, environment=together).ended()


async def test_keys_of_connections_are_written_nowhere(
    launcher: Launcher, config_file: str, tmp_path: Path
) -> None:
    """``SSLKEYLOGFILE`` makes no file."""
    path = tmp_path / "keys"
    variables = {"SSLKEYLOGFILE": str(path)}
    program = launcher.exporter("collect", f"--config.file={config_file}", environment=variables)
    assert 2 == await program.ended()
    assert not path.exists()


async def test_warnings_are_no_errors(launcher: Launcher) -> None:
    """``PYTHONWARNINGS`` changes neither which warnings are shown nor what they do."""
    program = launcher.start(sys.executable, "-W", "error", "-c", WARN)
    assert 0 == await program.ended()
    assert "RuntimeWarning: shown" in program.stderr
    assert "old" not in program.stderr


@pytest.mark.parametrize("name", ["PYTHONASYNCIODEBUG", "PYTHONDEVMODE"])
async def test_the_event_loop_is_not_in_debug_mode(
    name: str, launcher: Launcher, config_file: str
) -> None:
    """Debug mode would log slow steps, and cost time."""
    command = (sys.executable, "-c", COLLECT, f"--config.file={config_file}")
    program = launcher.start(*command, environment={name: "1"})
    assert 0 == await program.ended()
    assert "debug: False\n" == program.stdout

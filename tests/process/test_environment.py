"""One site from the environment, as in a container: no file, no flag but the address."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.exposition_check import value
from tests.process.page import metrics, ready
from tests.process.program import ANYWHERE, Launcher
from tests.process.truth import expected, series, shown

if TYPE_CHECKING:
    from pathlib import Path

    from exporter.simulator.server import Simulator
    from exporter.simulator.site import Site


async def test_site_from_the_environment(
    launcher: Launcher, simulator: Simulator, site: Site, tmp_path: Path
) -> None:
    """The URL and a credential suffice; a secret may be a file, and pace and sources be chosen."""
    path = tmp_path / "identifier"
    path.write_text("simulated\n", encoding="utf-8")
    environment = {
        "WHMCS_URL": simulator.url("acme"),
        "WHMCS_IDENTIFIER_FILE": str(path),
        "WHMCS_SECRET": "simulated",
        "WHMCS_SITE": "container",
        "WHMCS_INTERVAL": "2m",
        "WHMCS_TIMEOUT": "50s",
        "WHMCS_SOURCES": "ticket_counts",
    }
    url = await ready(launcher.exporter(ANYWHERE, environment=environment))
    text = await metrics(url)
    wanted = {
        key: number
        for key, number in expected("container", site.desk.state()).items()
        if not key[0].startswith("whmcs_department_")
    }
    assert wanted == shown(text)
    labels = {"site": "container", "source": "ticket_counts"}
    assert 120.0 == value(text, "whmcs_source_interval_seconds", **labels)


async def test_site_is_named_after_its_host(launcher: Launcher, simulator: Simulator) -> None:
    """Without ``WHMCS_SITE`` the label is the URL's host."""
    environment = {
        "WHMCS_URL": simulator.url("globex"),
        "WHMCS_IDENTIFIER": "simulated",
        "WHMCS_SECRET": "simulated",
    }
    program = launcher.exporter("collect", environment=environment)
    assert 0 == await program.ended()
    host = str(urlsplit(simulator.base).hostname)
    assert series("whmcs_tickets_active", site=host) in shown(program.stdout)


async def test_problems_name_the_variables(launcher: Launcher) -> None:
    """What is wrong in the environment is said in the environment's words, all at once."""
    environment = {"WHMCS_URL": "http://billing.example", "WHMCS_INTERVAL": "60"}
    program = launcher.exporter(environment=environment)
    assert 2 == await program.ended()
    expected = (
        "environment: WHMCS_URL: http would send the credential in clear",
        "environment: no credential; give `WHMCS_IDENTIFIER` and `WHMCS_SECRET`",
        "environment: WHMCS_INTERVAL: a number without a unit; write it like 30s",
    )
    lines = program.stderr.splitlines()
    assert list(expected) == [
        line[: len(start)] for line, start in zip(lines, expected, strict=True)
    ]

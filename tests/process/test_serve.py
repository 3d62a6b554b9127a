"""The exporter as it is installed: it starts, listens, polls and serves."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.exposition_check import check, value
from tests.process import configuration
from tests.process.page import base, get, metrics, ready
from tests.process.program import ANYWHERE, Launcher, eventually
from tests.process.truth import differences, expected, shown

if TYPE_CHECKING:
    from exporter.simulator.server import Simulator
    from exporter.simulator.site import Site

COMMANDS = {
    "module": (sys.executable, "-m", "exporter", "serve"),
    "module, serve left out": (sys.executable, "-m", "exporter"),
    "console script": (str(Path(sys.executable).with_name("whmcs-exporter")), "serve"),
    "console script, serve left out": (str(Path(sys.executable).with_name("whmcs-exporter")),),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
async def test_every_spelling_of_serve_serves_what_whmcs_holds(
    command: tuple[str, ...], launcher: Launcher, site: Site, config_file: str
) -> None:
    """However it is called, it serves the simulated desk's numbers."""
    program = launcher.start(*command, f"--config.file={config_file}", ANYWHERE)
    text = await metrics(await ready(program))
    check(text)
    assert expected("acme", site.desk.state()) == shown(text)
    assert 1.0 == value(text, "whmcs_up", site="acme")


async def test_scrape_is_answered_before_the_first_poll_ends(
    launcher: Launcher, simulator: Simulator, tmp_path: Path
) -> None:
    """A scrape never waits for WHMCS; what is not known yet is absent, and not ready is said."""
    simulator.fault("acme", "hang")
    unhurried = configuration.site(simulator.url("acme"), **configuration.UNHURRIED)
    config_file = configuration.write(tmp_path / "unhurried.yml", unhurried)
    url = await base(launcher.exporter(f"--config.file={config_file}", ANYWHERE))
    page = await get(f"{url}/metrics")
    assert 200 == page.status
    assert None is value(page.text, "whmcs_up", site="acme")
    assert {} == shown(page.text)
    assert 503 == (await get(f"{url}/-/ready")).status
    assert 200 == (await get(f"{url}/-/healthy")).status


async def test_ready_also_when_whmcs_fails(
    launcher: Launcher, simulator: Simulator, config_file: str
) -> None:
    """A first poll that ended badly is an end, and ``whmcs_up`` says how it ended."""
    simulator.fault("acme", "http-500")
    url = await ready(launcher.exporter(f"--config.file={config_file}", ANYWHERE))
    assert 0.0 == value(await metrics(url), "whmcs_up", site="acme")


async def test_sites_fail_apart(
    launcher: Launcher, simulator: Simulator, site: Site, tmp_path: Path
) -> None:
    """A site that hangs leaves another one's numbers alone."""
    simulator.fault("globex", "hang")
    sites = [
        configuration.site(simulator.url("acme"), **configuration.UNHURRIED),
        configuration.site(simulator.url("globex"), name="globex"),
    ]
    config_file = configuration.write(tmp_path / "two.yml", *sites)
    text = await metrics(await ready(launcher.exporter(f"--config.file={config_file}", ANYWHERE)))
    assert expected("acme", site.desk.state()) == shown(text)
    assert 0.0 == value(text, "whmcs_up", site="globex")


async def test_numbers_follow_whmcs(
    launcher: Launcher, site: Site, hurried_config_file: str
) -> None:
    """What staff adds, renames and removes in WHMCS is seen at the next poll, without a rest."""
    url = await ready(launcher.exporter(f"--config.file={hurried_config_file}", ANYWHERE))
    site.desk.add_status('Odd "one"\\n')
    site.desk.rename_status("Open", "Offen")
    site.desk.remove_department(2)
    site.desk.rename_department(3, "Cloud")

    async def look() -> None:
        assert [] == differences(expected("acme", site.desk.state()), shown(await metrics(url)))

    await eventually(look)


async def test_every_listen_address_is_served(
    launcher: Launcher, config_file: str, tmp_path: Path
) -> None:
    """IPv4, IPv6 and a Unix socket, side by side; the socket's path goes with the process."""
    path = tmp_path / "exporter.sock"
    addresses = (ANYWHERE, "--web.listen-address=[::1]:0", f"--web.listen-address=unix:{path}")
    program = launcher.exporter(f"--config.file={config_file}", *addresses)
    await program.said(f"address=unix:{path}")
    for pattern in (r"127\.0\.0\.1:\d+", r"\[::1\]:\d+"):
        found = await program.said(pattern)
        assert 200 == (await get(f"http://{found[0]}/-/healthy")).status
    assert 200 == (await get("http://localhost/-/healthy", path=path)).status
    program.interrupt()
    assert 0 == await program.ended()
    assert not path.exists()


async def test_flags_of_the_web_are_followed(launcher: Launcher, config_file: str) -> None:
    """The metrics are at the path that was asked for, without the process's own if so asked."""
    program = launcher.exporter(
        f"--config.file={config_file}",
        ANYWHERE,
        "--web.telemetry-path=/tickets",
        "--web.disable-exporter-metrics",
    )
    url = await ready(program)
    page = await get(f"{url}/tickets")
    assert (200, 404) == (page.status, (await get(f"{url}/metrics")).status)
    assert "whmcs_exporter_build_info" in page.text
    assert not any(name in page.text for name in ("process_", "python_info", "python_gc"))


@pytest.mark.parametrize("kind", ["tcp", "unix"])
async def test_taken_address_is_one_clear_line(
    kind: str, launcher: Launcher, config_file: str, tmp_path: Path
) -> None:
    """An address that somebody else has ends the program with 1, a reason and no traceback."""
    family = socket.AF_INET if kind == "tcp" else socket.AF_UNIX
    with socket.socket(family) as taken:
        taken.bind(("127.0.0.1", 0) if kind == "tcp" else str(tmp_path / "taken.sock"))
        taken.listen()
        name = taken.getsockname()
        address = f"127.0.0.1:{name[1]}" if kind == "tcp" else f"unix:{name}"
        program = launcher.exporter(
            f"--config.file={config_file}", f"--web.listen-address={address}"
        )
        assert 1 == await program.ended()
    (line,) = program.stderr.splitlines()
    assert "level=error" in line
    assert f"cannot listen on {address}: Address already in use" in line

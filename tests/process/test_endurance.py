"""What the machine does to the exporter: it is suspended, killed, or short of something."""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.exposition_check import check, value
from tests.process import configuration
from tests.process.page import get, metrics, ready
from tests.process.program import ANYWHERE, EXPORTER, Launcher, Program, eventually
from tests.process.truth import differences, expected, shown
from tests.soak.figures import Usage
from tests.tools import lacking

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exporter.simulator.server import Simulator
    from exporter.simulator.site import Site

# The site is polled every second, and its numbers are withheld when they are older than this.
STALE_AFTER = 3.0
DESCRIPTORS = 32
# What becomes of the output; bash alone has the last one.
OUTPUTS = {
    "full disk": "exec >/dev/full 2>&1",
    "closed": "exec <&- >&- 2>&-",
    "reader is gone": "exec > >(true) 2>&1; wait $!",
}
NAME = "whmcs.test"
# A name server of its own, on loopback.
SILENT = "127.0.0.99"


def _calls(simulator: Simulator) -> int:
    return simulator.calls["acme", "GetTicketCounts"]


async def _passed(seconds: float) -> None:
    """Wait until so much time has passed for a program that cannot say so itself."""
    end = time.monotonic() + seconds

    async def look() -> None:
        assert time.monotonic() > end

    await eventually(look, 2 * seconds)


async def _polled(simulator: Simulator) -> None:
    """Wait until WHMCS is asked twice more."""
    before = _calls(simulator)

    async def look() -> None:
        assert _calls(simulator) > before + 1

    await eventually(look)


async def _tells(url: str, site: Site) -> None:
    """Wait until what is shown is what the desk holds."""

    async def look() -> None:
        text = await metrics(url)
        assert [] == differences(expected("acme", site.desk.state()), shown(text))
        assert 1.0 == value(text, "whmcs_up", site="acme")

    await eventually(look)


@pytest.mark.slow
@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)
async def test_log_that_cannot_be_written_stops_nothing(
    output: str,
    launcher: Launcher,
    simulator: Simulator,
    hurried_config_file: str,
    tmp_path: Path,
) -> None:
    """Lines are lost and nothing else: it polls, serves, notices a failure, and ends with 0."""
    path = tmp_path / "s"
    command = ("bash", "-c", f'{output}; exec "$@"', "bash", *EXPORTER)
    program = launcher.start(
        *command,
        f"--config.file={hurried_config_file}",
        f"--web.listen-address=unix:{path}",
        environment={"PYTHONUNBUFFERED": ""},
    )

    async def up(expected: float) -> None:
        page = await get("http://exporter/metrics", path=path)
        check(page.text)
        assert expected == value(page.text, "whmcs_up", site="acme")

    await eventually(lambda: up(1.0))
    simulator.fault("acme", "api-error")
    await eventually(lambda: up(0.0))
    simulator.fault("acme", None)
    await eventually(lambda: up(1.0))
    program.interrupt()
    assert 0 == await program.ended()


@pytest.mark.slow
async def test_suspended_process_shows_nothing_old_when_it_goes_on(
    launcher: Launcher, simulator: Simulator, site: Site, hurried_config_file: str
) -> None:
    """A scrape that waited meanwhile is answered without the old numbers, then come new ones."""
    program = launcher.exporter(f"--config.file={hurried_config_file}", ANYWHERE)
    url = await ready(program)
    await _tells(url, site)
    # An answer that it has and has not published yet would be young when it goes on.
    simulator.fault("acme", "hang")
    await _polled(simulator)
    program.interrupt(signal.SIGSTOP)
    simulator.fault("acme", None)
    site.desk.add_status("While it was suspended")
    before = _calls(simulator)
    scrape = asyncio.create_task(metrics(url))
    await _passed(2 * STALE_AFTER)
    resumed = time.monotonic()
    program.interrupt(signal.SIGCONT)
    text = await scrape
    check(text)
    # A source may have been polled again already: its families are shown whole, with what is new.
    found = shown(text)
    families = {name for name, _ in found}
    now = expected("acme", site.desk.state())
    assert {series: count for series, count in now.items() if series[0] in families} == found
    await _tells(url, site)
    # Of six polls that were missed none is made up for: one a second, the one under way, a spare.
    assert _calls(simulator) - before <= time.monotonic() - resumed + 2
    assert 200 == (await get(f"{url}/-/healthy")).status


async def test_without_descriptors_it_goes_on_polling_and_recovers(
    launcher: Launcher, simulator: Simulator, site: Site, hurried_config_file: str
) -> None:
    """Clients may take every descriptor: polls go on, and scrapes once there are some again."""
    command = ("bash", "-c", f'ulimit -n {DESCRIPTORS}; exec "$@"', "bash", *EXPORTER)
    program = launcher.start(*command, f"--config.file={hurried_config_file}", ANYWHERE)
    url = await ready(program)
    await _tells(url, site)
    host, port = url.removeprefix("http://").split(":")
    idle = [socket.create_connection((host, int(port))) for _ in range(2 * DESCRIPTORS)]
    try:
        await eventually(lambda: _uses_all_descriptors(program))
        await _polled(simulator)
    finally:
        for connection in idle:
            connection.close()
    site.desk.add_status("After the rush")
    await _tells(url, site)
    assert 200 == (await get(f"{url}/-/healthy")).status


async def test_it_takes_the_descriptors_that_it_may_have(
    launcher: Launcher, config_file: str
) -> None:
    """A shell's or systemd's soft limit of 1,024 does not end the polls of the sites beyond."""
    command = ("bash", "-c", f'ulimit -S -n {DESCRIPTORS}; exec "$@"', "bash", *EXPORTER)
    program = launcher.start(*command, f"--config.file={config_file}", ANYWHERE)
    await ready(program)
    soft, hard = resource.prlimit(program.pid, resource.RLIMIT_NOFILE)
    assert soft == hard > DESCRIPTORS


async def _uses_all_descriptors(program: Program) -> None:
    assert DESCRIPTORS == Usage.of(program.pid).descriptors


@pytest.fixture
def named(simulator: Simulator, tmp_path: Path) -> str:
    """Configure the site by a name that this machine does not know."""
    url = simulator.url("acme").replace("127.0.0.1", NAME)
    site = configuration.site(url, allow_http=True, sources=["ticket_counts"])
    return configuration.write(tmp_path / "named.yml", site)


def _elsewhere(launcher: Launcher, config_file: str, **files: Path) -> Program:
    """Start the exporter where files of /etc are other ones, in mounts of its own."""
    apart = ("unshare", "--map-root-user", "--mount")
    if subprocess.run([*apart, "true"], check=False, capture_output=True).returncode:
        lacking("mounts of one's own are not allowed here")
    mounts = "".join(f"mount --bind {path} /etc/{name}; " for name, path in files.items())
    command = (*apart, "bash", "-ec", f'{mounts}exec "$@"', "bash", *EXPORTER)
    return launcher.start(*command, f"--config.file={config_file}", ANYWHERE)


async def test_name_that_is_unknown_at_the_start_is_a_failure_until_it_is_known(
    launcher: Launcher, site: Site, named: str, tmp_path: Path
) -> None:
    """It serves at once and says `connect`; the first poll after the name is known succeeds."""
    hosts, switch = tmp_path / "hosts", tmp_path / "switch"
    hosts.write_text("", encoding="utf-8")
    switch.write_text("hosts: files\n", encoding="utf-8")
    program = _elsewhere(launcher, named, **{"hosts": hosts, "nsswitch.conf": switch})
    url = await ready(program)

    async def says_so() -> None:
        text = await metrics(url)
        assert (0.0, {}) == (value(text, "whmcs_up", site="acme"), shown(text))
        assert value(text, "whmcs_api_failures_total", site="acme", reason="connect")

    await eventually(says_so)
    hosts.write_text(f"127.0.0.1 {NAME}\n", encoding="utf-8")

    async def knows() -> None:
        text = await metrics(url)
        assert 1.0 == value(text, "whmcs_up", site="acme")
        assert site.desk.state().active == value(text, "whmcs_tickets_active", site="acme")

    await eventually(knows)


@pytest.fixture
def silent_nameserver(tmp_path: Path) -> Iterator[Path]:
    """Be a name server that is asked and says nothing; the file names it."""
    path = tmp_path / "resolv.conf"
    # Asked five times, for half a minute each.
    text = f"nameserver {SILENT}\noptions timeout:30 attempts:5\n"
    path.write_text(text, encoding="utf-8")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        try:
            listening.bind((SILENT, 53))
        except PermissionError:
            lacking("only root may be a name server")
        yield path


async def test_silent_name_server_is_a_timeout_and_delays_no_end(
    launcher: Launcher, named: str, silent_nameserver: Path
) -> None:
    """The system's resolver asks for minutes; neither poll nor end wait for it."""
    program = _elsewhere(launcher, named, **{"resolv.conf": silent_nameserver})
    text = await metrics(await ready(program))
    assert value(text, "whmcs_api_failures_total", site="acme", reason="timeout")
    program.interrupt()
    assert 0 == await program.ended()

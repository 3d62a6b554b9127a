"""The units, run by a real systemd, and weighed by its own programs."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.deploy.systemd import UNITS, Systemd, allowed, control_groups
from tests.exposition_check import check, samples, value
from tests.process.program import eventually, launched
from tests.tools import lacking, tool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SERVICES = ("whmcs-exporter.service", "whmcs-exporter-textfile.service")
PROGRAM = "/opt/whmcs-exporter/bin/whmcs-exporter"
TEXTFILE = "/var/lib/prometheus/node-exporter/whmcs.prom"
SECRETS = {
    "etc/whmcs-exporter/whmcs_id": "simulated",
    "etc/whmcs-exporter/whmcs_secret": "simulated",
}
CONFIGURATION = (
    (UNITS / "whmcs-exporter.yml")
    .read_text(encoding="utf-8")
    .replace("https://billing.acme.example/", "http://127.0.0.1:9943/acme/")
)
TEXTFILE_CONFIGURATION = CONFIGURATION.replace("exporter.service", "exporter-textfile.service")
FILES = {
    **SECRETS,
    "etc/whmcs-exporter.yml": CONFIGURATION,
    "etc/whmcs-exporter-textfile.yml": TEXTFILE_CONFIGURATION,
}
# For the one test of it alone: a busy machine may silence any exporter for two seconds.
HURRIED = "[Service]\nWatchdogSec=2\nTimeoutAbortSec=1\nRestartSec=100ms\n"


# As Debian's own unit starts it, with the folder that is its default.
NODE_EXPORTER = """\
[Service]
User=prometheus
ExecStart=/usr/bin/prometheus-node-exporter --collector.disable-defaults --collector.textfile \
  --collector.textfile.directory=/var/lib/prometheus/node-exporter
"""


@pytest.mark.parametrize("name", SERVICES)
def test_exposure_is_low(name: str) -> None:
    """`systemd-analyze security` weighs what a service could do: at most 1.5 of 10."""
    command = (tool("systemd-analyze"), "security", "--offline=true", "--threshold=15")
    done = subprocess.run([*command, UNITS / name], check=False, capture_output=True, text=True)
    assert 0 == done.returncode, done.stdout


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    """`systemd-analyze verify` has nothing to say once the program is there."""
    for unit in (*UNITS.glob("*.service"), *UNITS.glob("*.timer")):
        text = unit.read_text(encoding="utf-8").replace(PROGRAM, sys.executable)
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    command = [tool("systemd-analyze"), "verify", *map(str, sorted(tmp_path.iterdir()))]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (0, "") == (done.returncode, done.stderr)


@pytest.fixture
async def systemd(tmp_path: Path) -> AsyncIterator[Systemd]:
    """Boot systemd with the units as they are, and a simulated WHMCS that answers."""
    if not allowed():
        lacking("namespaces and mounts are not allowed here")
    more = {"units/node-exporter.service": NODE_EXPORTER}
    async with control_groups() as group:
        with launched(tmp_path) as launcher:
            systemd = await Systemd.boot(launcher, group, tmp_path / "systemd", FILES | more)
            await systemd.systemctl("start", "simulator")
            await page(systemd, "127.0.0.1:9943/")
            yield systemd


async def page(systemd: Systemd, address: str) -> str:
    """Return a page as soon as there is one."""

    async def look() -> str:
        return await systemd.get(address)

    return await eventually(look)


async def polled(systemd: Systemd) -> str:
    """Return the exporter's metrics once WHMCS has answered."""

    async def look() -> str:
        text = await systemd.get("localhost:9942/metrics")
        assert 1 == value(text, "whmcs_up", site="acme")
        return text

    return await eventually(look)


async def test_service_starts_polls_and_stops(systemd: Systemd) -> None:
    """With every restriction in force it reads its credentials, polls, and ends in time."""
    await systemd.systemctl("start", "whmcs-exporter")
    assert "sites polled: 1" == await systemd.shows("whmcs-exporter", "StatusText")
    text = await polled(systemd)
    check(text)
    # /proc is restricted, and this family needs some of it.
    assert time.time() - 60 < (value(text, "process_start_time_seconds") or 0) < time.time() + 1
    await systemd.systemctl("stop", "whmcs-exporter")
    # It would be "timeout" had it taken longer than the unit allows.
    assert "success" == await systemd.shows("whmcs-exporter", "Result")
    assert "0" == await systemd.shows("whmcs-exporter", "ExecMainStatus")


async def test_the_doctor_beside_the_service(systemd: Systemd) -> None:
    """As docs/troubleshooting.md says: as root, and while the service runs and has its secrets."""
    doctor = (PROGRAM, "doctor", "--config.file=/etc/whmcs-exporter.yml")
    assert 2 == (await systemd.run(*doctor)).returncode
    await systemd.systemctl("start", "whmcs-exporter")
    done = await systemd.run(*doctor)
    assert (0, "") == (done.returncode, done.stderr), done.stdout


async def test_service_is_an_unprivileged_user(systemd: Systemd) -> None:
    """A user of its own, no capability, a filter of system calls, and files that it can't write."""
    await systemd.systemctl("start", "whmcs-exporter")
    status = await systemd.main_process("whmcs-exporter")
    assert int(status["Uid"].split()[0]) > 60_000
    assert (0, "1", "2") == (int(status["CapBnd"], 16), status["NoNewPrivs"], status["Seccomp"])
    # Nor does anybody else read its secrets, of which it would warn.
    assert "level=warn" not in await systemd.log("whmcs-exporter")


async def test_reload_takes_another_configuration(systemd: Systemd) -> None:
    """The process stays, and systemd knows when it is done."""
    await systemd.systemctl("start", "whmcs-exporter")
    before = await systemd.shows("whmcs-exporter", "MainPID")
    await systemd.run("sed", "-i", "s/name: acme/name: renamed/", "/etc/whmcs-exporter.yml")
    await systemd.systemctl("reload", "whmcs-exporter")

    async def look() -> None:
        text = await systemd.get("localhost:9942/metrics")
        assert 1 == value(text, "whmcs_up", site="renamed")
        assert value(text, "whmcs_up", site="acme") is None
        assert "running" == await systemd.shows("whmcs-exporter", "SubState")

    await eventually(look)
    assert before == await systemd.shows("whmcs-exporter", "MainPID")


@pytest.fixture(name="hurried")
async def hurry_the_watchdog(systemd: Systemd, tmp_path: Path) -> Systemd:
    """Let two seconds of silence be enough."""
    drop_in = tmp_path / "systemd" / "units" / "whmcs-exporter.service.d" / "hurried.conf"
    drop_in.parent.mkdir()
    drop_in.write_text(HURRIED, encoding="utf-8")
    await systemd.systemctl("daemon-reload")
    return systemd


async def test_watchdog_restarts_what_hangs(hurried: Systemd) -> None:
    """It lives on while it tells the watchdog, and is ended and started again when it does not."""
    await hurried.systemctl("start", "whmcs-exporter")
    seen: dict[str, float] = {}

    async def one_outlived_the_watchdog() -> str:
        now = time.monotonic()
        process = await hurried.shows("whmcs-exporter", "MainPID")
        # Neither on its way up nor, aborted by the watchdog, on its way down.
        assert "active" == await hurried.shows("whmcs-exporter", "ActiveState")
        # On a busy machine the first one may have been silent for too long.
        assert now - seen.setdefault(process, time.monotonic()) > 4
        return process

    hanging = await eventually(one_outlived_the_watchdog)
    restarts = int(await hurried.shows("whmcs-exporter", "NRestarts"))
    await hurried.run("kill", "-STOP", hanging)

    async def restarted() -> None:
        assert restarts < int(await hurried.shows("whmcs-exporter", "NRestarts"))
        assert "active" == await hurried.shows("whmcs-exporter", "ActiveState")
        assert hanging != await hurried.shows("whmcs-exporter", "MainPID")

    await eventually(restarted)


async def test_wrong_configuration_is_not_tried_again(systemd: Systemd) -> None:
    """It ends with 2, says what is wrong, and systemd leaves it at that."""
    await systemd.run("sh", "-c", "echo 'sites: 1' >/etc/whmcs-exporter.yml")
    assert 0 != (await systemd.run("systemctl", "start", "whmcs-exporter")).returncode
    assert "failed" == await systemd.shows("whmcs-exporter", "ActiveState")
    assert "2" == await systemd.shows("whmcs-exporter", "ExecMainStatus")
    assert "/etc/whmcs-exporter.yml:1:" in await systemd.log("whmcs-exporter")


async def test_timer_waits_for_its_next_turn(systemd: Systemd) -> None:
    """It is armed, and for the service of its name."""
    timer = "whmcs-exporter-textfile.timer"
    await systemd.systemctl("start", timer)

    async def waits() -> None:
        # Its turn may have been in this very second.
        assert "waiting" == await systemd.shows(timer, "SubState")

    await eventually(waits)
    assert "whmcs-exporter-textfile.service" == await systemd.shows(timer, "Unit")


def promtool_objects(text: str) -> str:
    """Return what promtool has against an exposition."""
    command = (tool("promtool"), "check", "metrics")
    done = subprocess.run(command, input=text, check=False, capture_output=True, text=True)
    return done.stdout + done.stderr


async def test_node_exporter_publishes_the_textfile(systemd: Systemd) -> None:
    """Written by one user, read by another, and good for promtool."""
    tool("prometheus-node-exporter")
    await systemd.systemctl("start", "whmcs-exporter-textfile")
    text = (await systemd.run("cat", TEXTFILE)).stdout
    check(text)
    assert "" == promtool_objects(text)
    await systemd.systemctl("start", "node-exporter")
    published = samples(await page(systemd, "localhost:9100/metrics"))
    # It writes bounds of buckets in its own way.
    scalars = {each for each in samples(text).items() if "le" not in dict(each[0][1])}
    assert scalars <= published.items()
    assert 0 == published["node_textfile_scrape_error", frozenset()]


async def test_site_that_failed_is_no_failed_service(systemd: Systemd) -> None:
    """The numbers tell of it: `whmcs_up` is 0."""
    await systemd.systemctl("stop", "simulator")
    await systemd.systemctl("start", "whmcs-exporter-textfile")
    text = (await systemd.run("cat", TEXTFILE)).stdout
    assert 0 == value(text, "whmcs_up", site="acme")

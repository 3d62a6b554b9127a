"""A service manager hears from the whole program when it runs, fares well, and ends."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from tests.process import configuration
from tests.process.page import get
from tests.process.program import ANYWHERE, Launcher, eventually
from tests.service_manager import ServiceManager, listening

if TYPE_CHECKING:
    from pathlib import Path

    from exporter.simulator.server import Simulator

READY = {"READY": "1", "STATUS": "sites polled: 1"}
PING = {"WATCHDOG": "1"}
STOPPING = {"STOPPING": "1", "STATUS": "stopping"}


async def _heard(manager: ServiceManager, *messages: dict[str, str]) -> None:
    async def look() -> None:
        assert all(message in manager.messages for message in messages)

    await eventually(look)


async def test_service_manager_hears_of_a_life(
    launcher: Launcher, config_file: str, tmp_path: Path
) -> None:
    """Ready, then signs of life, then the end, in this order."""
    with listening(str(tmp_path / "notify")) as manager:
        told = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "60000000"}
        program = launcher.exporter(f"--config.file={config_file}", ANYWHERE, environment=told)
        await _heard(manager, READY, PING)
        program.interrupt()
        assert 0 == await program.ended()
        assert [READY, PING, STOPPING] == manager.messages


async def test_service_manager_hears_of_a_reload(
    launcher: Launcher, simulator: Simulator, tmp_path: Path
) -> None:
    """SIGHUP leads to the beginning of a reload, with its time, and to its end."""
    names = ("acme", "globex")
    sites = [configuration.site(simulator.url(name), name=name) for name in names]
    path = configuration.write(tmp_path / "config.yml", sites[0])
    with listening(str(tmp_path / "notify")) as manager:
        told = {"NOTIFY_SOCKET": manager.address}
        program = launcher.exporter(f"--config.file={path}", ANYWHERE, environment=told)
        await _heard(manager, READY)
        configuration.write(tmp_path / "config.yml", *sites)
        program.interrupt(signal.SIGHUP)
        await _heard(manager, {"READY": "1", "STATUS": "sites polled: 2"})
        _, reloading, _ = manager.messages
        assert {"RELOADING", "MONOTONIC_USEC"} == reloading.keys()


async def test_ready_does_not_wait_for_whmcs(
    launcher: Launcher, simulator: Simulator, tmp_path: Path
) -> None:
    """Pages are served when it is told, though a WHMCS that hangs has answered nothing yet."""
    simulator.fault("acme", "hang")
    site = configuration.site(simulator.url("acme"), **configuration.UNHURRIED)
    path = configuration.write(tmp_path / "config.yml", site)
    page = tmp_path / "page"
    with listening(str(tmp_path / "notify")) as manager:
        launcher.exporter(
            f"--config.file={path}",
            f"--web.listen-address=unix:{page}",
            environment={"NOTIFY_SOCKET": manager.address},
        )
        await _heard(manager, READY)
        assert 200 == (await get("http://exporter/-/healthy", path=page)).status
        assert 503 == (await get("http://exporter/-/ready", path=page)).status

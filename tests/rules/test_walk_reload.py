"""A broken configuration: the alert fires on a real Prometheus until it is mended and reloaded."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site
from tests.process import configuration
from tests.process.page import ready
from tests.process.program import ANYWHERE, eventually
from tests.rules import hurried
from tests.rules.on_call import fires, first_steps

if TYPE_CHECKING:
    from pathlib import Path

    from tests.process.program import Launcher

_START = datetime(2026, 3, 4, 11, tzinfo=UTC)
_QUICK = partial(hurried.hurried, times=400)


async def test_a_configuration_that_is_refused(launcher: Launcher, tmp_path: Path) -> None:
    """A key is misspelt and the exporter told to reload; its page's check names the place."""
    desk = HelpDesk("acme", seed=7, start=_START, departments=2)
    async with Simulator([Site(desk=desk)], FastClock(0, _START)) as simulator:
        site = configuration.site(simulator.url("acme"))
        path = tmp_path / "config.yml"
        file = f"--config.file={configuration.write(path, site)}"
        exporter = launcher.exporter(file, ANYWHERE)
        target = (await ready(exporter)).removeprefix("http://")
        prometheus = await hurried.start(launcher, tmp_path, target, _QUICK)
        await fires(prometheus, set())

        configuration.write(path, site | {"intervall": "1s"})
        exporter.interrupt(signal.SIGHUP)
        await fires(prometheus, {("WHMCSConfigReloadFailed", None)})

        async def its_page_tells_since_when() -> None:
            (since,) = await first_steps(prometheus, "WHMCSConfigReloadFailed", _QUICK)
            assert 1 == len(since)

        await eventually(its_page_tells_since_when)
        check = launcher.exporter("check", file)
        await check.said(r"config\.yml:\d+:\d+: .*intervall")

        configuration.write(path, site)
        exporter.interrupt(signal.SIGHUP)
        await fires(prometheus, set())
        assert [] == prometheus.complaints

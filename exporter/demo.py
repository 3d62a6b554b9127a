"""The demo: three simulated help desks and the exporter that polls them, on this machine alone."""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from exporter import config, serving
from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exporter.web.listen import Address

_SITES = ("acme", "globex", "initech")
_MISBEHAVING = "initech"
_FAULTS = ("http-500", "hang", "schema", "maintenance")
_SPEED = 60.0
# Seconds between the end of one fault and the next, and that a fault lasts.
_GOOD, _BAD = (30.0, 90.0), (10.0, 25.0)
_SEED = 1

_CONFIGURATION = """\
# The simulator's credential is public and protects nothing.
defaults: {{interval: 5s, timeout: 3s, identifier: simulated, secret: simulated}}
sites:
{sites}
"""
_TEXT = """\
Three simulated WHMCS help desks are polled every 5 seconds; there an hour passes in a minute.
  metrics    {exporter}/metrics
  state      {exporter}/
  simulator  {simulator}
Try
  curl -s {exporter}/metrics | grep '^whmcs_department_tickets{{'
  curl -X PUT -d hang {simulator}acme/fault    # and look at whmcs_up, then at the state
  curl -X DELETE {simulator}acme/fault
{misbehaving} fails by itself now and then. Ctrl-C ends everything.
"""


async def run(address: Address, stop: asyncio.Event | None = None) -> None:
    """Run until SIGINT, SIGTERM or ``stop``; the exporter listens on ``address``.

    Raises:
        OSError: The address cannot be listened on.
    """
    start = datetime.now(UTC)
    desks = [HelpDesk(name, seed=_SEED, start=start) for name in _SITES]
    simulator = Simulator([Site(desk=desk) for desk in desks], FastClock(_SPEED, start))

    def greet(addresses: Sequence[Address]) -> None:
        exporter = f"http://{addresses[0]}"
        text = _TEXT.format(exporter=exporter, simulator=simulator.base, misbehaving=_MISBEHAVING)
        sys.stdout.write(text)
        sys.stdout.flush()

    async with simulator:
        options = serving.ServeOptions(addresses=[address])
        mischief = asyncio.create_task(_misbehave(simulator))
        configuration = _configuration(simulator)
        await serving.serve(lambda: configuration, options, stop=stop, started=greet)
        mischief.cancel()


def _configuration(simulator: Simulator) -> config.Config:
    sites = "\n".join(f"  - {{name: {name}, url: {simulator.url(name)}}}" for name in _SITES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "demo.yml")
        path.write_text(_CONFIGURATION.format(sites=sites), encoding="utf-8")
        return config.load(path, {})


async def _misbehave(simulator: Simulator) -> None:
    """Switch one site's faults on and off, one after another."""
    chance = random.Random(_SEED)  # noqa: S311 - nothing here is a secret
    for fault in cycle(_FAULTS):
        await asyncio.sleep(chance.uniform(*_GOOD))
        simulator.fault(_MISBEHAVING, fault)
        await asyncio.sleep(chance.uniform(*_BAD))
        simulator.fault(_MISBEHAVING, None)

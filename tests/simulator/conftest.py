"""What the simulator's tests share: a site on a real port, and somebody who calls it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest

from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site
from tests.simulator.caller import Caller

# A Wednesday in office hours.
START = datetime(2026, 3, 4, 11, tzinfo=UTC)


@pytest.fixture
def site() -> Site:
    """Make a site of three departments at 9.0."""
    return Site(desk=HelpDesk("acme", seed=7, start=START, departments=3))


@pytest.fixture
async def simulator(site: Site) -> AsyncIterator[Simulator]:
    """Serve the site on loopback; its time stands still."""
    async with Simulator([site], FastClock(0, START), slow_seconds=0.05) as simulator:
        yield simulator


@pytest.fixture
async def caller(simulator: Simulator) -> AsyncIterator[Caller]:
    """Call the site's API."""
    async with aiohttp.ClientSession(simulator.url("acme")) as session:
        yield Caller(session)

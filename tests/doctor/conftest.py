"""What the doctor's tests share: a simulated WHMCS that can be made ill."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site
from tests.whmcs.authority import Authority

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

# A Wednesday in office hours.
START = datetime(2026, 3, 4, 11, tzinfo=UTC)


@pytest.fixture
def site() -> Site:
    """Make a site of three departments at 9.0."""
    return Site(desk=HelpDesk("acme", seed=7, start=START, departments=3))


@pytest.fixture
async def simulator(site: Site) -> AsyncIterator[Simulator]:
    """Serve the site on loopback; its time stands still."""
    async with Simulator([site], FastClock(0, START)) as simulator:
        yield simulator


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Make an authority of the test's own."""
    return Authority(tmp_path)

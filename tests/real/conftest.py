"""What the tests against real programs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.process.program import Launcher, launched
from tests.process.simulated import odd_site, standing_still
from tests.real.php import PHPWhmcs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from exporter.simulator.server import Simulator
    from exporter.simulator.site import Site


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[Launcher]:
    """Start programs; whatever is left of them ends with the test."""
    with launched(tmp_path) as launcher:
        yield launcher


@pytest.fixture
def site() -> Site:
    """Make a simulated WHMCS whose departments have names that need care."""
    return odd_site()


@pytest.fixture
async def simulator(site: Site) -> AsyncIterator[Simulator]:
    """Serve the site on loopback; its time stands still."""
    async with standing_still(site) as simulator:
        yield simulator


@pytest.fixture
async def php(launcher: Launcher, tmp_path: Path) -> PHPWhmcs:
    """Start the WHMCS in PHP."""
    return await PHPWhmcs.start(launcher, tmp_path)

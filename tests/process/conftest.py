"""What the tests of the whole program share: a simulated WHMCS, and programs that are ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.process import configuration
from tests.process.program import Launcher, launched
from tests.process.simulated import odd_site, standing_still

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
    """Serve the site and a second one on loopback; their time stands still."""
    async with standing_still(site) as simulator:
        yield simulator


@pytest.fixture
def config_file(simulator: Simulator, tmp_path: Path) -> str:
    """Configure the one site, whose first poll has all the time that it takes."""
    site = configuration.site(simulator.url("acme"), **configuration.UNHURRIED)
    return configuration.write(tmp_path / "config.yml", site)


@pytest.fixture
def hurried_config_file(simulator: Simulator, tmp_path: Path) -> str:
    """Configure the one site to be polled every second; on a busy machine a poll may fail."""
    return configuration.write(tmp_path / "config.yml", configuration.site(simulator.url("acme")))

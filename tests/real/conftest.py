"""What the tests against real programs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.process.conftest import launcher, simulator, site
from tests.real.php import PHPWhmcs

if TYPE_CHECKING:
    from pathlib import Path

    from tests.process.program import Launcher

__all__ = ["launcher", "simulator", "site"]


@pytest.fixture
async def php(launcher: Launcher, tmp_path: Path) -> PHPWhmcs:
    """Start the WHMCS in PHP."""
    return await PHPWhmcs.start(launcher, tmp_path)

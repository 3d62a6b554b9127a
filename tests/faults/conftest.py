"""What the tests of faults share."""

from __future__ import annotations

import pytest

from tests.whmcs.authority import Authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return an authority that this machine does not know."""
    return Authority(tmp_path_factory.mktemp("authority"))

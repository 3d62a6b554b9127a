"""What the tests of this room share."""

from collections.abc import Iterator

import pytest
from blockbuster import blockbuster_ctx

from tests.whmcs.authority import Authority


@pytest.fixture(autouse=True)
def _never_blocks() -> Iterator[None]:
    """Fail the test when the room's code blocks the event loop."""
    with blockbuster_ctx("exporter.whmcs"):
        yield


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Make the authority that the tests' servers and clients trust."""
    return Authority(tmp_path_factory.mktemp("authority"))

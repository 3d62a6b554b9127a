"""What the tests of this room share."""

from collections.abc import Iterator

import pytest

from tests.blocking import refused_in
from tests.whmcs.authority import Authority


@pytest.fixture(autouse=True)
def _never_blocks() -> Iterator[None]:
    """Fail the test when the room's code blocks the event loop."""
    with refused_in("exporter.whmcs"):
        yield


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Make the authority that the tests' servers and clients trust."""
    return Authority(tmp_path_factory.mktemp("authority"))

"""What the web's tests share: nothing of the exporter may block the event loop."""

from collections.abc import Iterator

import pytest

from tests.blocking import refused_in


@pytest.fixture(autouse=True)
def _no_blocking_calls() -> Iterator[None]:
    with refused_in("exporter"):
        yield

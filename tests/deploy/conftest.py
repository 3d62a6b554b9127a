"""What the tests of deploy/ share: an engine with the image built in it, and schemas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.deploy import schemas
from tests.deploy.engine import IMAGE, Engine, build, running_engine
from tests.process.program import Launcher, launched

if TYPE_CHECKING:
    from collections.abc import Iterator


FOLDER = Path(__file__).parent
# Images are built and systems booted, some of them by fixtures: seconds for a test.
LIMIT = 900


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder more time than others."""
    for item in items:
        if item.path.is_relative_to(FOLDER):
            item.add_marker(pytest.mark.timeout(LIMIT))


@pytest.fixture(scope="session")
def schema_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder of JSON schemas."""
    folder = tmp_path_factory.mktemp("schemas")
    schemas.write(folder)
    return folder


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[Launcher]:
    """Start programs; whatever is left of them ends with the test."""
    with launched(tmp_path) as launcher:
        yield launcher


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """Run one engine for all tests."""
    with running_engine() as engine:
        yield engine


@pytest.fixture(scope="session")
def image(engine: Engine) -> str:
    """Build the image once, with BuildKit, and return its name."""
    build(engine, IMAGE)
    return IMAGE

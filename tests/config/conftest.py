"""What the tests of the configuration share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.config.web_files import write_certificates

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(name="folder", scope="module")
def make_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Have certificates to name."""
    folder = tmp_path_factory.mktemp("web")
    write_certificates(folder)
    return folder

"""The list of mutants that may survive is about the code as it is."""

from __future__ import annotations

import importlib
import inspect
from functools import reduce
from typing import Any

import pytest

from tests.mutation.survivors import Survivor, explained

LISTED = explained()


@pytest.mark.parametrize(
    "survivor", LISTED, ids=[f"{each.function}: {each.line}" for each in LISTED]
)
def test_line_is_still_there(survivor: Survivor) -> None:
    """The line stands in its function; when that changes, the explanation is looked at again."""
    assert survivor.line in [
        line.strip() for line in inspect.getsource(_find(survivor)).splitlines()
    ]
    assert survivor.line not in survivor.mutants
    assert survivor.why


def _find(survivor: Survivor) -> Any:  # noqa: ANN401 - whatever has source
    """Return the function: in the longest of its name's beginnings that is a module."""
    parts = survivor.function.split(".")
    for end in range(len(parts), 0, -1):
        try:
            module = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        return reduce(getattr, parts[end:], module)
    raise AssertionError(survivor.function)

"""Cases of a test of which some are slow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def some_slow(cases: Mapping[str, object], quick: Collection[str]) -> list[Any]:
    """Return cases by their names, all of them marked as slow except the ``quick`` ones."""
    assert set(quick) <= cases.keys()
    return [
        pytest.param(case, id=name, marks=() if name in quick else pytest.mark.slow)
        for name, case in cases.items()
    ]

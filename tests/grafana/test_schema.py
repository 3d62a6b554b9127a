"""The boards through Grafana's own schema: its Foundation SDK reads and writes them again."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.grafana.boards import BOARDS

if TYPE_CHECKING:
    from collections.abc import Iterator

# Of the data source's own, or of the editor's: Grafana has them, the schema does not.
UNKNOWN_TO_THE_SCHEMA = {
    ".annotations.list[].step",
    ".annotations.list[].tagKeys",
    ".annotations.list[].textFormat",
    ".annotations.list[].titleFormat",
    ".panels[].panels[].maxPerRow",
    ".templating.list[].definition",
}


def losses(before: object, after: object, path: str = "") -> Iterator[str]:
    """Yield where a document has lost a field or changed a value."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key in after:
                yield from losses(value, after[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}"
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, value in enumerate(before):
            yield from losses(value, after[number], f"{path}[{number}]")
    elif before != after:
        yield path


@pytest.mark.parametrize("uid", sorted(BOARDS))
def test_grafanas_schema_knows_every_field(uid: str) -> None:
    """A misspelt or misplaced field would be lost on the way through the schema."""
    register_default_plugins()
    board = Dashboard.from_json(BOARDS[uid])
    written = json.loads(JSONEncoder(sort_keys=True).encode(board))
    lost = {re.sub(r"\[\d+\]", "[]", path) for path in losses(BOARDS[uid], written)}
    assert set() == lost - UNKNOWN_TO_THE_SCHEMA

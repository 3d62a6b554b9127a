"""PHP's ``html_entity_decode``, asked from tests."""

from __future__ import annotations

import atexit
import json
import subprocess
from functools import cache
from typing import TYPE_CHECKING, cast

from tests.tools import tool

if TYPE_CHECKING:
    from collections.abc import Sequence

# One process decodes everything: to start PHP takes longer than all else.
_SCRIPT = """
ini_set('memory_limit', '-1');
while (($line = fgets(STDIN)) !== false) {
    $decoded = array_map('html_entity_decode', json_decode($line, flags: JSON_THROW_ON_ERROR));
    echo json_encode($decoded, JSON_THROW_ON_ERROR), "\n";
}
"""


def decoded(texts: Sequence[str]) -> list[str]:
    """Return what PHP's ``html_entity_decode`` makes of each text by default."""
    process = _process()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{json.dumps(texts)}\n")
    process.stdin.flush()
    return cast("list[str]", json.loads(process.stdout.readline()))


@cache
def _process() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [tool("php"), "-r", _SCRIPT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    # PHP ends when nothing more can be asked.
    atexit.register(process.communicate)
    return process

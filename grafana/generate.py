"""Write the dashboards' JSON: ``python grafana/generate.py``, after each change of a board.

With ``--check`` nothing is written; the exit code is 1 when a file is not what it should be.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from boards import exporter, fleet, site

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDER = Path(__file__).parent / "dashboards"


def files() -> Iterator[tuple[Path, str]]:
    """Yield where each board belongs, and its JSON."""
    for board in (fleet.board(), site.board(), exporter.board()):
        text = json.dumps(board, indent=2, ensure_ascii=False)
        yield _FOLDER / f"{board['uid']}.json", f"{text}\n"


def main(arguments: list[str]) -> str | None:
    """Write or check; return what is wrong, for ``sys.exit``."""
    if arguments not in ([], ["--check"]):
        return f"usage: {sys.argv[0]} [--check]"
    for path, text in files():
        if not arguments:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            return f"{path.name} is not what the boards say: run python grafana/generate.py"
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Draw the boards into ``docs/pictures``: ``make board-pictures``, after each change of a board.

What they show is the history of ``tests/history``: five sites, one in an incident, one that died.
"""

from __future__ import annotations

import tempfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from tests.grafana.choices import EXPORTER, FLEET, SITE
from tests.grafana.drawing import Window, picture, shown
from tests.history.backfill import Plan, make
from tests.history.prometheus import HistoryPrometheus
from tests.process.program import launched
from tests.tools import tool

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
PLAN = Plan(step=timedelta(minutes=5))
# As high as whole bands of panels are, and as a document has room for.
PICTURES = {
    "fleet": ("whmcs-fleet", FLEET, Window(height=1082)),
    "site": ("whmcs-site", SITE | {"site": "globex"}, Window(height=1006)),
    "exporter": ("whmcs-exporter", EXPORTER, Window(height=740)),
}


def main() -> None:
    """Make the history, and draw."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        history = make(PLAN, folder)
        started = folder / "prometheus"
        started.mkdir()
        program = tool("prometheus")
        with (
            launched(folder) as launcher,
            closing(
                HistoryPrometheus.start(program, launcher, started, history.storage, PLAN.step)
            ) as prometheus,
        ):
            for title, (uid, choice, window) in PICTURES.items():
                what = shown(prometheus, uid, choice, PLAN.step)
                picture(what, window, FOLDER / f"{title}.png", folder / "profile")


if __name__ == "__main__":
    main()

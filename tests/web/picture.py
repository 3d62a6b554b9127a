"""Draw the landing page into ``docs/pictures``: ``make landing-picture``, after a change of it."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.polling.readings import Departments
from exporter.whmcs.errors import ApiError, IPDenied, TimedOut
from tests.devtools import tab
from tests.exposition.sites import START, fresh_site, poll, tickets
from tests.tools import tool
from tests.web.serving import StandIn, serving

if TYPE_CHECKING:
    from exporter.snapshots import Snapshot

FILE = Path(__file__).parents[2] / "docs" / "pictures" / "landing.png"
# Site, age of its tickets in seconds, active tickets, what is wrong.
SITES: tuple[tuple[str, float, int, ApiError | None], ...] = (
    ("acme", 12.0, 43, None),
    ("globex", 38.0, 1207, None),
    ("initech", 4200.0, 0, IPDenied("WHMCS says: Invalid IP 203.0.113.9")),
    ("umbrella", 95.0, 88, TimedOut("no answer within 10 s")),
)


def _site(name: str, age: float, active: int, error: ApiError | None) -> Snapshot:
    site = fresh_site(name)
    counts = tickets({"Open": active}, active=active)
    site = site.after(poll(name, "ticket_counts", counts, at=START - age))
    site = site.after(poll(name, "departments", Departments(()), at=START - age))
    for source in ("ticket_counts", "departments") if error else ():
        site = site.after(poll(name, source, error=error))
    return site


async def main() -> None:
    """Serve some sites, and draw."""
    exporter = StandIn([_site(*site) for site in SITES])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        async with (
            serving(exporter, slowly=False) as served,
            tab(tool("chromium"), Path(profile)) as page,
        ):
            await page.look(width=1366, height=800)
            await page.open(f"http://127.0.0.1:{served.port}/")
            await page.until("answered")
            await page.picture(FILE)


if __name__ == "__main__":
    asyncio.run(main())

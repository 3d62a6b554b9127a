"""What somebody on call does: look which alerts fire, and follow their pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from tests.process.program import eventually
from tests.rules.pages import pages, queries

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.exposition_check import Series
    from tests.real.prometheus import Prometheus

Firing: TypeAlias = "set[tuple[str, str | None]]"
"""Names of alerts, each with its site or none."""
_PATIENCE = 90.0


async def fires(prometheus: Prometheus, wanted: Firing, *, besides: Firing | None = None) -> None:
    """Wait until exactly these alerts fire; ``besides`` are those that may fire already."""

    async def look() -> None:
        found = await prometheus.query('ALERTS{alertstate="firing"}')
        labels = [dict(each) for _, each in found]
        firing = {(each["alertname"], each.get("site")) for each in labels}
        assert wanted == firing - ((besides or set()) - wanted)

    await eventually(look, _PATIENCE)


async def first_steps(
    prometheus: Prometheus, alert: str, faster: Callable[[str], str] = str
) -> list[dict[Series, float]]:
    """Do what the alert's page says first: make its queries, as ``faster`` makes them.

    After a scrape that took too long they find nothing, so ``eventually`` has to do it again.
    """
    return [await prometheus.query(faster(query)) for query in queries(pages()[alert])]

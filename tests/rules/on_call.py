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


async def fires(prometheus: Prometheus, wanted: Firing) -> None:
    """Wait until exactly these alerts fire."""

    async def look() -> None:
        found = await prometheus.query('ALERTS{alertstate="firing"}')
        firing = [dict(labels) for _, labels in found]
        assert wanted == {(labels["alertname"], labels.get("site")) for labels in firing}

    await eventually(look, _PATIENCE)


async def first_steps(
    prometheus: Prometheus, alert: str, faster: Callable[[str], str] = str
) -> list[dict[Series, float]]:
    """Do what the alert's page says first: make its queries, as ``faster`` makes them."""
    return [await prometheus.query(faster(query)) for query in queries(pages()[alert])]

"""What the simulator tells about itself: its front page, and the truth about a site."""

from collections.abc import Iterable

from exporter.simulator.faults import FAULTS
from exporter.simulator.site import Site
from exporter.simulator.state import DeskState

_HOW = """\
Simulated WHMCS. The API of a site:  POST /SITE/includes/api.php
The truth about a site as JSON:      curl {base}{example}/state
Switch a fault on:                   curl -X PUT -d hang {base}{example}/fault
Look at it:                          curl {base}{example}/fault
Switch it off:                       curl -X DELETE {base}{example}/fault
"""


def front_page(base: str, sites: Iterable[Site]) -> str:
    """Write the front page.

    Args:
        base: The simulator's address, with a slash at its end.
        sites: All of them.
    """
    rows = {site.desk.name: site.fault.name if site.fault else "" for site in sites}
    example = next(iter(rows), "SITE")
    return "\n".join(
        [
            _HOW.format(base=base, example=example),
            "Sites and what is wrong with them:",
            *_columns(rows),
            "",
            "Faults:",
            *_columns({fault.name: fault.description for fault in FAULTS.values()}),
            "",
        ]
    )


def truth(state: DeskState) -> dict[str, object]:
    """Write a state as JSON: every number that the API can be asked for."""
    counts = state.by_status
    active, awaiting = state.active_by_department, state.awaiting_by_department
    return {
        "at": state.at.isoformat(),
        "active": state.active,
        "awaiting": state.awaiting,
        "flagged": state.flagged,
        "statuses": [
            {
                "title": status.title,
                "active": status.active,
                "awaiting": status.awaiting,
                "count": counts[status.title],
            }
            for status in state.statuses
        ],
        "departments": [
            {
                "id": department_id,
                "name": name,
                "active": active[department_id],
                "awaiting": awaiting[department_id],
                "flagged": state.flagged_by_department[department_id],
                "tickets": state.within([department_id]).by_status,
            }
            for department_id, name in state.departments.items()
        ],
    }


def _columns(rows: dict[str, str]) -> list[str]:
    width = max(map(len, rows), default=0)
    return [f"  {name:{width}}  {text}".rstrip() for name, text in rows.items()]

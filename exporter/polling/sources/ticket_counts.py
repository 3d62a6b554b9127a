"""The source ``ticket_counts``: one GetTicketCounts with counts by status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from exporter.polling.labels import Selection, by_title
from exporter.polling.readings import SiteTickets
from exporter.whmcs.actions import GET_TICKET_COUNTS

if TYPE_CHECKING:
    from exporter.polling.site import Cycle
    from exporter.polling.source import Limits, Outcome
    from exporter.whmcs.client import Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCountsSource:
    """All tickets that the site's credential may see, by status.

    Since WHMCS 9.0 these are the tickets of the credential's own departments, unless
    ``ignore_department_assignments``.
    """

    name: ClassVar[str] = "ticket_counts"
    actions: ClassVar[tuple[str, ...]] = (GET_TICKET_COUNTS.name,)

    credential: Credential
    ignore_department_assignments: bool
    statuses: Selection[str]
    limits: Limits

    async def poll(self, cycle: Cycle) -> Outcome:
        """Ask once."""
        parameters = {"includeCountsByStatus": "1"}
        # PHP takes the string "false" for true: leave it out instead.
        if self.ignore_department_assignments:
            parameters["ignoreDepartmentAssignments"] = "1"
        counts = await cycle.call(GET_TICKET_COUNTS, self.credential, parameters)
        statuses, collisions = by_title(counts.statuses, self.statuses)
        visible = counts.department_ids
        reading = SiteTickets(
            active=counts.active,
            awaiting_reply=counts.awaiting_reply,
            flagged=counts.flagged,
            statuses=statuses,
            departments_visible=None if visible is None else len(visible),
        )
        return self.limits.outcome(reading, collisions)

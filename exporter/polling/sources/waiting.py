"""The source ``waiting``: since when each ticket that awaits a reply has done so.

GetTickets lists them page by page, in an order that is not documented, while customers write and
staff answers. Tickets are told apart by their number, so one that turns up on two pages counts
once, and the next page begins behind all that came: each change between two pages makes one other
ticket unseen at most, until the next poll. What fits on one page is exact.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar

from exporter.polling.labels import Selection, label_value
from exporter.polling.readings import AGES, HISTOGRAM_SERIES, DepartmentWaiting, Waiting
from exporter.polling.source import ONLY_PART, Outcome
from exporter.whmcs.actions import GET_SUPPORT_DEPARTMENTS, GET_TICKETS
from exporter.whmcs.errors import SchemaMismatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from exporter.polling.site import Cycle
    from exporter.polling.source import Limits
    from exporter.whmcs.client import Credential
    from exporter.whmcs.decode import SupportDepartment, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingSource:
    """GetSupportDepartments for ids and names, then GetTickets until all have come.

    ``timezone`` is that of the WHMCS server's dates. Where it sets its clocks back, an hour comes
    twice, and a date in it is taken for the earlier one; of an hour that it skips the date is read
    as if the clocks had not yet been set. One in the future, by a clock that is ahead, is now.
    """

    name: ClassVar[str] = "waiting"
    actions: ClassVar[tuple[str, ...]] = (GET_SUPPORT_DEPARTMENTS.name, GET_TICKETS.name)

    credential: Credential
    ignore_department_assignments: bool
    departments: Selection[int]
    timezone: tzinfo
    page_size: int
    max_pages: int
    limits: Limits

    async def poll(self, cycle: Cycle) -> Outcome:
        """Ask for the departments, then for the tickets."""
        # PHP takes the string "false" for true: leave it out instead.
        parameters = {"ignore_dept_assignments": "1"} if self.ignore_department_assignments else {}
        rows = await cycle.call(GET_SUPPORT_DEPARTMENTS, self.credential, parameters)
        rows = tuple(row for row in rows if row.id in self.departments)
        if len(rows) > self.limits.departments:
            return _withheld(rows, "limits")
        tickets = await self._tickets(cycle, parameters)
        if tickets is None:
            return _withheld(rows, "waiting.max_pages")
        return Outcome(readings={ONLY_PART: self._reading(rows, tickets, cycle.site.time())})

    async def _tickets(
        self, cycle: Cycle, parameters: Mapping[str, str]
    ) -> Sequence[Ticket] | None:
        """Return each ticket once; None when they are more than the pages hold."""
        found: dict[str, Ticket] = {}
        start = 0
        for _ in range(self.max_pages):
            page = await cycle.call(GET_TICKETS, self.credential, self._page(parameters, start))
            found |= {ticket.number: ticket for ticket in page.tickets}
            # Servers may send fewer than they are asked for.
            start += len(page.tickets)
            if start >= page.total:
                return tuple(found.values())
            if not page.tickets:
                early = SchemaMismatch("`tickets` is empty before `totalresults` have come")
                raise cycle.site.noted(early)
            if page.total > self.max_pages * self.page_size:
                return None
        return None

    def _page(self, parameters: Mapping[str, str], start: int) -> Mapping[str, str]:
        return {
            **parameters,
            "status": "Awaiting Reply",
            "limitstart": str(start),
            "limitnum": str(self.page_size),
        }

    def _reading(
        self, rows: Sequence[SupportDepartment], tickets: Sequence[Ticket], now: float
    ) -> Waiting:
        since: dict[int, list[float]] = {row.id: [] for row in rows}
        for ticket in tickets:
            if ticket.department_id in since:
                replied = ticket.last_reply.replace(tzinfo=self.timezone).timestamp()
                since[ticket.department_id].append(min(replied, now))
        return Waiting(tuple(_department(row, since[row.id], now) for row in rows))


def _department(row: SupportDepartment, since: Sequence[float], now: float) -> DepartmentWaiting:
    counts = [0] * (len(AGES) + 1)
    for moment in since:
        counts[bisect_left(AGES, now - moment)] += 1
    return DepartmentWaiting(
        id=row.id,
        name=label_value(row.name),
        oldest=min(since, default=None),
        younger=tuple(accumulate(counts[:-1])),
        count=len(since),
        age_sum=sum(now - moment for moment in since),
    )


def _withheld(rows: Sequence[SupportDepartment], limit: str) -> Outcome:
    # Of which departments tickets wait is not known, but the buckets are.
    dropped = len(rows) * HISTOGRAM_SERIES
    return Outcome(readings={ONLY_PART: None}, dropped=dropped, limit=limit)

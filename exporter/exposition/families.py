"""The families that belong to a site, as a table: a new family is a new row.

HELP texts name the WHMCS action and field that a value comes from. Names, types and labels follow
Prometheus's "Metric and label naming" and "Writing exporters".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.utils import floatToGoString

from exporter.exposition.family import Family, GaugeHistogram
from exporter.polling.readings import AGES
from exporter.whmcs.errors import REASONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from exporter.exposition.family import Row
    from exporter.exposition.view import View
    from exporter.polling.readings import DepartmentTickets, SiteTickets
    from exporter.snapshots import SourceState

_CACHED = "Polled and cached; absent while stale."
_DEPARTMENT = ("department_id", "department")
_BOUNDS = tuple(map(floatToGoString, AGES))


def _of_tickets(value: Callable[[SiteTickets], int | None]) -> Callable[[View], Iterable[Row]]:
    def rows(view: View) -> Iterator[Row]:
        if view.tickets is not None and (number := value(view.tickets)) is not None:
            yield (), number

    return rows


def _of_departments(
    value: Callable[[DepartmentTickets], int | None],
) -> Callable[[View], Iterable[Row]]:
    def rows(view: View) -> Iterator[Row]:
        for department in view.departments:
            if (number := value(department)) is not None:
                yield (str(department.id), department.name), number

    return rows


def _of_states(value: Callable[[SourceState], float | None]) -> Callable[[View], Iterable[Row]]:
    def rows(view: View) -> Iterator[Row]:
        for state in view.states:
            if (number := value(state)) is not None:
                yield (state.name,), number

    return rows


def _statuses(view: View) -> Iterator[Row]:
    for status, count in view.tickets.statuses.items() if view.tickets else ():
        yield (status,), count


def _department_statuses(view: View) -> Iterator[Row]:
    for department in view.departments:
        for status, count in department.statuses.items():
            yield (str(department.id), department.name, status), count


def _oldest(view: View) -> Iterator[Row]:
    for department in view.waiting:
        if department.oldest is not None:
            yield (str(department.id), department.name), department.oldest


def _ages(view: View) -> Iterator[Row]:
    for department in view.waiting:
        labels = (str(department.id), department.name)
        for bound, count in zip(_BOUNDS, department.younger, strict=True):
            yield (*labels, bound), count
        yield (*labels, "+Inf"), department.count
        yield (*labels, "_gcount"), department.count
        yield (*labels, "_gsum"), department.age_sum


def _up(view: View) -> Iterator[Row]:
    for state in view.states:
        if state.name == "ticket_counts" and state.success is not None:
            yield (), state.success


def _failures(view: View) -> Iterator[Row]:
    for reason in REASONS:
        yield (reason,), view.failures.get(reason, 0)


FAMILIES: tuple[Family, ...] = (
    Family(
        name="whmcs_tickets",
        help="Tickets by status, all that the credential may see: "
        f"GetTicketCounts status.*.count, by status.*.title. {_CACHED}",
        labels=("status",),
        reads="tickets",
        rows=_statuses,
    ),
    Family(
        name="whmcs_tickets_active",
        help="Tickets in a status that counts as active; overlaps with the others: "
        f"GetTicketCounts allActive. {_CACHED}",
        reads="tickets",
        rows=_of_tickets(lambda tickets: tickets.active),
    ),
    Family(
        name="whmcs_tickets_awaiting_reply",
        help="Tickets in a status that counts as awaiting a reply; overlaps with the others: "
        f"GetTicketCounts awaitingReply. {_CACHED}",
        reads="tickets",
        rows=_of_tickets(lambda tickets: tickets.awaiting_reply),
    ),
    Family(
        name="whmcs_tickets_flagged",
        help="Tickets flagged to the API's own user, not to anybody else: "
        f"GetTicketCounts flaggedTickets. {_CACHED}",
        reads="tickets",
        rows=_of_tickets(lambda tickets: tickets.flagged),
    ),
    Family(
        name="whmcs_departments_visible",
        help="Departments that the ticket counts cover: "
        f"number of ids in GetTicketCounts filteredDepartments. {_CACHED}",
        reads="tickets",
        rows=_of_tickets(lambda tickets: tickets.departments_visible),
    ),
    Family(
        name="whmcs_department_tickets",
        help="Tickets by department and status: GetSupportStatuses statuses.status.count, or with "
        f"a credential per department GetTicketCounts status.*.count. {_CACHED}",
        labels=(*_DEPARTMENT, "status"),
        reads="departments",
        rows=_department_statuses,
    ),
    Family(
        name="whmcs_department_tickets_awaiting_reply",
        help="Tickets of a department awaiting a reply: GetSupportDepartments awaitingreply, or "
        f"with a credential per department GetTicketCounts awaitingReply. {_CACHED}",
        labels=_DEPARTMENT,
        reads="departments",
        rows=_of_departments(lambda department: department.awaiting_reply),
    ),
    Family(
        name="whmcs_department_tickets_open",
        help=f"Open tickets of a department: GetSupportDepartments opentickets. {_CACHED}",
        labels=_DEPARTMENT,
        reads="departments",
        rows=_of_departments(lambda department: department.open),
    ),
    Family(
        name="whmcs_department_tickets_active",
        help="Active tickets of a department, with a credential per department only: "
        f"GetTicketCounts allActive. {_CACHED}",
        labels=_DEPARTMENT,
        reads="departments",
        rows=_of_departments(lambda department: department.active),
    ),
    Family(
        name="whmcs_oldest_awaiting_reply_timestamp_seconds",
        help="Unix time of the oldest last reply among a department's tickets that await one: "
        f"GetTickets tickets.ticket.lastreply, status Awaiting Reply. {_CACHED}",
        labels=_DEPARTMENT,
        reads="waiting",
        rows=_oldest,
    ),
    GaugeHistogram(
        name="whmcs_awaiting_reply_age_seconds",
        help="How long a department's tickets have been awaiting a reply: "
        f"GetTickets tickets.ticket.lastreply, status Awaiting Reply. {_CACHED}",
        labels=_DEPARTMENT,
        reads="waiting",
        rows=_ages,
    ),
    Family(
        name="whmcs_up",
        help="1 when the last poll of GetTicketCounts succeeded, 0 when it failed.",
        reads="states",
        rows=_up,
    ),
    Family(
        name="whmcs_source_success",
        help="1 when the last poll of a source succeeded, 0 when any of its calls failed.",
        labels=("source",),
        reads="states",
        rows=_of_states(lambda state: state.success),
    ),
    Family(
        name="whmcs_source_last_success_timestamp_seconds",
        help="Unix time of the last poll of a source that succeeded.",
        labels=("source",),
        reads="states",
        rows=_of_states(lambda state: state.last_success),
    ),
    Family(
        name="whmcs_source_duration_seconds",
        help="How long the last poll of a source took, all its calls together.",
        labels=("source",),
        reads="states",
        rows=_of_states(lambda state: state.duration),
    ),
    Family(
        name="whmcs_source_interval_seconds",
        help="How often a source is meant to be polled, as configured.",
        labels=("source",),
        reads="states",
        rows=_of_states(lambda state: state.interval),
    ),
    Family(
        name="whmcs_api_requests_total",
        type="counter",
        help="Calls of WHMCS's API made, by action.",
        labels=("action",),
        reads="snapshot",
        rows=lambda view: (((action,), n) for action, n in view.snapshot.requests.items()),
    ),
    Family(
        name="whmcs_api_failures_total",
        type="counter",
        help="Calls of WHMCS's API that failed, by the first reason that fits.",
        labels=("reason",),
        reads="failures",
        rows=_failures,
    ),
    Family(
        name="whmcs_exporter_label_collisions_total",
        type="counter",
        help="Statuses added to another one because both have the same label value, each poll.",
        reads="snapshot",
        rows=lambda view: [((), view.snapshot.collisions)],
    ),
    Family(
        name="whmcs_exporter_series_dropped_total",
        type="counter",
        help="Series not published because their reading was beyond the site's limits, each poll.",
        reads="snapshot",
        rows=lambda view: [((), view.snapshot.dropped)],
    ),
)

BLOCKS: tuple[Family, ...] = tuple(block for family in FAMILIES for block in family.blocks())
"""The same as they are written: each beneath a header of its own."""

"""The source ``departments``: tickets by department, asked in one of two ways.

GetTicketCounts has no number per department, so either GetSupportStatuses is asked once for each
department, or GetTicketCounts once with each of several credentials of one department.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, TypeVar

from exporter.polling.backoff import BackingOff
from exporter.polling.labels import Selection, by_title, label_value
from exporter.polling.readings import Departments, DepartmentTickets
from exporter.polling.source import ONLY_PART, Outcome
from exporter.whmcs.actions import (
    GET_DEPARTMENT_TICKET_COUNTS,
    GET_SUPPORT_DEPARTMENTS,
    GET_SUPPORT_STATUSES,
)
from exporter.whmcs.errors import ApiError, SchemaMismatch, bare

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable

    from exporter.polling.readings import Reading
    from exporter.polling.site import Cycle
    from exporter.polling.source import Limits
    from exporter.whmcs.client import Credential

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentsByStatuses:
    """GetSupportDepartments for ids, names and two numbers; GetSupportStatuses for each."""

    name: ClassVar[str] = "departments"
    actions: ClassVar[tuple[str, ...]] = (GET_SUPPORT_DEPARTMENTS.name, GET_SUPPORT_STATUSES.name)

    credential: Credential
    ignore_department_assignments: bool
    departments: Selection[int]
    statuses: Selection[str]
    limits: Limits

    async def poll(self, cycle: Cycle) -> Outcome:
        """Ask for the departments, then for the statuses of each."""
        # Another spelling than GetTicketCounts has; and PHP takes "false" for true.
        parameters = {"ignore_dept_assignments": "1"} if self.ignore_department_assignments else {}
        rows = await cycle.call(GET_SUPPORT_DEPARTMENTS, self.credential, parameters)
        rows = tuple(row for row in rows if row.id in self.departments)
        if len(rows) > self.limits.departments:
            # Their statuses are not asked for, so this is what is known to be dropped.
            return Outcome(readings={ONLY_PART: None}, dropped=2 * len(rows))
        answers = await _together(
            cycle.call(GET_SUPPORT_STATUSES, self.credential, {"deptid": str(row.id)})
            for row in rows
        )
        counted = [by_title(statuses, self.statuses) for statuses in answers]
        reading = Departments(
            tuple(
                DepartmentTickets(
                    id=row.id,
                    name=label_value(row.name),
                    awaiting_reply=row.awaiting_reply,
                    open=row.open,
                    active=None,
                    statuses=statuses,
                )
                for row, (statuses, _) in zip(rows, counted, strict=True)
            )
        )
        return self.limits.outcome(reading, sum(collisions for _, collisions in counted))


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentCredential:
    """A credential of an admin of one department, and that department's name."""

    name: str
    credential: Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentsByCredentials:
    """GetTicketCounts with one credential per department, which WHMCS 9.0 scopes to it.

    A credential is a part of its own: one that fails leaves the others' numbers standing.
    """

    name: ClassVar[str] = "departments"
    actions: ClassVar[tuple[str, ...]] = (GET_DEPARTMENT_TICKET_COUNTS.name,)

    credentials: tuple[DepartmentCredential, ...]
    departments: Selection[int]
    statuses: Selection[str]
    limits: Limits

    async def poll(self, cycle: Cycle) -> Outcome:
        """Ask with each credential."""
        parts = await _together(
            self._poll_part(cycle, str(number), department)
            for number, department in enumerate(self.credentials)
        )
        return _without_twins(
            cycle,
            Outcome(
                readings={
                    name: reading for part in parts for name, reading in part.readings.items()
                },
                failed=tuple(failure for part in parts for failure in part.failed),
                collisions=sum(part.collisions for part in parts),
                dropped=sum(part.dropped for part in parts),
            ),
        )

    async def _poll_part(
        self, cycle: Cycle, part: str, department: DepartmentCredential
    ) -> Outcome:
        # `ignoreDepartmentAssignments` is left out: the assignment is what makes the counts one
        # department's.
        parameters = {"includeCountsByStatus": "1"}
        try:
            department_id, counts = await cycle.call(
                GET_DEPARTMENT_TICKET_COUNTS, department.credential, parameters
            )
        except (ApiError, BackingOff) as error:
            return Outcome(readings={}, failed=(error,))
        statuses, collisions = by_title(counts.statuses, self.statuses)
        tickets = DepartmentTickets(
            id=department_id,
            name=label_value(department.name),
            awaiting_reply=counts.awaiting_reply,
            open=None,
            active=counts.active,
            statuses=statuses,
        )
        wanted = (tickets,) if tickets.id in self.departments else ()
        return self.limits.outcome(Departments(wanted), collisions, part)


def _without_twins(cycle: Cycle, outcome: Outcome) -> Outcome:
    """Leave out what a second credential says of a department, and call that a failure.

    Both would make the same series, and adding them would count every ticket twice.
    """
    readings: dict[str, Reading | None] = {}
    twins: list[SchemaMismatch] = []
    seen: set[int] = set()
    for part, reading in outcome.readings.items():
        rows = reading.departments if isinstance(reading, Departments) else ()
        ids = {row.id for row in rows}
        if ids & seen:
            twin = SchemaMismatch(f"two credentials stand for department {min(ids)}")
            twins.append(cycle.site.noted(twin))
        else:
            readings[part] = reading
            seen |= ids
    return replace(outcome, readings=readings, failed=(*outcome.failed, *twins))


async def _together(calls: Iterable[Coroutine[object, object, T]]) -> list[T]:
    """Make calls side by side; the first failure ends the others and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except BaseExceptionGroup as failures:
        raise _first(bare(failures)) from None
    return [task.result() for task in tasks]


def _first(failures: BaseExceptionGroup) -> Exception:
    """Return the first of failures that can happen; of bugs, raise them all."""
    known, bugs = failures.split((ApiError, BackingOff))
    if bugs or not known:
        raise failures
    return known.exceptions[0]

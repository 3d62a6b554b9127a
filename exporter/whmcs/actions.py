"""The actions that the exporter uses, each with its decoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from exporter.whmcs import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exporter.whmcs.document import JSON

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Action(Generic[T]):
    """An action of WHMCS's API, by WHMCS's name for it, and what its documents mean."""

    name: str
    decode: Callable[[Mapping[str, JSON]], T]


GET_TICKET_COUNTS = Action("GetTicketCounts", decode.ticket_counts)
GET_DEPARTMENT_TICKET_COUNTS = Action("GetTicketCounts", decode.department_ticket_counts)
GET_SUPPORT_DEPARTMENTS = Action("GetSupportDepartments", decode.support_departments)
GET_SUPPORT_STATUSES = Action("GetSupportStatuses", decode.support_statuses)
GET_TICKETS = Action("GetTickets", decode.tickets)
GET_DETAILS = Action("WhmcsDetails", decode.version)

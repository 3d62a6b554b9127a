"""What a scripted site has to tell: documents for each action, and the series they must lead to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.process.truth import series

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.exposition_check import Series

SOURCES = ("ticket_counts", "departments")
COUNTS = "GetTicketCounts"
DEPARTMENTS = "GetSupportDepartments"
STATUSES = "GetSupportStatuses"

_STATUSES = ("Open", "Customer-Reply")
_NAMES = {1: "Sales", 2: "Billing & Abuse"}


@dataclass(frozen=True, slots=True)
class Truth:
    """A site's tickets: every number is another one, and all are others at another ``moment``."""

    site: str
    moment: int = 1

    def document(self, action: str, department: str = "") -> dict[str, Any]:
        """Return the right answer to a call."""
        if action == DEPARTMENTS:
            rows = [self._department(number) for number in _NAMES]
            return {"result": "success", "departments": {"department": rows}}
        if action == STATUSES:
            rows = [
                {"title": title, "count": count, "color": "#000000"}
                for title, count in self.by_status(int(department or 0)).items()
            ]
            return {"result": "success", "statuses": {"status": rows}}
        return self._counts()

    def by_status(self, department: int = 0) -> dict[str, int]:
        """Return the tickets of a department, or of all, by status."""
        first = 1_000 * self.moment + 100 * department
        return {title: first + number for number, title in enumerate(_STATUSES, start=1)}

    def tickets(self, statuses: Mapping[str, float] | None = None) -> dict[Series, float]:
        """Return the series of ``ticket_counts``, perhaps with other ``statuses``."""
        by_status = self.by_status() if statuses is None else statuses
        counts = self._counts()
        return {
            series("whmcs_tickets_active", site=self.site): counts["allActive"],
            series("whmcs_tickets_awaiting_reply", site=self.site): counts["awaitingReply"],
            series("whmcs_tickets_flagged", site=self.site): counts["flaggedTickets"],
            series("whmcs_departments_visible", site=self.site): len(_NAMES),
            **{
                series("whmcs_tickets", site=self.site, status=title): count
                for title, count in by_status.items()
            },
        }

    def departments(self) -> dict[Series, float]:
        """Return the series of ``departments``."""
        found: dict[Series, float] = {}
        for number, name in _NAMES.items():
            labels = {"site": self.site, "department_id": str(number), "department": name}
            first = 1_000 * self.moment + 100 * number
            found[series("whmcs_department_tickets_awaiting_reply", **labels)] = first + 21
            found[series("whmcs_department_tickets_open", **labels)] = first + 22
            for status, count in self.by_status(number).items():
                found[series("whmcs_department_tickets", **labels, status=status)] = count
        return found

    def _counts(self) -> dict[str, Any]:
        return {
            "result": "success",
            "filteredDepartments": list(_NAMES),
            "allActive": 1_000 * self.moment + 11,
            "awaitingReply": 1_000 * self.moment + 12,
            "flaggedTickets": 1_000 * self.moment + 13,
            "status": {
                title.lower().replace("-", ""): {"title": title, "count": count}
                for title, count in self.by_status().items()
            },
        }

    def _department(self, number: int) -> dict[str, Any]:
        name = _NAMES[number].replace("&", "&amp;")
        first = 1_000 * self.moment + 100 * number
        return {
            "id": number,
            "name": name,
            "awaitingreply": str(first + 21),
            "opentickets": str(first + 22),
        }

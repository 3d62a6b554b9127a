"""What the WHMCS in PHP holds, and what an exporter must make of it: apart from the exporter."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from tests.php import decoded
from tests.process.truth import series

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.exposition_check import Series

IDENTIFIER, SECRET = "identifier", "secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A status of tickets and its two ticks in WHMCS."""

    title: str
    active: bool = True
    awaiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A department with its tickets, one number for each status of the desk."""

    id: int
    name: str
    tickets: tuple[int, ...]
    flagged: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An API credential; ``departments`` are the ids of its admin's, None stands for all."""

    identifier: str = IDENTIFIER
    secret: str = SECRET
    departments: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """How PHP writes an answer.

    ``strings``: numbers are written as strings. ``gaps``: lists are arrays that begin at 1.
    ``encoded``: names are HTML-encoded. ``status_list``: GetTicketCounts has statuses without
    keys.
    """

    strings: bool = False
    gaps: bool = False
    encoded: bool = False
    status_list: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything that the PHP reads; ``warning``: PHP prints one in front of each answer."""

    departments: tuple[Department, ...]
    statuses: tuple[Status, ...]
    users: tuple[User, ...] = field(default=(User(),))
    version: str = "9.0"
    shape: Shape = Shape()
    warning: bool = False

    def state(self) -> dict[str, Any]:
        """Return what the PHP reads as JSON."""
        return asdict(self)

    def tickets(self, site: str, departments: Iterable[Department]) -> dict[Series, float]:
        """Return the series of ``ticket_counts`` for these departments."""
        departments = tuple(departments)
        totals: dict[Series, float] = {
            series("whmcs_tickets_active", site=site): self._sum("active", departments),
            series("whmcs_tickets_awaiting_reply", site=site): self._sum("awaiting", departments),
            series("whmcs_tickets_flagged", site=site): sum(each.flagged for each in departments),
            series("whmcs_departments_visible", site=site): len(departments),
        }
        return totals | _with_status("whmcs_tickets", {"site": site}, self._by_key(departments))

    def by_statuses(self, site: str, departments: Iterable[Department]) -> dict[Series, float]:
        """Return the series of ``departments``, asked by statuses."""
        found: dict[Series, float] = {}
        for each in departments:
            labels = _labels(site, each, self._label(each.name))
            name = "whmcs_department_tickets"
            found[series(f"{name}_awaiting_reply", **labels)] = self._sum("awaiting", [each])
            found[series(f"{name}_open", **labels)] = self._sum("active", [each])
            everything = self._by_label(range(len(self.statuses)), [each])
            found |= _with_status(name, labels, everything)
        return found

    def by_credentials(self, site: str, names: Mapping[int, str]) -> dict[Series, float]:
        """Return the series of ``departments``, asked by credentials; names are configured."""
        found: dict[Series, float] = {}
        for each in self.departments:
            if each.id in names:
                labels = _labels(site, each, names[each.id])
                name = "whmcs_department_tickets"
                found[series(f"{name}_awaiting_reply", **labels)] = self._sum("awaiting", [each])
                found[series(f"{name}_active", **labels)] = self._sum("active", [each])
                found |= _with_status(name, labels, self._by_key([each]))
        return found

    def _sum(self, tick: str, departments: Iterable[Department]) -> int:
        ticked = [getattr(status, tick) for status in self.statuses]
        return sum(
            count
            for department in departments
            for count, counts in zip(department.tickets, ticked, strict=True)
            if counts
        )

    def _by_key(self, departments: Iterable[Department]) -> Mapping[str, int]:
        """Count as GetTicketCounts does: of two statuses with one key the later stays."""
        keys = [status.title.encode().lower() for status in self.statuses]
        last = {key.replace(b" ", b"").replace(b"-", b""): i for i, key in enumerate(keys)}
        return self._by_label(last.values(), departments)

    def _by_label(
        self, statuses: Iterable[int], departments: Iterable[Department]
    ) -> Mapping[str, int]:
        """Add up statuses, by number, whose titles are shown as the same label value."""
        departments = tuple(departments)
        counts: Counter[str] = Counter()
        for number in statuses:
            label = self._label(self.statuses[number].title)
            counts[label] += sum(department.tickets[number] for department in departments)
        return counts

    def _label(self, text: str) -> str:
        """Return a name as it is shown: decoded once, harmless, and not empty."""
        shown = text if self.shape.encoded else decoded([text])[0]
        return "".join(map(_harmless, shown[:256])) or "(untitled)"


def _harmless(char: str) -> str:
    return "\ufffd" if unicodedata.category(char) == "Cc" and char not in "\n\t" else char


def _labels(site: str, department: Department, name: str) -> dict[str, str]:
    return {"site": site, "department_id": str(department.id), "department": name}


def _with_status(
    name: str, labels: Mapping[str, str], counts: Mapping[str, int]
) -> dict[Series, float]:
    return {series(name, **labels, status=status): count for status, count in counts.items()}

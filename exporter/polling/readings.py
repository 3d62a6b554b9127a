"""What one successful poll found: immutable, and ready to be published as it is.

Every text in here is a label value already, every number a count of tickets unless it says what
else it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTickets:
    """The reading of ``ticket_counts``: everything that the site's credential may see.

    ``statuses`` maps a status's title to its tickets; the other three overlap with it and with
    each other. ``departments_visible`` is None when WHMCS did not say.
    """

    active: int
    awaiting_reply: int
    flagged: int
    statuses: Mapping[str, int]
    departments_visible: int | None

    @property
    def series(self) -> int:
        """How many time series this reading makes."""
        return 3 + len(self.statuses) + (self.departments_visible is not None)

    @property
    def most_statuses(self) -> int:
        """How many statuses stand side by side."""
        return len(self.statuses)


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentTickets:
    """One department's tickets; what its way of asking does not tell is None."""

    id: int
    name: str
    awaiting_reply: int
    open: int | None
    active: int | None
    statuses: Mapping[str, int]

    @property
    def series(self) -> int:
        """How many time series this department makes."""
        return 1 + (self.open is not None) + (self.active is not None) + len(self.statuses)


@dataclass(frozen=True, slots=True)
class Departments:
    """A reading of ``departments``: all of a site, or those that one credential stands for."""

    departments: tuple[DepartmentTickets, ...]

    @property
    def series(self) -> int:
        """How many time series this reading makes."""
        return sum(department.series for department in self.departments)

    @property
    def most_statuses(self) -> int:
        """How many statuses the department with most of them has."""
        return max((len(department.statuses) for department in self.departments), default=0)


AGES = tuple(
    60.0 * minutes
    for minutes in (15, 30, 60, 120, 240, 480, 720, 1440, 2880, 4320, 10080, 20160, 43200)
)
"""The ages by which waiting tickets are counted: from a quarter of an hour to 30 days, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentWaiting:
    """How long one department's tickets have been awaiting a reply.

    ``oldest`` is the Unix time since when one has; None when none does. ``younger`` has for each of
    ``AGES`` how many have waited no longer, ``count`` is all of them, ``age_sum`` in seconds.
    """

    id: int
    name: str
    oldest: float | None
    younger: tuple[int, ...]
    count: int
    age_sum: float

    @property
    def series(self) -> int:
        """How many time series this department makes."""
        return HISTOGRAM_SERIES + (self.oldest is not None)


HISTOGRAM_SERIES = len(AGES) + 3
"""How many series a department's ages make: those of the buckets, the infinite one, two totals."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The reading of ``waiting``: every department, also one where nobody waits."""

    departments: tuple[DepartmentWaiting, ...]

    @property
    def series(self) -> int:
        """How many time series this reading makes."""
        return sum(department.series for department in self.departments)


Reading: TypeAlias = SiteTickets | Departments | Waiting

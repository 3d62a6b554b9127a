"""Sites to show, made as the exporter makes them: a first snapshot, then polls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporter.polling.labels import label_value
from exporter.polling.poll import Poll
from exporter.polling.readings import (
    AGES,
    Departments,
    DepartmentTickets,
    DepartmentWaiting,
    SiteTickets,
    Waiting,
)
from exporter.polling.site import Tally
from exporter.polling.source import ONLY_PART, Outcome
from exporter.snapshots import Snapshot, SourceState
from exporter.whmcs.errors import ApiError, AuthFailed, TimedOut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exporter.polling.readings import Reading

START = 1_000.0
"""Where ``FakeClock`` begins, monotonic."""
UNIX_START = 1_800_000_000.0
"""Where ``FakeClock`` begins, Unix time."""
INTERVAL = 60.0
STALE_AFTER = 180.0

ODD_NAMES = (
    'say "hello" \\ good-bye',
    "two\nlines",
    "tab\tand \N{ADMISSION TICKETS}",
    "# HELP whmcs_tickets or not",
    "line\N{LINE SEPARATOR}separator",
    "x" * 300,
)


def fresh_site(
    name: str,
    *,
    requests: tuple[str, ...] = ("GetTicketCounts",),
    stale_after: float = STALE_AFTER,
    sources: tuple[str, ...] = ("ticket_counts", "departments"),
) -> Snapshot:
    """Return a site before its first poll."""
    return Snapshot(
        site=name,
        sources={
            source: SourceState(name=source, interval=INTERVAL, stale_after=stale_after)
            for source in sources
        },
        requests=dict.fromkeys(requests, 0),
        failures={},
    )


def poll(
    site: str,
    source: str,
    readings: Mapping[str, Reading | None] | Reading | None = None,
    *,
    error: ApiError | None = None,
    at: float = START,
    tally: Tally | None = None,
    collisions: int = 0,
    dropped: int = 0,
) -> Poll:
    """Return an ended poll; a single reading is the only part's."""
    if isinstance(readings, SiteTickets | Departments | Waiting):
        readings = {ONLY_PART: readings}
    return Poll(
        site=site,
        source=source,
        outcome=Outcome(readings=readings or {}, collisions=collisions, dropped=dropped),
        error=error,
        ended=at,
        ended_at=UNIX_START + at - START,
        duration=0.25,
        tally=tally or Tally({}, {}),
    )


def tickets(
    statuses: Mapping[str, int], *, active: int = 3, departments_visible: int | None = 2
) -> SiteTickets:
    """Return a reading of the whole site."""
    return SiteTickets(
        active=active,
        awaiting_reply=2,
        flagged=1,
        statuses={label_value(title): count for title, count in statuses.items()},
        departments_visible=departments_visible,
    )


def by_statuses(number: int, name: str, statuses: Mapping[str, int]) -> DepartmentTickets:
    """Return a department as GetSupportDepartments and GetSupportStatuses tell of it."""
    return DepartmentTickets(
        id=number,
        name=label_value(name),
        awaiting_reply=1,
        open=4,
        active=None,
        statuses={label_value(title): count for title, count in statuses.items()},
    )


def by_credential(number: int, name: str, statuses: Mapping[str, int]) -> DepartmentTickets:
    """Return a department as GetTicketCounts tells of it, asked with a credential of its own."""
    return DepartmentTickets(
        id=number,
        name=label_value(name),
        awaiting_reply=5,
        open=None,
        active=6,
        statuses={label_value(title): count for title, count in statuses.items()},
    )


def acme() -> Snapshot:
    """Return a site by statuses with odd names everywhere; all goes well."""
    counts = {name: number for number, name in enumerate(("Open", *ODD_NAMES))}
    departments = tuple(
        by_statuses(number, name, {"Open": number, name: 2})
        for number, name in enumerate(ODD_NAMES)
    )
    twins = (by_statuses(8, "Twin", {}), by_statuses(9, "Twin", {"": 7}))
    site = fresh_site('acme "&" co', requests=("GetSupportDepartments", "GetTicketCounts"))
    site = site.after(poll(site.site, "ticket_counts", tickets(counts), collisions=1))
    tally = Tally({"GetSupportDepartments": 1, "GetTicketCounts": 1}, {})
    return site.after(
        poll(site.site, "departments", Departments((*departments, *twins)), tally=tally)
    )


def globex() -> Snapshot:
    """Return a site by credentials, where both sources fail after a success; one part is good."""
    site = fresh_site("globex", requests=("GetTicketCounts",))
    billing = Departments((by_credential(1, "Billing", {"Open": 2**53, "Answered": 0}),))
    sales = Departments((by_credential(2, "Sales", {"Open": 8}),))
    older = tickets({"Open": 20}, departments_visible=None)
    tally = Tally({"GetTicketCounts": 6}, {"timeout": 1, "auth": 1})
    for done in (
        poll("globex", "ticket_counts", older, at=START - 100),
        poll("globex", "departments", {"0": billing, "1": sales}, at=START - 90),
        poll("globex", "ticket_counts", error=TimedOut("no answer within 10 s"), at=START - 40),
        poll("globex", "departments", {"0": billing}, error=AuthFailed("no"), tally=tally),
    ):
        site = site.after(done)
    return site


def waiting(number: int, name: str, *ages: float, at: float = UNIX_START) -> DepartmentWaiting:
    """Return a department whose tickets have waited so long, in seconds."""
    return DepartmentWaiting(
        id=number,
        name=label_value(name),
        oldest=at - max(ages) if ages else None,
        younger=tuple(sum(age <= most for age in ages) for most in AGES),
        count=len(ages),
        age_sum=sum(ages),
    )


def patient() -> Snapshot:
    """Return a site that is polled for waiting times: in a department some, in another none."""
    reading = Waiting(
        (
            waiting(1, ODD_NAMES[1], 60.0, 900.0, 901.5, 86_400.0, 1e7),
            waiting(2, "Nobody waits"),
        )
    )
    site = fresh_site("patient", requests=("GetTickets",), sources=("ticket_counts", "waiting"))
    return site.after(poll(site.site, "waiting", reading))

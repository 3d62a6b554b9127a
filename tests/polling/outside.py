"""What lies around the polling room, scripted: WHMCS, a secret in a file, who takes the polls."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from exporter.polling.backoff_registry import BackoffRegistry
from exporter.polling.labels import Selection
from exporter.polling.poller import Poller
from exporter.polling.reporter import Lines, Reporter
from exporter.polling.site import Site
from exporter.polling.source import Limits
from exporter.polling.sources.departments import (
    DepartmentCredential,
    DepartmentsByCredentials,
    DepartmentsByStatuses,
)
from exporter.polling.sources.ticket_counts import TicketCountsSource
from exporter.polling.sources.waiting import WaitingSource
from exporter.whmcs.client import Identity
from exporter.whmcs.errors import TimedOut
from tests.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from exporter.polling.poll import Poll
    from exporter.polling.source import Source
    from exporter.whmcs.actions import Action
    from exporter.whmcs.client import Credential
    from exporter.whmcs.document import JSON
    from exporter.whmcs.errors import ApiError

COUNTS = "GetTicketCounts"
DEPARTMENTS = "GetSupportDepartments"
STATUSES = "GetSupportStatuses"
TICKETS = "GetTickets"

Document: TypeAlias = "dict[str, JSON]"
Answer: TypeAlias = "Document | Exception | asyncio.Future[Document]"

T = TypeVar("T")

GOOD = "good"
AMPLE = Limits(departments=500, statuses=200)


def ticket_counts(statuses: Mapping[str, int] | None = None, **fields: JSON) -> Document:
    """Return an answer of GetTicketCounts; ``fields`` replace its own."""
    rows: list[JSON] = [
        {"title": title, "count": count} for title, count in (statuses or {"Open": 60}).items()
    ]
    return {
        "result": "success",
        "filteredDepartments": [1, 2, 3],
        "allActive": 123,
        "awaitingReply": 100,
        "flaggedTickets": 15,
        "status": rows,
        **fields,
    }


def departments(**names: str) -> Document:
    """Return an answer of GetSupportDepartments: ``d1="Sales"`` is department 1."""
    rows: list[JSON] = [
        {"id": key[1:], "name": name, "awaitingreply": "3", "opentickets": "5"}
        for key, name in names.items()
    ]
    return {"result": "success", "departments": {"department": rows}}


def statuses(*rows: tuple[str, int]) -> Document:
    """Return an answer of GetSupportStatuses."""
    listed: list[JSON] = [{"title": title, "count": count} for title, count in rows]
    return {"result": "success", "statuses": {"status": listed}}


def tickets(*rows: tuple[str, int, str], total: int | None = None) -> Document:
    """Return an answer of GetTickets: numbers, departments and dates."""
    listed: list[JSON] = [
        {"tid": number, "deptid": department, "lastreply": date, "email": "jane@customer.example"}
        for number, department, date in rows
    ]
    total = len(listed) if total is None else total
    return {"result": "success", "totalresults": total, "tickets": {"ticket": listed}}


def page_of(rows: Sequence[tuple[str, int, str]], call: Call) -> Document:
    """Return the page of a list that a call asks for."""
    start, number = (int(call.parameters[key]) for key in ("limitstart", "limitnum"))
    return tickets(*rows[start : start + number], total=len(rows))


@dataclass
class SecretFile:
    """A credential whose secret stands in a file that is rotated under the exporter's feet.

    A rotation in the same tick of the file system's clock goes unseen until the file is read all
    the same.
    """

    value: str = GOOD
    name: str = ""
    _file: str = ""
    _stamped: bool = False

    def rotate(self, value: str, *, stamped: bool = True) -> None:
        """Write another secret into the file."""
        self._file, self._stamped = value, stamped

    def form(self) -> Mapping[str, str]:
        """Return the POST fields."""
        return {"identifier": self.name, "secret": self.value}

    def values(self) -> tuple[str, ...]:
        """Return what must not be shown."""
        return (self.value,)

    def refresh(self, *, force: bool = False) -> bool:
        """Read the file when it looks new, or anyway."""
        changed = (force or self._stamped) and self._file not in {"", self.value}
        if changed:
            self.value, self._stamped = self._file, False
        return changed


@dataclass(frozen=True)
class Call:
    """One call as WHMCS saw it; ``at`` is monotonic."""

    action: str
    parameters: Mapping[str, str]
    form: Mapping[str, str]
    limit: float
    at: float


@dataclass
class WHMCS:
    """Answers by action: a document, an error to raise, or a future that holds the call open.

    A callable is asked for each call. Every call takes ``seconds`` of the clock, and like the real
    client never more than its limit, unless it is held open.
    """

    clock: FakeClock
    answers: dict[str, Answer | Callable[[Call], Answer]] = field(
        default_factory=lambda: {
            COUNTS: ticket_counts(),
            DEPARTMENTS: departments(d1="Sales", d2="Billing"),
            STATUSES: statuses(("Open", 2), ("Answered", 1)),
            TICKETS: tickets(),
        }
    )
    seconds: float = 0.0
    own: SecretFile = field(default_factory=SecretFile)
    calls: list[Call] = field(default_factory=list)
    under_way: int = 0
    most_at_once: int = 0
    _used: dict[int, Credential] = field(default_factory=dict)

    @property
    def credentials(self) -> Sequence[Credential]:
        """Return every credential that was used so far."""
        return list(self._used.values())

    def identity(self, credential: Credential) -> Identity:
        """Return what the server identifies a request by."""
        self._used[id(credential)] = credential
        return Identity(repr((self.own.value, credential.form())).encode(), b"")

    def refresh(self, *, force: bool = False) -> bool:
        """Read the client's own secret again."""
        return self.own.refresh(force=force)

    async def post(
        self,
        action: Action[T],
        parameters: Mapping[str, str],
        credential: Credential,
        *,
        limit: float,
    ) -> T:
        """Answer as the script says."""
        call = Call(action.name, parameters, credential.form(), limit, self.clock.monotonic())
        self.calls.append(call)
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            return action.decode(await self._answer(call))
        finally:
            self.under_way -= 1

    async def _answer(self, call: Call) -> Document:
        answer = self.answers[call.action]
        answer = answer(call) if callable(answer) else answer
        if self.seconds:
            await self.clock.sleep(min(self.seconds, call.limit))
        if self.seconds > call.limit:
            raise TimedOut("the deadline of the call passed")
        if isinstance(answer, asyncio.Future):
            return await answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    def refuse_all(self, error: ApiError) -> None:
        """Answer every action with an error from now on."""
        self.answers = dict.fromkeys((COUNTS, DEPARTMENTS, STATUSES, TICKETS), error)

    def made(self) -> Counter[str]:
        """Return how many calls were made, by action."""
        return Counter(call.action for call in self.calls)


def by_credentials(*names: str, **changes: object) -> DepartmentsByCredentials:
    """Return the source ``departments`` by credentials, each named as its department."""
    source = DepartmentsByCredentials(
        credentials=tuple(
            DepartmentCredential(name=name, credential=SecretFile(name=name)) for name in names
        ),
        departments=Selection(),
        statuses=Selection(),
        limits=AMPLE,
    )
    return replace(source, **changes)  # type: ignore[arg-type]  # any of its fields


def department_of(call: Call) -> Answer:
    """Answer each credential with the counts of one department: the length of its name."""
    return ticket_counts(filteredDepartments=[len(call.form["identifier"])])


@dataclass
class Telemetry:
    """Keeps what the pollers tell about themselves."""

    requests: list[tuple[str, float]] = field(default_factory=list)
    late: list[float] = field(default_factory=list)

    def request(self, action: str, seconds: float) -> None:
        """Keep the length of one call."""
        self.requests.append((action, seconds))

    def lateness(self, seconds: float) -> None:
        """Keep how late a poll began."""
        self.late.append(seconds)


@dataclass
class Bench:
    """One site, wired to what lies around it; polls end up in ``polls``."""

    clock: FakeClock = field(default_factory=FakeClock)
    timeout: float = 10.0
    max_concurrency: int = 2
    interval: float = 60.0
    polls: list[Poll] = field(default_factory=list)
    telemetry: Telemetry = field(default_factory=Telemetry)
    credential: SecretFile = field(default_factory=SecretFile)
    whmcs: WHMCS = field(init=False)
    site: Site = field(init=False)
    lines: Lines = field(init=False)
    backoffs: BackoffRegistry = field(init=False)

    def __post_init__(self) -> None:
        """Wire the site."""
        self.whmcs = WHMCS(self.clock)
        self.lines = Lines(self.clock)
        self.backoffs = BackoffRegistry(self.clock.monotonic)
        self.site = Site(
            "acme",
            self.whmcs,
            timeout=self.timeout,
            max_concurrency=self.max_concurrency,
            clock=self.clock,
            telemetry=self.telemetry,
            host=self.backoffs.host("https://whmcs.example/includes/api.php"),
        )

    def publish(self, poll: Poll) -> Poll:
        """Keep a poll."""
        self.polls.append(poll)
        return poll

    def poller(
        self,
        source: Source,
        first_polls: Callable[[], AbstractAsyncContextManager[object]] = AsyncExitStack,
    ) -> Poller:
        """Return a poller of a source of the site."""
        return Poller(
            self.site,
            source,
            interval=self.interval,
            clock=self.clock,
            publisher=self,
            telemetry=self.telemetry,
            first_polls=first_polls,
            reporter=Reporter(self.site.name, source.name, self.lines),
        )

    def ticket_counts(self, **changes: object) -> TicketCountsSource:
        """Return the source ``ticket_counts``, changed where a test wants it to be."""
        source = TicketCountsSource(
            credential=self.credential,
            ignore_department_assignments=True,
            statuses=Selection(),
            limits=AMPLE,
        )
        return replace(source, **changes)  # type: ignore[arg-type]  # any of its fields

    def departments(self, **changes: object) -> DepartmentsByStatuses:
        """Return the source ``departments`` by statuses, changed where a test wants it to be."""
        source = DepartmentsByStatuses(
            credential=self.credential,
            ignore_department_assignments=True,
            departments=Selection(),
            statuses=Selection(),
            limits=AMPLE,
        )
        return replace(source, **changes)  # type: ignore[arg-type]  # any of its fields

    def waiting(self, **changes: object) -> WaitingSource:
        """Return the source ``waiting``, changed where a test wants it to be."""
        source = WaitingSource(
            credential=self.credential,
            ignore_department_assignments=True,
            departments=Selection(),
            timezone=UTC,
            page_size=100,
            max_pages=20,
            limits=AMPLE,
        )
        return replace(source, **changes)  # type: ignore[arg-type]  # any of its fields

    async def poll(self, source: Source) -> Poll:
        """Poll once with a new poller and return the poll."""
        await self.poller(source).poll()
        return self.polls[-1]

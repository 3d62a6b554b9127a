"""One site's calls: bounded in number, held back when they must be, counted.

Every call of every source goes through here, so that the sources say only what they want.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from exporter.polling.holds import Hold
from exporter.whmcs.errors import (
    ApiError,
    AuthFailed,
    IPDenied,
    PermissionMissing,
    RateLimited,
    TimedOut,
    bare,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from exporter.polling.clock import Clock
    from exporter.whmcs.actions import Action
    from exporter.whmcs.document import JSON

T = TypeVar("T")
E = TypeVar("E", bound=ApiError)


class Credential(Protocol):
    """What a call proves its right with; how is between the client and the credential."""

    def form(self) -> Mapping[str, str]:
        """Return the POST fields."""

    def values(self) -> tuple[str, ...]:
        """Return each value that must not be shown."""

    def refresh(self, *, force: bool = False) -> bool:
        """Read again what comes from files; tell whether any of it is another value."""


class Client(Protocol):
    """One WHMCS installation's API, as the client offers it."""

    def refresh(self, *, force: bool = False) -> bool:
        """Read the client's own secrets again; tell whether any is another value."""

    async def post(
        self, action: str, parameters: Mapping[str, str], credential: Credential, *, limit: float
    ) -> dict[str, JSON]:
        """Call one action within ``limit`` seconds; raise ``ApiError``."""


class Telemetry(Protocol):
    """What the pollers tell about themselves over all sites."""

    def request(self, action: str, seconds: float) -> None:
        """Note the length of one call."""

    def lateness(self, seconds: float) -> None:
        """Note how late a poll began."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many calls a site has made, by action, and how many failed, by reason."""

    requests: Mapping[str, int]
    failures: Mapping[str, int]


@dataclass(slots=True)
class Standing:
    """How one credential stands with WHMCS.

    ``proven`` from its last success to its next refusal or change. ``access`` holds back all its
    calls, ``permissions`` those of a source that needs an action it was refused; a change puts
    others into their places.
    """

    credential: Credential
    proven: bool = False
    trial: asyncio.Lock = field(default_factory=asyncio.Lock)
    access: Hold = field(default_factory=lambda: Hold("auth"))
    permissions: dict[tuple[str, str], Hold] = field(default_factory=dict)

    def permission(self, source: str, action: str) -> Hold:
        """Return the hold that a refusal of one action puts on a source."""
        return self.permissions.setdefault((source, action), Hold("permission"))

    def check(self, source: str, now: float) -> None:
        """Raise ``Held`` while a source's calls must wait."""
        self.access.check(now)
        for (holder, _), hold in self.permissions.items():
            if holder == source:
                hold.check(now)

    def renewed(self) -> None:
        """End every wait: the credential is another one now, or what it may do is."""
        self.proven = False
        self.access = Hold("auth")
        self.permissions.clear()

    def succeeded(self, permission: Hold) -> None:
        """Note that a call was let in; another action of its source may still be refused."""
        self.proven = True
        self.access.lift()
        permission.lift()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Let one call at a time try a credential that is not proven.

        Several at once would be several failed logins where one tells as much.
        """
        if self.proven:
            yield
        else:
            async with self.trial:
                yield


class Site:
    """One WHMCS installation as the sources see it."""

    def __init__(
        self,
        name: str,
        client: Client,
        *,
        timeout: float,
        max_concurrency: int,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        """Make at most ``max_concurrency`` calls at once, each of at most ``timeout`` seconds."""
        self.name = name
        self._client = client
        self._timeout = timeout
        self._slots = asyncio.Semaphore(max_concurrency)
        self._clock = clock
        self._telemetry = telemetry
        self._silence = Hold("rate_limited")
        self._standings: dict[int, Standing] = {}
        self._requests: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()

    def time(self) -> float:
        """Return Unix time, by which the age of what WHMCS dates is told."""
        return self._clock.time()

    def end_waits(self) -> None:
        """Let calls be tried that were refused: somebody says that it is worth it."""
        for standing in self._standings.values():
            standing.renewed()

    def tally(self) -> Tally:
        """Return the counts as they are now."""
        return Tally(dict(self._requests), dict(self._failures))

    async def call(
        self,
        cycle: Cycle,
        action: Action[T],
        credential: Credential,
        parameters: Mapping[str, str],
    ) -> T:
        """Call an action for a source.

        Raises:
            Held: The call was not made, and nothing was counted.
            ApiError: It failed, or the cycle's deadline passed before its turn came.
        """
        standing = self._standings.setdefault(id(credential), Standing(credential))
        self._refresh(standing)
        async with standing.turn(), self._slots:
            # A failure that frees a slot cancels the calls beside it a turn of the loop later:
            # without this one, the next call would be made and given up.
            await asyncio.sleep(0)
            now = self._clock.monotonic()
            self._silence.check(now)
            standing.check(cycle.source, now)
            limit = min(self._timeout, cycle.deadline - now)
            if limit <= 0:
                raise TimedOut("the poll's time was over before this call's turn came")
            access, permission = standing.access, standing.permission(cycle.source, action.name)
            try:
                value = await self._counted(action, parameters, credential, limit)
            except ApiError as error:
                self._failed(standing, access, permission, error)
                raise bare(error) from None
            standing.succeeded(permission)
            return value

    def _refresh(self, standing: Standing, *, force: bool = False) -> None:
        """Read the secrets again; one that changed ends what it was refused for."""
        # The client's own goes with every call, whatever the credential.
        everyone = self._client.refresh(force=force)
        own = standing.credential.refresh(force=force)
        for other in self._standings.values():
            if everyone or (own and other is standing):
                other.renewed()

    async def _counted(
        self,
        action: Action[T],
        parameters: Mapping[str, str],
        credential: Credential,
        limit: float,
    ) -> T:
        self._requests[action.name] += 1
        started = self._clock.monotonic()
        try:
            document = await self._client.post(action.name, parameters, credential, limit=limit)
            return action.decode(document)
        finally:
            self._telemetry.request(action.name, self._clock.monotonic() - started)

    def noted(self, error: E) -> E:
        """Count a failure, as of answers that were right each for itself, and return it."""
        self._failures[error.reason] += 1
        return error

    def _failed(self, standing: Standing, access: Hold, permission: Hold, error: ApiError) -> None:
        self.noted(error)
        if isinstance(error, RateLimited) and error.retry_after is not None:
            self._silence.silence(self._clock.monotonic(), error.retry_after)
        if isinstance(error, AuthFailed | IPDenied):
            standing.proven = False
            self._hold_back(access, standing, error)
        if isinstance(error, PermissionMissing):
            self._hold_back(permission, standing, error)

    def _hold_back(self, hold: Hold, standing: Standing, error: ApiError) -> None:
        # A secret that was rotated since the call began deserves its try at once, not a wait: then
        # this hold, which is the call's, is no longer in force.
        self._refresh(standing, force=True)
        hold.refuse(self._clock.monotonic(), error.reason)


@dataclass(frozen=True, slots=True)
class Cycle:
    """The calls of one poll of one source: they end by one ``deadline`` (monotonic)."""

    site: Site
    source: str
    deadline: float

    async def call(
        self, action: Action[T], credential: Credential, parameters: Mapping[str, str]
    ) -> T:
        """Call an action; see ``Site.call``."""
        return await self.site.call(self, action, credential, parameters)

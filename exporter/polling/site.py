"""One site's calls: bounded in number, held back when they must be, counted.

Every call of every source goes through here, so that the sources say only what they want.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from exporter.whmcs.errors import ApiError, AuthFailed, IPDenied, PermissionMissing, TimedOut, bare

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from exporter.polling.backoff_registry import CredentialState, HostState
    from exporter.polling.clock import Clock
    from exporter.whmcs.actions import Action
    from exporter.whmcs.client import Credential, Identity

T = TypeVar("T")
E = TypeVar("E", bound=ApiError)

_TOO_LATE = "the poll's time was over before this request's turn came"


class Client(Protocol):
    """One WHMCS installation's API, as the client offers it."""

    @property
    def credentials(self) -> Iterable[Credential]:
        """Return every credential that is configured for the installation."""

    def identity(self, credential: Credential) -> Identity:
        """Return what the server identifies a request with ``credential`` by."""

    def refresh(self, *, force: bool = False) -> bool:
        """Read the client's own secrets again; tell whether any is another value."""

    async def post(
        self,
        action: Action[T],
        parameters: Mapping[str, str],
        credential: Credential,
        *,
        limit: float,
    ) -> T:
        """Call one action within ``limit`` seconds and decode it; raise ``ApiError``."""


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
        host: HostState,
    ) -> None:
        """Make at most ``max_concurrency`` calls at once, each of at most ``timeout`` seconds."""
        self.name = name
        self._client = client
        self._timeout = timeout
        self._slots = asyncio.Semaphore(max_concurrency)
        self._clock = clock
        self._telemetry = telemetry
        self._host = host
        # The current state of each credential, by id: the registry keeps only weak references.
        self._states: dict[int, CredentialState] = {}
        self._requests: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()

    def time(self) -> float:
        """Return Unix time, by which the age of what WHMCS dates is told."""
        return self._clock.time()

    def end_backoffs(self) -> None:
        """Try again what was rejected: the configuration of the site has changed."""
        for credential in self._client.credentials:
            self._state(credential).reset()

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
            BackingOff: The call was not made, and nothing was counted.
            ApiError: It failed, or the cycle's deadline passed before its turn came.
        """
        while True:
            self._refresh(credential)
            state = self._state(credential)
            was_accepted = state.accepted
            async with self._slot(state, cycle.deadline):
                # A failure that frees a slot cancels the calls beside it a turn of the loop later:
                # without this one, the next call would be made and given up.
                await asyncio.sleep(0)
                # A secret may have been rotated or rejected meanwhile.
                is_current = state is self._state(credential)
                if is_current and (state.accepted or not was_accepted):
                    return await self._call(cycle, action, credential, parameters, state)

    def _refresh(self, credential: Credential, *, force: bool = False) -> None:
        self._client.refresh(force=force)
        credential.refresh(force=force)

    def _state(self, credential: Credential) -> CredentialState:
        state = self._host.credential(self._client.identity(credential))
        self._states[id(credential)] = state
        return state

    @asynccontextmanager
    async def _slot(self, state: CredentialState, deadline: float) -> AsyncIterator[None]:
        """Wait until a request may be sent with a credential, at most until the poll's end."""
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(max(0.0, deadline - self._clock.monotonic())):
                    await stack.enter_async_context(state.host.admitted(state))
                    await stack.enter_async_context(self._slots)
            except TimeoutError:
                raise TimedOut(_TOO_LATE) from None
            yield

    async def _call(
        self,
        cycle: Cycle,
        action: Action[T],
        credential: Credential,
        parameters: Mapping[str, str],
        state: CredentialState,
    ) -> T:
        now = self._clock.monotonic()
        state.check(cycle.source, now)
        limit = min(self._timeout, cycle.deadline - now)
        if limit <= 0:
            raise TimedOut(_TOO_LATE)
        try:
            value = await self._counted(action, parameters, credential, limit)
        except ApiError as error:
            self.noted(error)
            state.failed(cycle.source, action.name, error, self._clock.monotonic())
            if isinstance(error, AuthFailed | IPDenied | PermissionMissing):
                # A secret that was rotated during the request is tried by the next poll.
                self._refresh(credential, force=True)
            raise bare(error) from None
        state.succeeded(cycle.source, action.name)
        return value

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
            return await self._client.post(action, parameters, credential, limit=limit)
        finally:
            self._telemetry.request(action.name, self._clock.monotonic() - started)

    def noted(self, error: E) -> E:
        """Count a failure, as of answers that were right each for itself, and return it."""
        self._failures[error.reason] += 1
        return error


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

"""When not to send a request, so that WHMCS does not ban the exporter's address.

WHMCS bans an address for 15 minutes after three failed logins, whichever credential failed.
Rejections are therefore counted as the server counts them: per host, over all sites and
credentials. All times are monotonic, in seconds.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from exporter.polling.backoff import BackingOff, Backoff
from exporter.whmcs.errors import (
    ApiError,
    AuthFailed,
    IPDenied,
    PermissionMissing,
    RateLimited,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from exporter.whmcs.client import Identity

RATE_LIMIT_WAIT = 60.0
# At most this many rejected logins per host within this time.
MAX_REJECTED_LOGINS = 2
WINDOW = 900.0
# A login that takes longer no longer delays the next one, as long as both may be rejected.
PATIENCE = 1.0
_PORTS = {"http": 80, "https": 443}


class CredentialState:
    """What is known of one credential at one WHMCS installation.

    ``accepted`` is True from a success to a rejection. ``access`` stops all requests with the
    credential, ``address`` all from this address to the host, and a permission's backoff those of
    one source.
    """

    __slots__ = ("__weakref__", "accepted", "access", "address", "host", "permissions")

    def __init__(self, host: HostState, address: Backoff) -> None:
        """Start without any rejection."""
        self.host = host
        self.address = address
        self.access = Backoff(AuthFailed.reason)
        self.permissions: dict[tuple[str, str], Backoff] = {}
        self.accepted = False

    def check(self, source: str, now: float) -> None:
        """Raise ``BackingOff`` while the requests of a source must wait."""
        self.host.rate_limit.check(now)
        self.address.check(now)
        self.access.check(now)
        for (holder, _), permission in self.permissions.items():
            if holder == source:
                permission.check(now)

    def reset(self) -> None:
        """End the backoffs of the credential: its site was configured differently."""
        self.access.reset()
        self.permissions.clear()

    def succeeded(self, source: str, action: str) -> None:
        """Record an accepted request; other actions of the source may still be rejected."""
        self.accepted = True
        self.access.reset()
        self.address.reset()
        self.host.rate_limit.reset()
        if permission := self.permissions.get((source, action)):
            permission.reset()

    def failed(self, source: str, action: str, error: ApiError, now: float) -> None:
        """Record a failed request and start the backoff that it requires, if any."""
        if isinstance(error, RateLimited):
            self.host.slow_down(error.retry_after, now)
        elif isinstance(error, IPDenied):
            self.host.distrust()
            self.address.reject(now)
        elif isinstance(error, AuthFailed):
            self.host.rejected(self, now)
            self.access.reject(now)
        elif isinstance(error, PermissionMissing):
            key = source, action
            self.permissions.setdefault(key, Backoff(PermissionMissing.reason)).reject(now)

    def is_backing_off(self, now: float) -> bool:
        """Return whether the credential, or a source that uses it, is backing off."""
        return any(now < each.until for each in (self.access, *self.permissions.values()))


@dataclass(eq=False, slots=True)
class _Attempt:
    is_slow: bool = False


class LoginLimit:
    """Sends untested credentials one at a time, and none after two rejected logins.

    A slow login delays the next one for a second only, unless both together could exceed the limit.
    Credentials that have not been tried yet take precedence over those that were rejected before:
    otherwise two wrong ones would use every attempt.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Start without any rejected login."""
        self._monotonic = monotonic
        self._rejected: deque[float] = deque(maxlen=MAX_REJECTED_LOGINS)
        self._deferred: dict[CredentialState, float] = {}
        self._queue = asyncio.Lock()
        self._changed = asyncio.Event()
        self._under_way: set[_Attempt] = set()

    def rejected(self, now: float) -> None:
        """Count a rejected login."""
        self._rejected.append(now)

    def is_active(self, now: float) -> bool:
        """Return whether a rejected login still counts."""
        return self._recent(now) > 0

    @asynccontextmanager
    async def attempt(self, state: CredentialState) -> AsyncIterator[None]:
        """Wait for permission to send one request with an untested credential.

        Raises:
            BackingOff: The host has rejected too many logins.
        """
        async with self._queue:
            await self._wait_for_room(state)
            self._deferred.pop(state, None)
            attempt = _Attempt()
            self._under_way.add(attempt)
        slow = asyncio.get_running_loop().call_later(PATIENCE, self._note_slow, attempt)
        try:
            yield
        finally:
            slow.cancel()
            self._under_way.remove(attempt)
            self._changed.set()

    def _note_slow(self, attempt: _Attempt) -> None:
        attempt.is_slow = True
        self._changed.set()

    async def _wait_for_room(self, state: CredentialState) -> None:
        while True:
            now = self._monotonic()
            self._check(state, now)
            is_safe = len(self._under_way) + self._recent(now) < MAX_REJECTED_LOGINS
            all_slow = all(attempt.is_slow for attempt in self._under_way)
            if state.accepted or not self._under_way or (all_slow and is_safe):
                return
            self._changed.clear()
            await self._changed.wait()

    def _check(self, state: CredentialState, now: float) -> None:
        recent = self._recent(now)
        is_full = recent >= MAX_REJECTED_LOGINS
        if is_full and state.access.is_first:
            self._defer(state, now)
        if is_full or (recent and not state.access.is_first and self._has_deferred(now)):
            raise BackingOff(AuthFailed.reason, self._rejected[0] + WINDOW)

    def _defer(self, state: CredentialState, now: float) -> None:
        # Moved to the end: the oldest come first.
        self._deferred.pop(state, None)
        self._deferred[state] = now

    def _has_deferred(self, now: float) -> bool:
        while self._deferred:
            oldest, at = next(iter(self._deferred.items()))
            if now < at + WINDOW:
                return True
            del self._deferred[oldest]
        return False

    def _recent(self, now: float) -> int:
        return sum(now < at + WINDOW for at in self._rejected)


class HostState:
    """One host (scheme, name and port) as the exporter's address may use it."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Start without any rejection."""
        self.rate_limit = Backoff(RateLimited.reason, RATE_LIMIT_WAIT, 2.0)
        self._logins = LoginLimit(monotonic)
        self._addresses: dict[bytes, Backoff] = {}
        self._credentials: WeakValueDictionary[bytes, CredentialState] = WeakValueDictionary()
        # Those that are backing off, which must be remembered when no site uses them.
        self._kept: set[CredentialState] = set()

    def credential(self, identity: Identity) -> CredentialState:
        """Return the state of a credential, by the values that are sent."""
        state = self._credentials.get(identity.credential)
        if state is None:
            address = self._addresses.setdefault(identity.address, Backoff(IPDenied.reason))
            state = self._credentials[identity.credential] = CredentialState(self, address)
        return state

    @asynccontextmanager
    async def admitted(self, state: CredentialState) -> AsyncIterator[None]:
        """Admit a request: immediately with an accepted credential, otherwise in turn.

        Raises:
            BackingOff: The host has rejected too many logins.
        """
        if state.accepted:
            yield
        else:
            async with self._logins.attempt(state):
                yield

    def slow_down(self, retry_after: float | None, now: float) -> None:
        """Stop all requests as long as the server requested, or longer each time."""
        if retry_after is None:
            self.rate_limit.reject(now)
        else:
            self.rate_limit.wait(now, retry_after)

    def rejected(self, state: CredentialState, now: float) -> None:
        """Count a rejected login.

        If the credential had been accepted, others may have been revoked together with it: each has
        to be accepted again before it is used in parallel.
        """
        self._logins.rejected(now)
        if state.accepted:
            self.distrust()
        self._kept = {each for each in self._kept if each.is_backing_off(now)} | {state}

    def distrust(self) -> None:
        """Use every credential one at a time until it is accepted again."""
        for state in self._credentials.values():
            state.accepted = False

    def is_needed(self, now: float) -> bool:
        """Return whether a site uses the host or a rejection still counts."""
        return (
            any(state not in self._kept for state in self._credentials.values())
            or any(state.is_backing_off(now) for state in self._kept)
            or self._logins.is_active(now)
            or any(now < each.until for each in (self.rate_limit, *self._addresses.values()))
        )


class BackoffRegistry:
    """The state of every host, which survives reloads of the configuration."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Measure time by ``monotonic``."""
        self._monotonic = monotonic
        self._hosts: dict[tuple[str, str, int], HostState] = {}

    def host(self, url: str) -> HostState:
        """Return the state of the host of a URL."""
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
        key = parts.scheme, parts.hostname or "", port
        if key not in self._hosts:
            self._hosts[key] = HostState(self._monotonic)
        return self._hosts[key]

    def prune(self) -> None:
        """Forget hosts that no site uses and that have nothing to back off from."""
        now = self._monotonic()
        self._hosts = {key: host for key, host in self._hosts.items() if host.is_needed(now)}

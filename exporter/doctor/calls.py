"""The calls of an examination: those of the exporter's own sources, but each only once.

WHMCS bans addresses for failed logins, and each call costs it time. So an action is called once
with each credential, one call after another; its later calls get the same answer. After a failure
that would meet every call alike, such as a refused address, nothing more is sent; nor after a host
has rejected two logins.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar, cast

from exporter.polling.backoff import BackingOff
from exporter.polling.clock import SystemClock
from exporter.polling.site import Site
from exporter.whmcs.errors import (
    ActionFailed,
    ApiError,
    AuthFailed,
    PermissionMissing,
    SchemaMismatch,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exporter.polling.backoff_registry import HostState
    from exporter.polling.site import Client, Cycle
    from exporter.whmcs.actions import Action
    from exporter.whmcs.client import Credential

T = TypeVar("T")

# These are about one credential or one action; any other failure is about the whole site.
_LOCAL = (ActionFailed, AuthFailed, PermissionMissing, SchemaMismatch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call, made or held back; ``seconds`` is how long one that succeeded took."""

    action: str
    credential: Credential
    value: object = None
    error: ApiError | BackingOff | None = None
    seconds: float | None = None


@dataclass(slots=True)
class Stopwatch:
    """The telemetry of one site: how long its last call took."""

    seconds: float = 0.0

    def request(self, action: str, seconds: float) -> None:  # noqa: ARG002 - as all telemetry
        """Note the length of one call."""
        self.seconds = seconds

    def lateness(self, seconds: float) -> None:
        """Note nothing: nothing here is planned."""


class Patient(Site):
    """A site as its sources see it, called as little as possible.

    Attributes:
        calls: Every call so far, in its order.
    """

    def __init__(self, name: str, client: Client, *, timeout: float, host: HostState) -> None:
        """Make calls through ``client``, each of at most ``timeout`` seconds."""
        self._stopwatch = Stopwatch()
        super().__init__(
            name,
            client,
            timeout=timeout,
            max_concurrency=1,
            clock=SystemClock(),
            telemetry=self._stopwatch,
            host=host,
        )
        self.calls: list[Call] = []
        self._turn = asyncio.Lock()

    async def call(
        self,
        cycle: Cycle,
        action: Action[T],
        credential: Credential,
        parameters: Mapping[str, str],
    ) -> T:
        """Call an action for a source, or return what its first call returned.

        Raises:
            BackingOff: The call was not made.
            ApiError: It failed.
        """
        async with self._turn:
            call = self._found(action.name, credential)
            if call is None:
                call = await self._first(cycle, action, credential, parameters)
                self.calls.append(call)
        if call.error is not None:
            raise call.error
        return cast("T", call.value)

    def _found(self, action: str, credential: Credential) -> Call | None:
        same = (each for each in self.calls if each.action == action)
        return next((each for each in same if each.credential is credential), None)

    async def _first(
        self,
        cycle: Cycle,
        action: Action[T],
        credential: Credential,
        parameters: Mapping[str, str],
    ) -> Call:
        call = Call(action=action.name, credential=credential)
        try:
            self._stop_after_the_end()
            value: T = await super().call(cycle, action, credential, parameters)
        except (ApiError, BackingOff) as error:
            return replace(call, error=error)
        return replace(call, value=value, seconds=self._stopwatch.seconds)

    def _stop_after_the_end(self) -> None:
        failures = [call.error for call in self.calls if isinstance(call.error, ApiError)]
        for failure in failures:
            if not isinstance(failure, _LOCAL):
                raise BackingOff(failure.reason, math.inf)

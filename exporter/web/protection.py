"""Who gets in, and over what: TLS, users and headers, as the web configuration file has them now.

The file, and the certificates that it names, are looked at every second and read again when they
have changed, so certificates are renewed and users come and go without a restart. What can't be
used is logged once, and what was there before stays. So it does when a change would take TLS or
the last user away: half-written files look like that, and an open door should take a restart.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol, cast

from aiohttp import web

from exporter import threads
from exporter.stamps import stamps
from exporter.web.limits import while_connected
from exporter.web.users import TooManyLogins, Users

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from pathlib import Path

    from exporter.web.connection import Connection

log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_REALM = {"WWW-Authenticate": "Basic"}


class TLS(Protocol):
    """How TLS is served."""

    @property
    def context(self) -> ssl.SSLContext | None:
        """Return the context of new connections; None: plain HTTP."""

    @property
    def allowed_sans(self) -> frozenset[str]:
        """Return the names of which a client's certificate must hold one; none: any."""


class Rules(Protocol):
    """What a web configuration says; whoever makes one has checked it."""

    @property
    def tls(self) -> TLS:
        """Return how TLS is served."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the headers of every answer; a blank one is left out."""

    @property
    def users(self) -> Mapping[bytes, bytes]:
        """Return the users' bcrypt hashes; none: everybody gets in."""

    @property
    def files(self) -> tuple[Path, ...]:
        """Return the files that were read."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what the log should say."""


class Protection:
    """The rules in force."""

    def __init__(self, load: Callable[[], Rules], unfit: type[Exception]) -> None:
        """Load the rules; ``load`` raises ``unfit`` when what it finds can't be used.

        Raises:
            unfit: The rules can't be used.
        """
        self._load = load
        self._unfit = unfit
        self._users = Users()
        self._failure = ""
        self.rules = load()
        self._seen = stamps(self.rules.files)
        _warn(self.rules)

    @property
    def context(self) -> ssl.SSLContext | None:
        """Return the TLS context of new connections; None: plain HTTP."""
        return self.rules.tls.context

    def admits(self, transport: asyncio.BaseTransport) -> bool:
        """Tell whether the certificate that a client has shown, if any, has an allowed name."""
        allowed = self.rules.tls.allowed_sans
        certificate = transport.get_extra_info("peercert")
        if not allowed or not certificate:
            return True
        return not allowed.isdisjoint(_names(certificate.get("subjectAltName", ())))

    async def watch(self) -> None:
        """Follow the files for ever."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                await threads.run(self.look)
            except OSError as error:
                self._refuse(str(error))

    def look(self) -> None:
        """Load the rules again when their files have changed, or could not be used last time.

        Blocks on files.
        """
        seen = stamps(self.rules.files)
        if seen == self._seen:
            return
        try:
            rules = self._load()
        except self._unfit as error:
            self._refuse("; ".join(str(error).splitlines()))
            return
        if problem := _opening(self.rules, rules):
            self._refuse(problem)
            return
        if rules.files != self.rules.files:
            seen = stamps(rules.files)
        self.rules, self._seen, self._failure = rules, seen, ""
        log.info("web configuration read again")
        _warn(rules)

    def _refuse(self, problem: str) -> None:
        """Keep the rules, say so once, and try again at the next look."""
        if problem != self._failure:
            log.error("web configuration not read again", extra={"error": problem})
        self._failure = problem

    @web.middleware
    async def guard(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """Answer users alone, whatever they ask for, when there are any."""
        users = self.rules.users
        if not users:
            return await handler(request)
        connection = cast("Connection", request.protocol)
        given, failures = request.headers.get("Authorization", ""), connection.failed_logins
        connection.failed_logins += 1
        try:
            with while_connected(request):
                is_known = await self._users.known(users, given, failures)
        except TooManyLogins:
            status, text = HTTPStatus.SERVICE_UNAVAILABLE, "too many logins at once\n"
            return web.Response(status=status, text=text, headers={"Retry-After": "5"})
        if is_known:
            connection.failed_logins = 0
            return await handler(request)
        return web.Response(status=HTTPStatus.UNAUTHORIZED, text="Unauthorized\n", headers=_REALM)


def _opening(before: Rules, after: Rules) -> str:
    if before.tls.context and not after.tls.context:
        return "TLS is gone from the file; without it only a restart will serve"
    if before.users and not after.users:
        return "every user is gone from the file; without any only a restart will serve"
    return ""


def _names(alternatives: Iterable[tuple[str, str]]) -> Iterable[str]:
    for kind, name in alternatives:
        # OpenSSL writes addresses of IPv6 in full, and with a line break.
        yield str(ipaddress.ip_address(name.strip())) if kind == "IP Address" else name


def _warn(rules: Rules) -> None:
    for warning in rules.warnings:
        log.warning(warning)

"""The way to a site as steps: its name, its addresses, TLS."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from exporter.doctor import advice, network
from exporter.doctor.cases import warnings
from exporter.doctor.checkup import Advice, Mark, Step, not_tried
from exporter.doctor.facts import of_url
from exporter.whmcs.errors import ApiError

if TYPE_CHECKING:
    from ssl import SSLContext

    from exporter.doctor.network import Attempt, Certificate
    from exporter.whmcs.client import Endpoint

_DAY = 86_400.0
_SOON = 14 * _DAY
# A certificate may be for hundreds of names.
_SHOWN_NAMES = 5


class Way:
    """The way that the first bytes of a call take: to the site, or to the proxy before it."""

    def __init__(self, endpoint: Endpoint, limit: float) -> None:
        """Walk to ``endpoint``; each step may take ``limit`` seconds."""
        self._facts = of_url(endpoint.proxy_url or endpoint.url)
        self._host, self._port = self._facts["HOST"], int(self._facts["PORT"])
        self._endpoint = endpoint
        self._limit = limit
        self._addresses: list[str] = []
        self._open = ""

    async def walk(self) -> list[Step]:
        """Take the steps up to the first that fails."""
        stages = {"name": self._name, "connect": self._connect, "tls": self._tls}
        steps: list[Step] = []
        for stage in stages.values():
            steps.append(await stage())
            if steps[-1].mark is Mark.FAILED:
                break
        return [*steps, *not_tried(list(stages)[len(steps) :])]

    async def _name(self) -> Step:
        begin = time.monotonic()
        try:
            self._addresses = await network.resolve(self._host, self._port, self._limit)
        except ApiError as error:
            return self._failed("name", error)
        seconds = time.monotonic() - begin
        proxy = "the proxy " if self._endpoint.proxy_url else ""
        if self._addresses == [self._host]:
            return Step(name="name", detail=f"{proxy}{self._host} is an address")
        detail = f"{proxy}{self._host}: {', '.join(self._addresses)}"
        return Step(name="name", detail=detail, seconds=seconds)

    async def _connect(self) -> Step:
        attempts = await network.connect(self._addresses, self._port, self._limit)
        good = [attempt for attempt in attempts if attempt.error is None]
        if not good:
            detail = "; ".join(map(_described, attempts))
            error = next(attempt.error for attempt in attempts if attempt.error)
            return self._failed("connect", error, detail)
        self._open = good[0].address
        partly = len(good) < len(attempts)
        return Step(
            name="connect",
            mark=Mark.WARNING if partly else Mark.GOOD,
            detail=f"port {self._port}: {'; '.join(map(_described, attempts))}",
            seconds=good[0].seconds,
            advice=self._about(warnings.SOME_ADDRESSES) if partly else None,
        )

    async def _tls(self) -> Step:
        endpoint = self._endpoint
        if endpoint.proxy_url:
            detail = "not tried by itself: the calls agree on it through the proxy"
            return Step(name="tls", mark=Mark.NOT_TRIED, detail=detail)
        if endpoint.ssl_context is None:
            return Step(name="tls", mark=Mark.NOT_TRIED, detail="none: plain http")
        begin = time.monotonic()
        try:
            agreed = await self._handshake(endpoint.ssl_context)
        except ApiError as error:
            # OpenSSL ends some of its messages with a full stop.
            said = str(error).rstrip(".")
            return self._failed("tls", error, f"{said}{_told(await self._shown())}")
        seconds = time.monotonic() - begin
        if agreed.certificate is None:
            told = f"{agreed.version}, certificate not verified{_told(await self._shown())}"
            return self._warning("tls", told, warnings.UNVERIFIED)
        return self._trusted(agreed.version, agreed.certificate, seconds)

    def _trusted(self, version: str, certificate: Certificate, seconds: float) -> Step:
        left = certificate.ends - time.time()
        detail = f"{version}, certificate valid for {left / _DAY:.0f} days"
        if left < _SOON:
            return self._warning("tls", detail, warnings.EXPIRES_SOON)
        return Step(name="tls", detail=detail, seconds=seconds)

    async def _handshake(self, context: SSLContext) -> network.Agreement:
        return await network.handshake(
            self._open, self._port, self._certificate_name, context, self._limit
        )

    async def _shown(self) -> Certificate | None:
        return await network.certificate(
            self._open, self._port, self._certificate_name, self._limit
        )

    @property
    def _certificate_name(self) -> str:
        # A name may end with a dot in DNS, and never does in a certificate.
        return self._endpoint.server_name or self._host.rstrip(".")

    def _failed(self, step: str, error: ApiError, detail: str = "") -> Step:
        found = advice.explain(error, self._facts)
        text = f"{error.reason}: {detail or error}"
        return Step(name=step, mark=Mark.FAILED, detail=text, advice=found)

    def _warning(self, step: str, detail: str, found: Advice) -> Step:
        return Step(name=step, mark=Mark.WARNING, detail=detail, advice=self._about(found))

    def _about(self, found: Advice) -> Advice:
        return advice.about(found, self._facts)


def _described(attempt: Attempt) -> str:
    return f"{attempt.address}: {attempt.error}" if attempt.error else f"{attempt.address} answers"


def _told(certificate: Certificate | None) -> str:
    if certificate is None:
        return ""
    names = ", ".join(certificate.names[:_SHOWN_NAMES]) or "no name"
    more = len(certificate.names) - _SHOWN_NAMES
    beyond = f" and {more} more" if more > 0 else ""
    end = datetime.fromtimestamp(certificate.ends, UTC)
    return f"; it is for {names}{beyond}, until {end:%Y-%m-%d}"

"""Sites one by one: ``/probe``, where Prometheus decides when, and ``/sd``, which ones there are.

Both are as Prometheus's multi-target exporters and its HTTP service discovery have them.
"""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

from exporter import durations, threads
from exporter.exposition import site
from exporter.exposition.formats import negotiate
from exporter.web.accept import accepts_gzip
from exporter.web.limits import while_connected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from exporter.exposition.formats import Format
    from exporter.snapshots import Snapshot
    from exporter.web.limits import Limits

TIMEOUT_HEADER = "X-Prometheus-Scrape-Timeout-Seconds"
# What blackbox_exporter leaves for the way back, and how long it takes at most, in seconds.
_WAY_BACK = 0.5
_LONGEST = 120.0
_GZIP_LEVEL = 1
_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


class Prober(Protocol):
    """What a probe asks of the exporter."""

    async def probe(self, site: str, max_age: float | None, seconds: float) -> Snapshot | None:
        """Return the snapshot of one site, polled anew where its last poll is older."""

    def monotonic(self) -> float:
        """Return the time by which ages are told."""


class Unclear(ValueError):
    """A question that cannot be answered; the message says what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which site is meant, how old its last poll may be, and how long there is to wait.

    Both are in seconds; ``max_age`` is None where nothing was said.
    """

    site: str
    max_age: float | None
    seconds: float

    @classmethod
    def of(cls, query: Mapping[str, str], headers: Mapping[str, str]) -> Question:
        """Read a request.

        Raises:
            Unclear: It does not say what it must, or not in a way that is understood.
        """
        if not query.get("target"):
            msg = "which site? write /probe?target=NAME"
            raise Unclear(msg)
        return cls(
            site=query["target"],
            max_age=_max_age(query["max_age"]) if "max_age" in query else None,
            seconds=_time_to_wait(headers.get(TIMEOUT_HEADER)),
        )


async def probe(exporter: Prober, request: web.Request, limits: Limits) -> web.Response:
    """Return the metrics of one site, in the format and encoding that the client accepts."""
    try:
        question = Question.of(request.query, request.headers)
    except Unclear as error:
        return web.Response(status=400, text=f"{error}\n")
    with limits.probes.slot(question.site):
        with while_connected(request):
            snapshot = await exporter.probe(question.site, question.max_age, question.seconds)
        if snapshot is None:
            return web.Response(status=404, text="no site of this name is configured\n")
        async with limits.renderings:
            return await _rendered(snapshot, exporter.monotonic(), request)


async def _rendered(snapshot: Snapshot, now: float, request: web.Request) -> web.Response:
    text_format = negotiate(request.headers.get("Accept", ""))
    headers = {"Content-Type": text_format.content_type, "Vary": "Accept, Accept-Encoding"}
    compress = accepts_gzip(request.headers.get("Accept-Encoding", ""))
    if compress:
        headers["Content-Encoding"] = "gzip"
    # A large site takes long enough to block the event loop.
    body = await threads.compute(_body, snapshot, now, text_format, compress=compress)
    return web.Response(body=body, headers=headers)


class Targets:
    """The targets of all sites, as Prometheus's HTTP service discovery reads them.

    The label ``site`` is the one that ``/metrics`` has: rules and boards see no difference.
    """

    def __init__(self) -> None:
        """Start without targets."""
        self._sites: list[str] = []
        self._json = b"[]"

    def as_json(self, snapshots: Iterable[Snapshot]) -> bytes:
        """Return one target for each site, encoded once for the same sites."""
        names = [snapshot.site for snapshot in snapshots]
        if names != self._sites:
            targets = [{"targets": [name], "labels": {"site": name}} for name in names]
            self._sites, self._json = names, json.dumps(targets).encode()
        return self._json


def _body(snapshot: Snapshot, now: float, text_format: Format, *, compress: bool) -> bytes:
    body = site.render(snapshot, now, text_format)
    return gzip.compress(body, _GZIP_LEVEL, mtime=0) if compress else body


def _max_age(text: str) -> float:
    seconds = float(text) if _SECONDS.fullmatch(text) else durations.seconds(text)
    if seconds is None or not text:
        msg = "max_age is not a duration; write it like 30s, 1m30s or, in seconds, 30"
        raise Unclear(msg)
    return seconds


def _time_to_wait(header: str | None) -> float:
    """Return the scrape's timeout less the way back; of a very short one at least the half."""
    if header is None:
        return _LONGEST
    if not _SECONDS.fullmatch(header):
        msg = f"{TIMEOUT_HEADER} is not a number of seconds"
        raise Unclear(msg)
    timeout = float(header)
    return min(max(timeout - _WAY_BACK, timeout / 2), _LONGEST)

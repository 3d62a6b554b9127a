"""The examination of sites, some of them at once: first the way there, then what they answer."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import aiohttp

from exporter import __version__, assembly
from exporter.doctor import questions
from exporter.doctor.checkup import Checkup, Mark
from exporter.doctor.way import Way
from exporter.polling.backoff_registry import BackoffRegistry
from exporter.polling.clock import SystemClock
from exporter.whmcs.client import Client, open_session

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from ssl import SSLContext
    from types import SimpleNamespace

    from exporter import config

_AT_ONCE = 20
# A step of the way may take no longer, however patient the site's `timeout` is.
_LONGEST_STEP = 10.0


async def examine(
    sites: Sequence[config.Site], progress: Callable[[int], None] = lambda _: None
) -> list[Checkup]:
    """Examine sites; return what was found in their order.

    ``progress`` is told how many are done, each time one is.
    """
    room = asyncio.Semaphore(_AT_ONCE)
    # Sites on one host share the number of rejected logins that are safe.
    backoffs = BackoffRegistry(SystemClock().monotonic)
    done = 0

    async def one(site: config.Site, context: SSLContext | None) -> Checkup:
        nonlocal done
        async with room:
            checkup = await _examine(site, context, backoffs)
        done += 1
        progress(done)
        return checkup

    # All contexts first: each costs the time of a quick step, which would then look slow.
    contexts = assembly.Contexts()
    jobs = [(site, contexts.of(site)) for site in sites]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(*job)) for job in jobs]
    return [task.result() for task in tasks]


async def _examine(
    site: config.Site, context: SSLContext | None, backoffs: BackoffRegistry
) -> Checkup:
    endpoint = assembly.endpoint(site, context)
    way = Way(endpoint, min(site.timeout, _LONGEST_STEP))
    steps = await way.walk()
    if any(step.mark is Mark.FAILED for step in steps):
        steps += questions.not_asked(site)
    else:
        dates: list[tuple[str, float]] = []
        async with open_session(f"whmcs-exporter/{__version__}", [_noting(dates)]) as session:
            client, host = Client(session, endpoint), backoffs.host(endpoint.url)
            steps += await questions.ask(site, client, host, dates)
    return Checkup(site=site.name, url=site.url, steps=tuple(steps))


def _noting(dates: list[tuple[str, float]]) -> aiohttp.TraceConfig:
    """Note each answer's Date, and when it came (Unix time)."""

    async def answered(
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        params: aiohttp.TraceRequestEndParams,
    ) -> None:
        dates.append((params.response.headers.get("Date", ""), time.time()))

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(answered)
    return trace

"""The command ``serve``: listen, poll, reload, and leave when told to."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from exporter import __version__, garbage, signals, threads
from exporter.app import Exporter
from exporter.notify import Notifier
from exporter.polling.clock import SystemClock
from exporter.reload import Reloader, status
from exporter.web.pages import Pages, WebOptions
from exporter.web.server import Server
from exporter.whmcs.client import open_session

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from exporter import config
    from exporter.web.listen import Address, Listener
    from exporter.web.protection import Protection

    Part = Callable[[], Coroutine[None, None, None]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What the command line says about serving."""

    addresses: Sequence[Address]
    web: WebOptions = field(default_factory=WebOptions)
    process_metrics: bool = True
    protection: Protection | None = None
    dropped_log_lines: Callable[[], int] = lambda: 0


async def serve(
    load: Callable[[], config.Config],
    options: ServeOptions,
    *,
    stop: asyncio.Event | None = None,
    started: Callable[[Sequence[Address]], None] = lambda _: None,
) -> None:
    """Poll and serve until SIGTERM, SIGINT or ``stop``; reload on SIGHUP.

    ``started`` is told the addresses once they are served.

    Raises:
        ConfigError: The first configuration cannot be used.
        OSError: An address cannot be listened on.
        BaseExceptionGroup: A part failed in a way that nobody foresaw.
    """
    stop = stop or asyncio.Event()
    signals.handle(stop.set, signals.STOP)
    notifier = Notifier(os.environ)
    with closing(notifier):
        serving = asyncio.create_task(_serve(load, options, notifier, started))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                log.info("stopping")
                notifier.stopping()
        finally:
            stopping.cancel()
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving


async def _serve(
    load: Callable[[], config.Config],
    options: ServeOptions,
    notifier: Notifier,
    started: Callable[[Sequence[Address]], None],
) -> None:
    """Start, and serve until cancelled."""
    # In a thread, so that a signal can end the start.
    configuration = await threads.run_or_block(load)
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        listeners = [await _listen(address, stack) for address in options.addresses]
        session = await stack.enter_async_context(open_session(f"whmcs-exporter/{__version__}"))
        exporter = Exporter(
            (),
            session,
            clock=clock,
            process_metrics=options.process_metrics,
            dropped_log_lines=options.dropped_log_lines,
        )
        await exporter.configure(configuration.sites)
        reloader = Reloader(load, configuration, exporter, notifier, clock)
        signals.handle(reloader.ask, signals.RELOAD)
        watchdog = partial(notifier.watch, exporter.healthy)
        garbage.look_rarely()
        sweep = partial(garbage.sweep, clock)
        parts: list[Part] = [exporter.run, reloader.serve, reloader.watch, watchdog, sweep]
        if options.protection is not None:
            parts.append(options.protection.watch)
        pages = Pages(exporter, exporter.exposition, options.web, reloader.reload)
        async with _server(pages, listeners, options):
            addresses = [listener.address for listener in listeners]
            for address in addresses:
                log.info("listening", extra={"address": str(address)})
            started(addresses)
            # WHMCS may be down for hours: that is no reason for a start to fail.
            notifier.ready(status(configuration))
            async with asyncio.TaskGroup() as group:
                for part in parts:
                    group.create_task(part())


def _server(pages: Pages, listeners: Sequence[Listener], options: ServeOptions) -> Server:
    return Server(
        pages.application(),
        [listener.socket for listener in listeners],
        protection=options.protection,
        max_connections=options.web.max_connections,
    )


async def _listen(address: Address, stack: AsyncExitStack) -> Listener:
    try:
        # In a thread: a name may take its time to be resolved.
        listener = await threads.run_or_block(address.open)
    except OSError as error:
        # Not every error of a socket names its address.
        raise OSError(f"cannot listen on {address}: {error.strerror}") from error
    stack.callback(listener.close)
    return listener

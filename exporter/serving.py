"""The command ``serve``: listen, poll, reload, and leave when told to."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from exporter import __version__, garbage
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
    _on_signals(stop.set, signal.SIGTERM, signal.SIGINT)
    configuration, clock = load(), SystemClock()
    async with AsyncExitStack() as stack:
        notifier = Notifier(os.environ)
        stack.callback(notifier.close)
        listeners = [await _listen(address, stack) for address in options.addresses]
        session = await stack.enter_async_context(open_session(f"whmcs-exporter/{__version__}"))
        exporter = Exporter(
            configuration.sites,
            session,
            clock=clock,
            process_metrics=options.process_metrics,
            dropped_log_lines=options.dropped_log_lines,
        )
        reloader = Reloader(load, configuration, exporter, notifier, clock)
        _on_signals(reloader.ask, signal.SIGHUP)
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
            await _run(parts, stop, notifier.stopping)


def _server(pages: Pages, listeners: Sequence[Listener], options: ServeOptions) -> Server:
    return Server(
        pages.application(),
        [listener.socket for listener in listeners],
        protection=options.protection,
        max_connections=options.web.max_connections,
    )


async def _run(parts: Sequence[Part], stop: asyncio.Event, stopping: Callable[[], None]) -> None:
    """Run all parts until ``stop``, then tell ``stopping``; a bug in any ends all."""
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(part()) for part in parts]
        await stop.wait()
        log.info("stopping")
        stopping()
        for task in running:
            task.cancel()


def _on_signals(call: Callable[[], None], *numbers: signal.Signals) -> None:
    loop = asyncio.get_running_loop()
    for number in numbers:
        loop.add_signal_handler(number, call)


async def _listen(address: Address, stack: AsyncExitStack) -> Listener:
    try:
        # In a thread: a name may take its time to be resolved.
        listener = await asyncio.to_thread(address.open)
    except OSError as error:
        # Not every error of a socket names its address.
        raise OSError(f"cannot listen on {address}: {error.strerror}") from error
    stack.callback(listener.close)
    return listener

"""A configuration that is read again while the exporter runs.

Everything is read and checked before anything changes; what cannot be used changes nothing, and is
told in the log, in the answer to who asked, and by a gauge.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from exporter import threads
from exporter.config import Config, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from exporter.config import Site
    from exporter.polling.clock import Clock

log = logging.getLogger(__name__)

# How often the files of `site_files` are looked at, in seconds.
LOOK_SECONDS = 5.0


class Configurable(Protocol):
    """What runs by a configuration."""

    async def configure(self, sites: Iterable[Site]) -> None:
        """Go on with other sites; raise ``OSError`` and go on as before when that can't be."""

    def not_configured(self) -> None:
        """Note that another configuration was there, and could not be used."""


class ServiceManager(Protocol):
    """Who is told of reloads."""

    def reloading(self) -> None:
        """Tell that one begins."""

    def ready(self, status: str) -> None:
        """Tell that it has ended, well or not; ``status`` is a line for people."""


class Reloader:
    """Reads the configuration again, one time after the other."""

    def __init__(
        self,
        load: Callable[[], Config],
        running: Config,
        exporter: Configurable,
        manager: ServiceManager,
        clock: Clock,
    ) -> None:
        """Begin with the configuration that runs; ``load`` blocks, and raises ``ConfigError``."""
        self._load = load
        self._exporter = exporter
        self._manager = manager
        self._clock = clock
        self._asked = asyncio.Event()
        self._answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._site_files = running.site_files
        self._seen = running.site_files.look()
        self._can_watch = True

    def ask(self) -> None:
        """Ask for a reload; it answers everybody who asks before it begins."""
        self._asked.set()

    async def reload(self) -> str:
        """Ask and wait; return what is wrong with the configuration, nothing when it runs now."""
        self.ask()
        # Others wait for the same answer: nobody who leaves may take it along.
        return await asyncio.shield(self._answer)

    async def serve(self) -> None:
        """Do what is asked for, until cancelled; the only task that reloads."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            answer, self._answer = self._answer, asyncio.get_running_loop().create_future()
            answer.set_result(await self._reload())

    async def watch(self) -> None:
        """Reload whenever the files of ``site_files`` are others than before, until cancelled."""
        while True:
            await self._clock.sleep(LOOK_SECONDS)
            if await self._have_changed():
                log.info("site files have changed")
                await self.reload()

    async def _have_changed(self) -> bool:
        if not self._site_files.patterns:
            return False
        try:
            seen = await threads.run(self._site_files.look)
        except OSError as error:
            if self._can_watch:
                log.warning("site files not checked", extra={"error": str(error)})
            self._can_watch = False
            return False
        self._can_watch = True
        return seen != self._seen

    async def _reload(self) -> str:
        self._manager.reloading()
        try:
            configuration = await threads.run(self._read)
            await self._exporter.configure(configuration.sites)
        except (ConfigError, OSError) as error:
            problems = "; ".join(str(error).splitlines())
            log.error("configuration not reloaded", extra={"error": problems})  # noqa: TRY400 - no bug
            self._exporter.not_configured()
            self._manager.ready("not reloaded: the log has the reason")
            return str(error)
        self._site_files = configuration.site_files
        log.info("configuration reloaded", extra={"sites": len(configuration.sites)})
        self._manager.ready(status(configuration))
        return ""

    def _read(self) -> Config:
        # Looked at before they are read: what is written meanwhile counts as a change.
        self._seen = self._site_files.look()
        configuration = self._load()
        if configuration.site_files != self._site_files:
            self._seen = configuration.site_files.look()
        return configuration


def status(configuration: Config) -> str:
    """Return what a running configuration is, in a line for people."""
    return f"sites polled: {len(configuration.sites)}"

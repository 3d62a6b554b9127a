"""What the service manager is told: systemd's ``sd_notify`` protocol, one datagram a message.

https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

log = logging.getLogger(__name__)

# A shorter ``WATCHDOG_USEC`` is an error: it would keep a CPU busy.
_SHORTEST_SECONDS = 0.05


class Notifier:
    """Tells a service manager how the exporter fares; without one it does nothing.

    Never blocks and never raises: the exporter goes on when nobody listens.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Take ``NOTIFY_SOCKET``, ``WATCHDOG_USEC`` and ``WATCHDOG_PID`` from ``environment``."""
        address = environment.get("NOTIFY_SOCKET", "")
        # An @ stands for the zero byte of the abstract namespace.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        # Kept open: when descriptors run out, the watchdog is still told.
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if address else None
        if self._socket is not None:
            self._socket.settimeout(0)
        self._watchdog = _watchdog(environment)
        self._sleep = sleep

    def ready(self, status: str) -> None:
        """Tell that the configuration runs, at the start or after a reload, well or not.

        ``status`` is one line for people: ``systemctl status`` shows it.
        """
        self._tell(f"READY=1\nSTATUS={status}")

    def reloading(self) -> None:
        """Tell that a reload begins; ``ready`` ends it."""
        # By the clock that `Type=notify-reload` compares with, in microseconds.
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Tell that the end begins."""
        self._tell("STOPPING=1\nSTATUS=stopping")

    async def watch(self, healthy: Callable[[], bool]) -> None:
        """Tell the watchdog, twice in the time that it waits, while ``healthy``; until cancelled.

        Ends at once where no watchdog waits for this process.
        """
        while self._socket is not None and self._watchdog is not None:
            if healthy():
                self._tell("WATCHDOG=1")
            else:
                log.warning("no progress, so the watchdog is not told")
            await self._sleep(max(_SHORTEST_SECONDS, self._watchdog / 2))

    def close(self) -> None:
        """Leave the socket."""
        if self._socket is not None:
            self._socket.close()

    def _tell(self, message: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto(message.encode(), self._address)
        except OSError as error:
            log.warning("service manager not told", extra={"error": str(error)})


def _watchdog(environment: Mapping[str, str]) -> float | None:
    """Return the seconds that the watchdog waits; None when it waits for nobody, or another."""
    microseconds = environment.get("WATCHDOG_USEC", "")
    waits_for = environment.get("WATCHDOG_PID", str(os.getpid()))
    # More digits are more than 64 bits, and no number of microseconds that systemd sets.
    if waits_for != str(os.getpid()) or not re.fullmatch("[0-9]{1,20}", microseconds):
        return None
    return int(microseconds) / 1_000_000 or None

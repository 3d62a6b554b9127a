"""The signals of ``serve``, from the first line of the program to the last.

SIGTERM, SIGINT and SIGHUP are blocked while modules are imported, so that they are not handled by
their default action: they stay pending until their handlers are installed.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STOP = (signal.SIGTERM, signal.SIGINT)
RELOAD = (signal.SIGHUP,)


def block_for(arguments: Sequence[str]) -> None:
    """Block the signals if the arguments are those of ``serve``."""
    if not arguments or arguments[0] == "serve" or arguments[0].startswith("-"):
        signal.pthread_sigmask(signal.SIG_BLOCK, (*STOP, *RELOAD))


def unblock() -> None:
    """Restore the default actions, for a command that does not serve."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (*STOP, *RELOAD))


def handle(call: Callable[[], None], numbers: Sequence[signal.Signals]) -> None:
    """Call a function in the event loop for each of these signals, pending ones included."""
    # Imported by the caller already; at the start of the program it would take too long.
    import asyncio  # noqa: PLC0415

    loop = asyncio.get_running_loop()
    for number in numbers:
        loop.add_signal_handler(number, call)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)


def ignore() -> None:
    """Ignore the signals until the process ends; call it within the event loop.

    The event loop restores the default actions when it closes, which would end the process with
    another exit code.
    """
    import asyncio  # noqa: PLC0415

    loop = asyncio.get_running_loop()
    # Blocked first: without a handler the default action is in effect for a moment.
    signal.pthread_sigmask(signal.SIG_BLOCK, (*STOP, *RELOAD))
    for number in (*STOP, *RELOAD):
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)

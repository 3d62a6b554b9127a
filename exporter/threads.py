"""Blocking functions in daemon threads.

The process does not wait for these threads when it exits. asyncio's own threads delay the exit
until the last function has returned, and a failure to start one of them raises ``RuntimeError``.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from functools import partial
from threading import Semaphore, Thread
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")

# More threads that compute at a time would only slow down the event loop.
_COMPUTING = Semaphore(4)


class NoThread(OSError):
    """No thread can be started; the message says what to do."""


async def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function that waits for files or the network.

    If the caller is cancelled, the thread continues and its result is discarded.

    Returns:
        The result of the function.

    Raises:
        NoThread: No thread can be started.
    """
    return await asyncio.wrap_future(_start(partial(function, *args, **kwargs)))


async def run_or_block(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do the same as ``run``, but block the event loop if no thread can be started."""
    call = partial(function, *args, **kwargs)
    try:
        result = _start(call)
    except NoThread:
        return call()
    return await asyncio.wrap_future(result)


async def compute(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do the same as ``run_or_block``, with few functions at a time, for work on the CPU."""
    call = partial(function, *args, **kwargs)
    try:
        result = _start(partial(_take_turns, call))
    except NoThread:
        return call()
    return await asyncio.wrap_future(result)


def _take_turns(call: Callable[[], T]) -> T:
    with _COMPUTING:
        return call()


def _start(call: Callable[[], T]) -> Future[T]:
    result: Future[T] = Future()
    # A running future cannot be cancelled, so that the thread can always set the result.
    result.set_running_or_notify_cancel()
    try:
        Thread(target=_work, args=(call, result), daemon=True).start()
    except RuntimeError:
        raise NoThread("no thread can be started; raise the limit of processes") from None
    return result


def _work(call: Callable[[], T], result: Future[T]) -> None:
    try:
        value = call()
    except Exception as error:  # noqa: BLE001 - raised where the result is awaited
        result.set_exception(error)
    else:
        result.set_result(value)
    finally:
        # The error's traceback holds this frame, which must not hold the error.
        del result

"""Polls that somebody asks for, beside those of the plan."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exporter.polling.poller import Poller


async def polled(pollers: Iterable[Poller], max_age: float | None, seconds: float) -> None:
    """Have sources polled whose last poll is older than ``max_age``, and wait for the end.

    After ``seconds`` nobody waits any longer; the polls go on.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
            for poller in pollers:
                group.create_task(poller.poll_unless_younger(max_age))

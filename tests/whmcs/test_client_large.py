"""Large responses are judged and decoded while the event loop goes on."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from exporter.whmcs.actions import GET_TICKET_COUNTS, Action
from exporter.whmcs.answer import Answer, judge
from exporter.whmcs.client import Client, open_session
from exporter.whmcs.errors import TimedOut
from tests.cpu import seconds
from tests.whmcs.calls import CREDENTIAL, PATIENCE, document
from tests.whmcs.server import answer, says, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from typing import TypeVar

    from exporter.whmcs.document import JSON

    T = TypeVar("T")

MIB = 1024 * 1024
ROWS = b",".join([b'{"title": "&lt;", "count": 1}'] * 30_000)
BODY = (
    b'{"result": "success", "allActive": 1, "awaitingReply": 1, "flaggedTickets": 1,'
    b'"status": [%b]}' % ROWS
)


async def call(action: Action[T], body: bytes, *, limit: float = PATIENCE) -> T:
    """Call an action of a server that sends this body."""
    async with serving(says(answer(body))) as server, open_session("test/1") as session:
        client = Client(session, server.endpoint(response_bytes=MIB))
        return await client.post(action, {}, CREDENTIAL, limit=limit)


@asynccontextmanager
async def longest_turn() -> AsyncIterator[list[float]]:
    """Measure meanwhile the CPU time of each turn of the event loop."""
    turns: list[float] = []

    async def watch() -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0)
            turns.append(time.thread_time() - before)

    watching = asyncio.create_task(watch())
    yield turns
    watching.cancel()


async def test_the_event_loop_goes_on() -> None:
    """No turn of the event loop takes a large part of the work."""
    work = seconds(lambda: GET_TICKET_COUNTS.decode(judge(Answer(200, BODY))))
    async with longest_turn() as turns:
        counts = await call(GET_TICKET_COUNTS, BODY)
    assert ("<", 30_000) == (counts.statuses[0].title, len(counts.statuses))
    assert max(turns) < work / 2


async def test_the_deadline_covers_decoding() -> None:
    """A call ends in time even if its response is still being decoded."""
    released = threading.Event()

    def wait(read: Mapping[str, JSON]) -> Mapping[str, JSON]:
        released.wait(PATIENCE)
        return read

    try:
        with pytest.raises(TimedOut):
            await call(Action("GetTicketCounts", wait), BODY, limit=1.0)
    finally:
        released.set()


async def test_small_responses_need_no_thread() -> None:
    """A small response is read at once: a thread would cost more."""
    threads = []

    def note(read: Mapping[str, JSON]) -> dict[str, JSON]:
        threads.append(threading.current_thread())
        return document(read)

    await call(Action("GetTicketCounts", note), b'{"result": "success"}')
    assert [threading.main_thread()] == threads

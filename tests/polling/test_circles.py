"""Failed polls end by themselves: what they held of an answer waits for no garbage collection."""

from __future__ import annotations

import gc
import json
from types import FrameType
from typing import TYPE_CHECKING

import pytest

from exporter.polling.site import Site
from exporter.whmcs.client import Client, open_session
from tests.polling.outside import DEPARTMENTS, Bench, departments
from tests.whmcs.server import OK, Request, answer, reset, says_and_waits, serving

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Iterator

GOOD = answer(json.dumps(departments(d1="Sales", d2="Billing", d3="Abuse")).encode())
LARGE = b"x" * 100_000
STARTED = OK + b"Content-Length: 200000\r\n\r\n" + LARGE
ANSWERS = {
    "page": answer(b"<title>Maintenance</title>" + LARGE),
    "text": answer(b"result=error;message=" + LARGE),
    "message": answer(json.dumps({"result": "error", "message": "x" * 100_000}).encode()),
    "other JSON": answer(json.dumps({"result": "success", "statuses": "x" * 100_000}).encode()),
    "half": STARTED,
    "reset": STARTED,
    "wait": STARTED,
}


@pytest.fixture
def _no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


def circles() -> set[str]:
    """Return the exporter's functions whose frames only a collection would end."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    frames = (found for found in gc.garbage if isinstance(found, FrameType))
    return {
        frame.f_code.co_qualname
        for frame in frames
        if str(frame.f_globals.get("__name__")).startswith("exporter.")
    }


@pytest.mark.usefixtures("_no_collection")
@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("source", ["departments", "ticket_counts"])
async def test_failed_polls_end_by_themselves(source: str, kind: str) -> None:
    """Whatever was wrong with an answer, and whoever else waited for one, it is not kept."""
    requests: list[Request] = []

    async def script(reader: StreamReader, writer: StreamWriter) -> None:
        if ("action", DEPARTMENTS) in requests[-1].form:
            writer.write(GOOD)
            await writer.drain()
        elif kind == "wait":
            await says_and_waits(STARTED)(reader, writer)
        else:
            writer.write(ANSWERS[kind])
            await writer.drain()
            if kind == "reset":
                reset(writer)

    bench = Bench(timeout=0.2 if kind == "wait" else 10.0)
    async with serving(script, requests=requests) as server, open_session("test/1") as session:
        bench.site = Site(
            "acme",
            Client(session, server.endpoint(response_bytes=1_000_000)),
            timeout=bench.timeout,
            max_concurrency=2,
            clock=bench.clock,
            telemetry=bench.telemetry,
            host=bench.backoffs.host(server.endpoint(response_bytes=1).url),
        )
        poll = await bench.poll(getattr(bench, source)())
        assert poll.error is not None
        bench.polls.clear()
        del poll
    assert set() == circles()

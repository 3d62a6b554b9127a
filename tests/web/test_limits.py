"""Readers that are slow: how many there may be, and what becomes of them at the end."""

import asyncio
import logging
from contextlib import AsyncExitStack

import pytest

from exporter.snapshots import Snapshot
from exporter.web.pages import WebOptions
from tests.exposition.sites import fresh_site, poll, tickets
from tests.exposition_check import check, family
from tests.web.clients import HEALTHY, assert_stops, turns
from tests.web.serving import Reader, Served, StandIn, serving

STATUSES = 3_000


def large_site(statuses: int = STATUSES) -> Snapshot:
    """Return a site whose exposition is larger than what lies between server and client."""
    counts = {f"status with a rather long name {number}": 1 for number in range(statuses)}
    return fresh_site("acme").after(poll("acme", "ticket_counts", tickets(counts)))


@pytest.fixture
def exporter() -> StandIn:
    """Have a large exposition."""
    return StandIn([large_site()])


async def status(served: Served, path: str = "/metrics") -> int:
    """Ask, and read everything."""
    async with served.client.get(path) as response:
        await response.read()
        return response.status


async def test_slow_readers_hold_their_places(exporter: StandIn) -> None:
    """With as many readers as may be, the next is refused at once, until one has read it all."""
    async with serving(exporter, WebOptions(max_requests=2)) as served, AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(Reader.scraping(served.port)) for _ in range(2)]
        async with served.client.get("/metrics") as response:
            assert 503 == response.status
            assert "2 scrapes are under way, which is the limit\n" == await response.text()
        assert 503 == await status(served, "/api/v1/sites")
        assert 200 == await status(served, "/healthz")
        assert 1 == exporter.answered("/metrics", 503)
        assert exporter.answered("/metrics", 200) is None
        head, _, body = (await readers[0].rest()).partition(b"\r\n\r\n")
        assert head.startswith(b"TTP/1.1 200 OK")
        check(body.decode())
        assert STATUSES == len(family(body.decode(), "whmcs_tickets"))
        assert 200 == await status(served)
        assert 2 == exporter.answered("/metrics", 200)


async def test_who_leaves_makes_room(exporter: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    """A reader that goes away halfway frees its place, and is no error."""
    with caplog.at_level(logging.INFO):
        async with serving(exporter, WebOptions(max_requests=1)) as served:
            async with Reader.scraping(served.port):
                assert 503 == await status(served)
            async with asyncio.timeout(HEALTHY):
                while await status(served) != 200:
                    pass
    assert [] == caplog.records


async def test_a_stop_lets_a_scrape_finish(exporter: StandIn) -> None:
    """A scrape that is under way when the end comes gets all of its answer; no other begins."""
    async with serving(exporter) as served, Reader.scraping(served.port) as reader:
        stopping = asyncio.create_task(served.server.__aexit__(None, None, None))
        await turns()
        assert not stopping.done()
        body = (await reader.rest()).partition(b"\r\n\r\n")[2].decode()
        await stopping
        check(body)
        assert STATUSES == len(family(body, "whmcs_tickets"))
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", served.port)


async def test_a_stop_does_not_wait_for_ever(
    exporter: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    """A reader that never reads is cut off in time, without a word."""
    with caplog.at_level(logging.INFO):
        async with serving(exporter) as served, Reader.scraping(served.port):
            await assert_stops(served)
    assert [] == caplog.records

"""Limits of parallel requests, of one kind each, and the end of responses at a stop."""

import asyncio
import json
import logging
import struct
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from socket import SO_LINGER, SOL_SOCKET

import pytest

from exporter.snapshots import Snapshot
from exporter.web.pages import WebOptions
from exporter.web.shared import MAX_AGE
from tests.exposition.sites import acme, fresh_site, globex, poll, tickets
from tests.exposition_check import check, family
from tests.web.clients import (
    GET,
    HEALTHY,
    assert_open,
    assert_slow,
    assert_stops,
    connected,
    crowd,
    turns,
    until,
)
from tests.web.serving import SCRAPE, Reader, Served, StandIn, Waiting, serving

STATUSES = 3_000
PROBE = b"GET /probe?target=globex HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
PAGES = ("/", "/sd", "/api/v1/sites")
# A crowd beyond every limit of pages and filtered scrapes.
CROWD = 60


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


async def statuses(served: Served, path: str, number: int) -> list[int]:
    """Ask in parallel, on a connection each."""
    return list(await asyncio.gather(*(status(served, path) for _ in range(number))))


async def test_slow_readers_are_no_scrapes(exporter: StandIn) -> None:
    """Responses that only wait for their readers do not use the limit of scrapes."""
    async with serving(exporter, WebOptions(max_requests=1)) as served, AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(Reader.scraping(served.port)) for _ in range(2)]
        await assert_slow(served, 2)
        for path in ("/metrics", "/api/v1/sites", "/healthz"):
            assert 200 == await status(served, path)
        assert 3 == exporter.answered("/metrics", 200)
        head, _, body = (await readers[0].rest()).partition(b"\r\n\r\n")
        assert head.startswith(b"TTP/1.1 200 OK")
        check(body.decode())
        assert STATUSES == len(family(body.decode(), "whmcs_tickets"))


class Held:
    """A function of the exposition that returns when the test lets it, and counts its callers."""

    def __init__(self, function: Callable[..., Awaitable[bytes]]) -> None:
        """Hold a function back."""
        self._function = function
        self.waiting = 0
        self.released = asyncio.Event()

    async def __call__(self, *args: object, **options: object) -> bytes:
        """Wait, then call the function."""
        self.waiting += 1
        try:
            await self.released.wait()
            return await self._function(*args, **options)
        finally:
            self.waiting -= 1

    async def called(self, number: int) -> None:
        """Wait until so many callers wait."""
        await until(lambda: self.waiting == number)


async def ended(tasks: Sequence[asyncio.Task[int]], number: int) -> None:
    """Wait until so many tasks have ended."""
    await until(lambda: sum(task.done() for task in tasks) == number)


async def refused(exporter: StandIn, number: int) -> None:
    """Wait until so many scrapes were refused."""
    await until(lambda: exporter.answered("/metrics", 503) == number)


def held(exporter: StandIn, monkeypatch: pytest.MonkeyPatch, name: str) -> Held:
    """Hold back a function of the exposition."""
    function = Held(getattr(exporter.exposition, name))
    monkeypatch.setattr(exporter.exposition, name, function)
    return function


async def test_scrapes_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """With as many scrapes as allowed under way the next gets 503, and later 200 again."""
    exporter = StandIn([acme(), globex()])
    async with serving(exporter, WebOptions(max_requests=2)) as served:
        for turn in (1, 2):
            with monkeypatch.context() as context:
                rendering = held(exporter, context, "scrape")
                # A parameter keeps the request from being answered as an earlier one was.
                path = "/metrics?unknown"
                waiting = [asyncio.create_task(status(served, path)) for _ in range(2)]
                await rendering.called(2)
                async with served.client.get(path) as response:
                    assert (503, "1") == (response.status, response.headers["Retry-After"])
                    text = "too many parallel scrapes: the limit is 2; retry later\n"
                    assert text == await response.text()
                assert turn == exporter.answered("/metrics", 503)
                for other in (*PAGES, "/probe?target=globex", "/metrics?name[]=a", "/healthz"):
                    assert 200 == await status(served, other)
                rendering.released.set()
                assert [200, 200] == await asyncio.gather(*waiting)
            assert 200 == await status(served, path)


async def test_filtered_scrapes_cannot_exhaust_scrapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Filtered scrapes are rendered one by one, some wait, and plain ones go on."""
    exporter = StandIn([acme()])
    async with serving(exporter, WebOptions(max_requests=1)) as served:
        for _ in range(2):
            with monkeypatch.context() as context:
                rendering = held(exporter, context, "scrape_only")
                asked = [
                    asyncio.create_task(status(served, "/metrics?name[]=whmcs_tickets"))
                    for _ in range(CROWD)
                ]
                await rendering.called(1)
                await ended(asked, CROWD - 20)
                for path in ("/metrics", *PAGES):
                    assert 200 == await status(served, path)
                assert 1 == rendering.waiting
                rendering.released.set()
                found = await asyncio.gather(*asked)
                assert (20, CROWD - 20) == (found.count(200), found.count(503))


async def test_probes_cannot_exhaust_scrapes() -> None:
    """Probes have a limit of sites, which they share with those that wait for the same poll."""
    exporter = Waiting([acme(), globex()])
    async with serving(exporter, WebOptions(max_requests=1)) as served:
        for _ in range(2):
            exporter.polled.clear()
            waiting = [asyncio.create_task(status(served, "/probe?target=globex"))]
            await until(lambda: exporter.waiting == 1)
            # One more may share its slot; another site and a third request may not.
            waiting.append(asyncio.create_task(status(served, "/probe?target=globex")))
            await until(lambda: exporter.waiting == 2)
            for target in ('acme "&" co', "globex"):
                async with served.client.get("/probe", params={"target": target}) as response:
                    assert (503, "1") == (response.status, response.headers["Retry-After"])
                    text = "too many parallel probes: the limit is 1; retry later\n"
                    assert text == await response.text()
            for path in ("/metrics", "/metrics?name[]=whmcs_up", *PAGES, "/healthz"):
                assert 200 == await status(served, path)
            exporter.polled.set()
            assert [200, 200] == await asyncio.gather(*waiting)
            assert 200 == await status(served, "/probe?target=acme+%22%26%22+co")


@contextmanager
def probing(served: Served, number: int, *, reset: bool) -> Iterator[None]:
    """Send probes, and disconnect at the end, by a reset or in the usual way."""
    with crowd(served, number, PROBE) as clients:
        yield
        for client in clients:
            if reset:
                client.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize("reset", [False, True])
async def test_a_probe_whose_client_is_gone_gives_its_slot_back(
    caplog: pytest.LogCaptureFixture, *, reset: bool
) -> None:
    """A client that disconnects, or only stops sending, waits no longer; nor is it logged."""
    exporter = Waiting([acme(), globex()])
    async with serving(exporter, WebOptions(max_requests=1)) as served:
        for _ in range(2):
            with probing(served, 2, reset=reset):
                await until(lambda: exporter.waiting == 2)
                assert 503 == await status(served, "/probe?target=globex")
            await until(lambda: exporter.waiting == 0)

            exporter.polled.set()
            assert 200 == await status(served, "/probe?target=acme+%22%26%22+co")
            exporter.polled.clear()
        assert 2 == exporter.answered("/probe", 200)
        assert exporter.answered("/probe", 500) is None
    assert [] == caplog.records


async def test_a_filtered_scrape_whose_client_is_gone_leaves_the_queue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its place is free for another, while the one that is rendered keeps its own."""
    exporter = StandIn([acme()])
    said = SCRAPE.replace(b"/metrics", b"/metrics?name[]=whmcs_up")
    async with serving(exporter) as served:
        rendering = held(exporter, monkeypatch, "scrape_only")
        # The first of all is rendered, and holds its place while the others come and leave.
        for number in (CROWD - 20, 2 * CROWD - 39):
            with crowd(served, CROWD, said):
                await rendering.called(1)
                await refused(exporter, number)
            await assert_open(served, 1)
            await turns()
        waiting = asyncio.create_task(status(served, "/metrics?name[]=whmcs_up"))
        await turns()
        assert not waiting.done()
        rendering.released.set()
        assert 200 == await waiting


async def test_pages_are_rendered_once_for_a_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of about the same time are one rendering; beyond the queue there is 503."""
    exporter = StandIn([acme()])
    rendered = 0
    due = exporter.due

    def counted() -> dict[tuple[str, str], float | None]:
        nonlocal rendered
        rendered += 1
        return due()

    monkeypatch.setattr(exporter, "due", counted)
    async with serving(exporter) as served:
        for turn in (1, 2):
            for path, before in (("/", 0), ("/api/v1/sites", 1)):
                found = await statuses(served, path, 30)
                assert [200] * 30 == found
                assert 2 * (turn - 1) + before + 1 == rendered
            await exporter.clock.advance(MAX_AGE)


@pytest.mark.parametrize("path", [*PAGES, "/metrics?name[]=whmcs_up"])
async def test_a_crowd_is_served_beside_others(path: str) -> None:
    """Requests that arrive together are not all handled before another one."""
    exporter = StandIn([acme()])
    said = SCRAPE.replace(b"/metrics", path.encode())
    name = path.partition("?")[0]
    async with serving(exporter) as served, connected(served) as client:
        assert 200 == await status(served, path)
        for turn in (1, 2):
            with crowd(served, 20) as clients:
                await assert_open(served, 22)
                for each in clients:
                    each.send(said)
                client.say(GET)
                async with asyncio.timeout(HEALTHY):
                    await client.answer()
                assert 1 + 20 * turn > (exporter.answered(name, 200) or 0)
                await handled(exporter, name, 1 + 20 * turn)
            await assert_open(served, 2)


async def handled(exporter: StandIn, name: str, number: int) -> None:
    """Wait until so many requests of a page were handled."""
    await until(lambda: exporter.answered(name, 200) == number)


async def test_a_page_is_rendered_again_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception is not kept, and a page is no older than its greatest age."""
    exporter = StandIn([acme()])
    async with serving(exporter) as served:
        with monkeypatch.context() as context:
            context.setattr(exporter, "due", lambda: next(iter(())))
            assert 500 == await status(served, "/api/v1/sites")
        for sites in ([acme()], [acme(), globex()], []):
            exporter.shown = sites
            plain = {"Accept-Encoding": "identity"}
            async with served.client.get("/api/v1/sites", headers=plain) as response:
                found = json.loads(await response.text())["sites"]
            assert len(sites) == len(found)
            await exporter.clock.advance(MAX_AGE)


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

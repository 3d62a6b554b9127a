"""Scrapes that ask in the same bytes as before: answered sooner, and never otherwise."""

from __future__ import annotations

import asyncio
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.exposition.formats import OPENMETRICS, TEXT
from exporter.web.connections import Deadlines
from exporter.web.pages import WebOptions
from exporter.web.protection import Protection
from exporter.web.repeats import Repeats
from tests.exposition.sites import acme, fresh_site, poll, tickets
from tests.web.clients import HEALTHY, assert_open, assert_slow, connected, crowd, leap, turns
from tests.web.rules import UnfitError, Written
from tests.web.serving import SLOWNESS, Served, StandIn, serving
from tests.web.test_limits import STATUSES, large_site, status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exporter.exposition.formats import Format
    from tests.web.clients import Client

SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
CLOSE = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
DEADLINES = Deadlines()
DATE = re.compile(rb"(?<=\r\nDate: )[^\r]+")


def site(name: str, count: int = 3) -> StandIn:
    """Return an exporter of one site."""
    polled = poll(name, "ticket_counts", tickets({"Open": count}))
    return StandIn([fresh_site(name).after(polled)])


async def asked(client: Client, *packets: bytes) -> bytes:
    """Say some things, each heard before the next, then leave; return all that was answered."""
    # Read meanwhile: what has to wait for a reader is not heard.
    answered = asyncio.create_task(client.rest())
    for packet in packets:
        client.say(packet)
        await turns()
    client.say(CLOSE)
    async with asyncio.timeout(HEALTHY):
        return await answered


async def answers(served: Served, *packets: bytes) -> list[bytes]:
    """Return the answers on one connection, each with its head, the date left out."""
    async with connected(served) as client:
        said = DATE.sub(b"", await asked(client, *packets))
    return [b"HTTP/1.1 " + answer for answer in said.split(b"HTTP/1.1 ")[1:]]


def unusual(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the usual way to an answer be broken from now on."""
    monkeypatch.setattr(served.exporter.exposition, "scrape", lambda *_, **__: next(iter(())))


async def test_equal_bytes_are_answered_equally(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second answer is the first, with its head; only equal bytes are answered so."""
    async with serving(StandIn([acme()])) as served:
        (usual, _) = await answers(served, SCRAPE)
        unusual(served, monkeypatch)
        again = await answers(served, SCRAPE, SCRAPE, SCRAPE.replace(b"a", b"b"))
        assert [usual, usual] == again[:2]
        assert again[2].startswith(b"HTTP/1.1 500 ")
        assert 3 == served.exporter.answered("/metrics", 200)
        assert 1 == served.exporter.answered("/metrics", 500)


async def test_a_date_is_given_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the time of the answer, not of the first one."""
    async with serving() as served, connected(served) as client:
        client.say(SCRAPE)
        await turns()
        monkeypatch.setattr("exporter.web.repeats.time.time", lambda: 1_800_000_000.9)
        heads = await asked(client, SCRAPE)
    assert b"\r\nDate: Fri, 15 Jan 2027 08:00:00 GMT\r\n" in heads


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("text_format", [TEXT, OPENMETRICS])
async def test_new_numbers_are_in_repeated_answers(
    monkeypatch: pytest.MonkeyPatch, text_format: Format, *, compress: bool
) -> None:
    """What is repeated is the request; the numbers are those of now, in the wanted form."""
    said = SCRAPE[:-2] + b"Accept: " + text_format.content_type.encode() + b"\r\n"
    said += (b"Accept-Encoding: gzip\r\n" if compress else b"") + b"\r\n"
    async with serving(site("acme")) as served:
        exposition = served.exporter.exposition
        before = await answers(served, said)
        unusual(served, monkeypatch)
        exposition.update(site("acme", 4).shown[0])
        await served.exporter.clock.advance(2)
        after = (await answers(served, said))[0].partition(b"\r\n\r\n")[2]
        assert exposition.render(text_format, compress=compress) == after
        assert before[0].partition(b"\r\n\r\n")[2] != after


async def test_long_work_goes_the_usual_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would hold up the loop is made beside it, and repeated once it is there."""
    said = SCRAPE[:-2] + b"Accept-Encoding: gzip\r\n\r\n"
    async with serving(StandIn([large_site(2 * STATUSES)])) as served:
        (usual, _) = await answers(served, said)
        assert usual == (await answers(served, said))[0]
        served.exporter.exposition.update(large_site(2 * STATUSES + 1))
        assert served.exporter.exposition.at_once(TEXT, compress=True) is None
        (changed, _) = await answers(served, said)
        assert usual != changed
        unusual(served, monkeypatch)
        assert changed == (await answers(served, said))[0]


@pytest.mark.parametrize("protected", [False, True])
async def test_protected_pages_look_at_each_request(
    monkeypatch: pytest.MonkeyPatch, *, protected: bool
) -> None:
    """Users come and go: with a web configuration nothing is answered for having been before."""
    rules = await asyncio.to_thread(Protection, Written, UnfitError) if protected else None
    async with serving(protection=rules) as served:
        await answers(served, SCRAPE)
        unusual(served, monkeypatch)
        answer = (await answers(served, SCRAPE))[0]
        assert answer.startswith(b"HTTP/1.1 500 " if protected else b"HTTP/1.1 200 ")


async def test_few_words_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks in ever new words pushes out the oldest, which are answered as usual."""
    words = [SCRAPE.replace(b"Host: a", b"Host: %d" % number) for number in range(65)]
    async with serving() as served:
        await answers(served, *words)
        unusual(served, monkeypatch)
        said = [(await answers(served, each))[0] for each in (words[0], words[1], words[64])]
    assert [b"500", b"200", b"200"] == [answer[9:12] for answer in said]


async def test_long_words_are_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A head may be as long as aiohttp takes it, and is not kept then."""
    lengths = (2048, 2049)
    words = [
        SCRAPE[:-2] + b"A: " + b"a" * (size - len(SCRAPE) - 5) + b"\r\n\r\n" for size in lengths
    ]
    assert list(lengths) == list(map(len, words))
    async with serving() as served:
        await answers(served, *words)
        unusual(served, monkeypatch)
        said = [(await answers(served, each))[0] for each in words]
    assert [b"200", b"500"] == [answer[9:12] for answer in said]


async def test_slow_readers_of_repeated_answers_are_no_scrapes() -> None:
    """A response that only waits for its reader does not count as a parallel scrape."""
    async with serving(StandIn([large_site()]), WebOptions(max_requests=1)) as served:
        await answers(served, SCRAPE)
        with ExitStack() as stack:
            slow = stack.enter_context(crowd(served, 2, SCRAPE))
            await assert_slow(served, 2)
            others = SCRAPE.replace(b"a", b"b")
            for said in (SCRAPE, others):
                usual, again, _ = await answers(served, said, said)
                assert usual == again
                assert b"version=0.0.4" in usual
            slow[0].close()
            await assert_slow(served, 1)
            assert 200 == await status(served)
        await turns()


async def test_readers_of_repeated_answers_do_not_make_room() -> None:
    """They are no more idle than those of the first ones."""
    async with serving(StandIn([large_site()]), max_connections=2) as served:
        await answers(served, SCRAPE)
        with crowd(served, 1, SCRAPE):
            await assert_slow(served, 1)
            with crowd(served, 1) as (idle,):
                await assert_open(served, 2)
                idle.settimeout(HEALTHY * SLOWNESS)
                with crowd(served, 1):
                    assert b"" == await asyncio.to_thread(idle.recv, 1)


async def test_first_words_that_are_repeated_are_whole() -> None:
    """A new connection whose first request was another's has met its deadline, too."""
    async with serving() as served:
        await answers(served, SCRAPE)
        async with connected(served) as client:
            client.say(SCRAPE)
            await turns()
            leap(DEADLINES.head)
            assert (await asked(client)).endswith(b"\r\n\r\nok\n")


async def test_readers_of_repeated_answers_are_cut_off() -> None:
    """The deadline for reading is theirs, too."""
    async with serving(StandIn([large_site()]), WebOptions(max_requests=1)) as served:
        await answers(served, SCRAPE)
        with crowd(served, 1, SCRAPE):
            await assert_slow(served, 1)
            leap(DEADLINES.write)
            await assert_slow(served, 0)
            assert 200 == await status(served)


async def test_a_repeated_answer_is_read_to_its_end() -> None:
    """Whoever takes it in time gets all, what was asked meanwhile, and repeated ones after it."""
    async with serving(StandIn([large_site()]), WebOptions(max_requests=1)) as served:
        (usual, _) = await answers(served, SCRAPE)
        assert [usual] * 3 == (await answers(served, SCRAPE, SCRAPE, SCRAPE))[:3]
        assert 200 == await status(served)


async def test_answers_keep_their_order() -> None:
    """What was asked before is answered before, though it takes longer."""
    async with serving(StandIn([acme()])) as served:
        (scraped, _) = await answers(served, SCRAPE)
        page, *others = await answers(served, SCRAPE.replace(b"/metrics", b"/"), SCRAPE)
    assert b"text/html" in page
    assert [scraped] == others[:1]


async def test_scrapers_with_repeated_answers_are_not_idle() -> None:
    """The time for the next request begins with each answer, repeated or not."""
    async with serving() as served, connected(served) as client:
        for _ in range(3):
            client.say(SCRAPE)
            await turns()
            leap(DEADLINES.idle * 0.9)
            await turns()
            await assert_open(served, 1)
        leap(DEADLINES.idle * 0.2)
        async with asyncio.timeout(HEALTHY):
            await client.rest()


async def test_scrapers_with_repeated_answers_were_seen_last() -> None:
    """Beyond the limit those make room who have waited longer for their clients."""
    async with serving(max_connections=3) as served, connected(served) as scraper:
        scraper.say(SCRAPE)
        await turns()
        with crowd(served, 2):
            await assert_open(served, 3)
            scraper.say(SCRAPE)
            await turns()
            with crowd(served, 2):
                await turns()
                assert (await asked(scraper)).endswith(b"\r\n\r\nok\n")


PARTS = [
    SCRAPE,
    SCRAPE,
    SCRAPE[:-2] + b"Accept-Encoding: gzip\r\n\r\n",
    SCRAPE.replace(b"GET", b"HEAD"),
    SCRAPE.replace(b"1.1", b"1.0"),
    SCRAPE.replace(b"1.1", b"1.0")[:-2] + b"Connection: keep-alive\r\n\r\n",
    SCRAPE[:-2] + b"Connection: close\r\n\r\n",
    SCRAPE[:-2] + b"Expect: 100-continue\r\n\r\n",
    SCRAPE[:-2] + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    SCRAPE[:-2] + b"Content-Length: 0\r\n\r\n",
    SCRAPE[:-2] + b"Content-Length: 5\r\n\r\nhello",
    SCRAPE[:-2] + b"Content-Length: 8\r\n\r\nhell\r\n\r\n",
    SCRAPE[:-2] + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    SCRAPE[:-2] + b"Transfer-Encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n0\r\n\r\n",
    SCRAPE.replace(b"GET", b"POST")[:-2] + b"Content-Length: 5\r\n\r\nhello",
    SCRAPE.replace(b"/metrics", b"/metrics?site=acme"),
    SCRAPE.replace(b"/metrics", b"/metrics?site=nobody"),
    SCRAPE.replace(b"\r\n", b"\n"),
    HEALTH,
    b"GET /sd HTTP/1.1\r\nX: ",
    b"\r\n",
    b"nonsense\r\n\r\n",
]
# Where a part begins a packet; mostly at its own beginning.
CUTS = st.just({0}) | st.sets(st.integers(0, 80), max_size=3)


@given(said=st.lists(st.tuples(st.sampled_from(PARTS), CUTS), max_size=6))
@example(said=[(HEALTH, set()), (b"GET /sd HTTP/1.1\r\nX: ", set()), (SCRAPE, {0})])
@example(said=[(SCRAPE[:-2] + b"Content-Length: 5\r\n\r\n", {0}), (b"hello", {0})] * 2)
@example(said=[(SCRAPE, {0})] * 3)
@example(said=[(SCRAPE, {0}), (SCRAPE, set())] * 2)
async def test_repeated_answers_are_the_usual_ones(said: Sequence[tuple[bytes, set[int]]]) -> None:
    """Whatever is said, however it is cut: byte for byte what one gets that remembers nothing."""
    packets = [b""]
    for part, cuts in said:
        for place in range(len(part)):
            packets += [b""] if place in cuts else []
            packets[-1] += part[place : place + 1]
    found = []
    for made in (Repeats, lambda: Repeats(most=0)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("exporter.web.server.Repeats", made)
            async with serving(site("acme")) as served:
                for part in dict(said):
                    await answers(served, part)
                found.append(await answers(served, *packets))
                found[-1].append(repr(served.exporter.answered("/metrics", 200)).encode())
    assert found[0] == found[1]

"""Nothing is encoded or compressed twice, and nothing stale is shown."""

import asyncio
import gzip
import threading
import zlib
from collections.abc import Iterable

import pytest
from prometheus_client.registry import Collector

from exporter.exposition.family import Family, Row
from exporter.exposition.formats import OPENMETRICS, TEXT, Format
from exporter.exposition.lines import Lines
from exporter.polling.readings import Departments
from exporter.whmcs.errors import TimedOut
from tests.exposition.shown import Shown
from tests.exposition.sites import (
    START,
    UNIX_START,
    by_credential,
    by_statuses,
    fresh_site,
    patient,
    poll,
    tickets,
)
from tests.exposition_check import family, samples, value

OWN, HEADERS = "own", "headers"
# More than the event loop may be kept waiting for.
MANY = 1_500


class Recorder:
    """An encoder that remembers what it was asked to encode."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.format = Format(TEXT.content_type, self.encode)
        self._encoded: list[str] = []

    def encode(self, collector: Collector) -> bytes:
        """Note whose samples these are, and write them as text."""
        has_samples = any(metric.samples for metric in collector.collect())
        self._encoded.append(OWN if has_samples else HEADERS)
        return TEXT.encode(collector)

    def news(self) -> list[str]:
        """Return what was encoded since the last call."""
        news, self._encoded = self._encoded, []
        return news


def two_sites() -> Shown:
    """Show two sites, polled at the start."""
    return Shown(
        *(
            fresh_site(name).after(poll(name, "ticket_counts", tickets({"Open": count})))
            for name, count in (("acme", 1), ("globex", 2))
        )
    )


async def test_nothing_is_encoded_at_a_scrape_unless_something_changed() -> None:
    """The second scrape of the same state costs no encoding, in either form."""
    shown, recorder = two_sites(), Recorder()
    shown.text(recorder.format)
    assert [HEADERS, OWN] == sorted(recorder.news())
    shown.text(recorder.format)
    await shown.clock.advance(0.9)
    shown.text(recorder.format)
    assert [] == recorder.news()


async def test_own_metrics_are_encoded_once_a_second() -> None:
    """However often somebody scrapes, the exporter's own metrics are a second old at most."""
    shown, recorder = two_sites(), Recorder()
    for _ in range(3):
        shown.telemetry.lateness(0.02)
        text = shown.text(recorder.format)
        assert 1 == value(text, "whmcs_exporter_poll_lateness_seconds_count")
    recorder.news()
    await shown.clock.advance(1)
    text = shown.text(recorder.format)
    assert 3 == value(text, "whmcs_exporter_poll_lateness_seconds_count")
    assert [OWN] == recorder.news()
    await shown.clock.advance(0.9)
    shown.text(recorder.format)
    assert [] == recorder.news()


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Record the site and the family of all lines that are encoded from now on."""
    found: list[tuple[str, str]] = []
    after = Lines.after

    def recorded(self: Lines, family: Family, site: str, rows: Iterable[Row]) -> Lines:
        lines = after(self, family, site, rows)
        if lines is not self:
            found.append((site, family.name))
        return lines

    monkeypatch.setattr(Lines, "after", recorded)
    return found


def test_a_change_makes_only_its_own_lines_anew(encoded: list[tuple[str, str]]) -> None:
    """Other families and other sites keep theirs; the change is seen at once."""
    shown = two_sites()
    encoded.clear()
    shown.exposition.update(
        fresh_site("globex").after(poll("globex", "ticket_counts", tickets({"Closed": 5})))
    )
    assert [("globex", "whmcs_tickets")] == encoded
    assert {
        frozenset({("site", "acme"), ("status", "Open")}): 1,
        frozenset({("site", "globex"), ("status", "Closed")}): 5,
    } == family(shown.text(), "whmcs_tickets")


def test_a_change_is_seen_in_every_format() -> None:
    """A format costs nothing until somebody asks; then it is as new as the others."""
    shown, recorder = two_sites(), Recorder()
    changed = fresh_site("acme").after(poll("acme", "ticket_counts", tickets({"Open": 7})))
    shown.text(TEXT)
    shown.exposition.update(changed)
    assert [] == recorder.news()
    for text_format in (TEXT, OPENMETRICS, recorder.format):
        text = shown.text(text_format)
        assert 7 == value(text, "whmcs_tickets", site="acme", status="Open")


def test_a_site_that_comes_later_is_shown() -> None:
    """A site that no format knew is added to those that are kept already."""
    shown = two_sites()
    shown.text()
    shown.exposition.update(fresh_site("initech"))
    labels = {"site": "initech", "source": "departments"}
    assert 60 == value(shown.text(), "whmcs_source_interval_seconds", **labels)


async def test_stale_tickets_are_withheld_and_come_back() -> None:
    """At ``stale_after`` they are still shown, beyond it not, and after a success they are again.

    Everything about the collection itself stays.
    """
    shown = two_sites()
    later = fresh_site("globex").after(
        poll("globex", "ticket_counts", tickets({"Open": 2}), at=START + 100)
    )
    shown.exposition.update(later)
    before = shown.text()
    await shown.clock.advance(180)
    assert 1 == value(shown.text(), "whmcs_tickets", site="acme", status="Open")
    await shown.clock.advance(0.001)
    text = shown.text()
    acme = {series for series in samples(before) if ("site", "acme") in series[1]}
    gone = {name for name, _ in acme - samples(text).keys()}
    assert {
        "whmcs_tickets",
        "whmcs_tickets_active",
        "whmcs_tickets_awaiting_reply",
        "whmcs_tickets_flagged",
        "whmcs_departments_visible",
    } == gone
    assert 2 == value(text, "whmcs_tickets", site="globex", status="Open")
    success = poll("acme", "ticket_counts", tickets({"Open": 9}), at=shown.clock.monotonic())
    shown.exposition.update(fresh_site("acme").after(success))
    assert 9 == value(shown.text(), "whmcs_tickets", site="acme", status="Open")


async def test_going_stale_changes_that_site_alone_and_once(encoded: list[tuple[str, str]]) -> None:
    """The moment passes once; the scrapes after it find nothing new."""
    shown = two_sites()
    slower = fresh_site("globex", stale_after=1_000)
    shown.exposition.update(slower.after(poll("globex", "ticket_counts", tickets({"Open": 2}))))
    encoded.clear()
    await shown.clock.advance(200)
    shown.text()
    assert {"acme"} == {site for site, _ in encoded}
    encoded.clear()
    shown.text()
    assert [] == encoded


async def test_series_follow_what_is_shown() -> None:
    """``whmcs_exporter_series`` falls when tickets go stale, asked for in whatever way."""
    name = "whmcs_exporter_series"
    shown = two_sites()
    assert 10 == value(await shown.text_of([name]), name)
    assert 10 == value(shown.text(), name)
    await shown.clock.advance(200)
    assert 0 == value(await shown.text_of([name]), name)
    assert 0 == value(shown.text(), name)


async def test_staleness_is_seen_by_name_too() -> None:
    """A request for some names only gets nothing stale either."""
    shown = two_sites()
    assert "whmcs_tickets{" in await shown.text_of(["whmcs_tickets"])
    await shown.clock.advance(180.5)
    assert "" == await shown.text_of(["whmcs_tickets"])


async def test_a_failure_keeps_the_last_values_until_they_are_stale() -> None:
    """``whmcs_up`` is 0 at once, the numbers stay, and the last success does not move."""
    good = fresh_site("acme").after(poll("acme", "ticket_counts", tickets({"Open": 1})))
    failed = poll("acme", "ticket_counts", error=TimedOut("no"), at=START + 60)
    shown = Shown(good.after(failed), now=START + 60)
    text = shown.text()
    labels = {"site": "acme", "source": "ticket_counts"}
    assert 0 == value(text, "whmcs_up", site="acme")
    assert UNIX_START == value(text, "whmcs_source_last_success_timestamp_seconds", **labels)
    assert 1 == value(text, "whmcs_tickets", site="acme", status="Open")
    await shown.clock.advance(120.5)
    assert {} == family(shown.text(), "whmcs_tickets")


async def test_a_part_goes_stale_by_itself() -> None:
    """One credential's department vanishes while another's stays, whatever the order."""
    site = fresh_site("acme")
    for number, at in ((1, START + 60), (2, START)):
        reading = Departments((by_credential(number, "Sales", {}),))
        site = site.after(poll("acme", "departments", {str(number): reading}, at=at))
    shown = Shown(site, now=START + 60)
    assert 2 == len(family(shown.text(), "whmcs_department_tickets_active"))
    await shown.clock.advance(121)
    (left,) = family(shown.text(), "whmcs_department_tickets_active")
    assert ("department_id", "1") in left
    await shown.clock.advance(60)
    assert {} == family(shown.text(), "whmcs_department_tickets_active")


def test_a_moved_department_is_shown_once() -> None:
    """When two parts know one department, the fresher of them tells."""
    site = fresh_site("acme")
    for part, name, at in (("0", "New", START + 9), ("1", "Old", START)):
        reading = Departments((by_statuses(1, name, {"Open": 1}),))
        site = site.after(poll("acme", "departments", {part: reading}, at=at))
    (labels,) = family(Shown(site, now=START + 10).text(), "whmcs_department_tickets")
    assert ("department", "New") in labels


def test_a_withheld_reading_is_not_shown() -> None:
    """A reading beyond the site's limits takes the older one's place, and shows nothing."""
    site = fresh_site("acme").after(poll("acme", "ticket_counts", tickets({"Open": 1})))
    site = site.after(poll("acme", "ticket_counts", {"": None}, at=START + 9, dropped=300))
    text = Shown(site, now=START + 10).text()
    assert {} == family(text, "whmcs_tickets_active")
    assert 300 == value(text, "whmcs_exporter_series_dropped_total", site="acme")
    assert 1 == value(text, "whmcs_up", site="acme")


@pytest.fixture
def compressed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, bytes]]:
    """Return what is compressed from now on, and whether the main thread did it."""
    found: list[tuple[bool, bytes]] = []
    original = zlib.compressobj

    class Compressor:
        def __init__(self, level: int, *, wbits: int) -> None:
            self._real = original(level, wbits=wbits)

        def compress(self, plain: bytes) -> bytes:
            found.append((threading.current_thread() is threading.main_thread(), plain))
            return self._real.compress(plain)

        def flush(self, mode: int) -> bytes:
            return self._real.flush(mode)

    monkeypatch.setattr(zlib, "compressobj", Compressor)
    return found


@pytest.mark.parametrize("text_format", [TEXT, OPENMETRICS])
def test_gzip_holds_the_same_bytes_in_one_member(text_format: Format) -> None:
    """Browsers and curl stop at the first member's end: it is the end of everything."""
    shown = two_sites()
    member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    plain = member.decompress(shown.exposition.render(text_format, compress=True))
    assert shown.text(text_format).encode() == plain
    assert (True, b"") == (member.eof, member.unused_data)


async def test_nothing_is_compressed_twice(compressed: list[tuple[bool, bytes]]) -> None:
    """A scrape compresses the exporter's own metrics once a second, a family after a change."""
    shown = two_sites()
    shown.text()
    compressed.clear()
    shown.text()
    assert [] == compressed
    await shown.clock.advance(1)
    shown.text()
    assert [False] == [b"site=" in plain for _, plain in compressed]
    compressed.clear()
    shown.exposition.update(
        fresh_site("globex").after(poll("globex", "ticket_counts", tickets({"Open": 5})))
    )
    shown.text()
    assert [b"whmcs_tickets{"] == [plain.partition(b"site=")[0] for _, plain in compressed]


async def test_formats_share_what_is_compressed(compressed: list[tuple[bool, bytes]]) -> None:
    """Lines are the same in both: the second format adds its headers and its own metrics."""
    shown = two_sites()
    shown.text(TEXT)
    compressed.clear()
    shown.text(OPENMETRICS)
    assert not any(b"site=" in plain for _, plain in compressed)


@pytest.mark.parametrize("compress", [False, True])
async def test_a_scrape_is_what_is_rendered(*, compress: bool) -> None:
    """The same bytes, and the same object for whoever asks before something changes."""
    shown = two_sites()
    scraped = await shown.exposition.scrape(TEXT, compress=compress)
    assert shown.exposition.render(TEXT, compress=compress) == scraped
    assert scraped is await shown.exposition.scrape(TEXT, compress=compress)
    shown.exposition.update(fresh_site("initech"))
    scraped = await shown.exposition.scrape(TEXT, compress=compress)
    assert shown.exposition.render(TEXT, compress=compress) == scraped
    shown.exposition.forget("acme")
    scraped = await shown.exposition.scrape(TEXT, compress=compress)
    assert shown.exposition.render(TEXT, compress=compress) == scraped


async def test_what_is_kept_for_scrapes_is_a_second_old_at_most() -> None:
    """The exporter's own metrics change without any site's."""
    shown = two_sites()
    before = await shown.exposition.scrape(TEXT, compress=False)
    shown.telemetry.lateness(0.02)
    assert before is await shown.exposition.scrape(TEXT, compress=False)
    await shown.clock.advance(1)
    text = (await shown.exposition.scrape(TEXT, compress=False)).decode()
    assert 1 == value(text, "whmcs_exporter_poll_lateness_seconds_count")


async def test_what_takes_long_is_done_in_a_thread(compressed: list[tuple[bool, bytes]]) -> None:
    """The event loop goes on while much is compressed; for little a thread would cost more."""
    shown = Shown(*(fresh_site(f"site {number}") for number in range(MANY)))
    await shown.exposition.scrape(TEXT, compress=True)
    assert {False} == {in_main_thread for in_main_thread, _ in compressed}
    compressed.clear()
    shown.exposition.update(fresh_site("site 7", requests=("GetTickets",)))
    await shown.exposition.scrape(TEXT, compress=True)
    assert [True] == [in_main_thread for in_main_thread, _ in compressed]


async def test_scrapes_that_wait_share_one_effort(compressed: list[tuple[bool, bytes]]) -> None:
    """Many at once after a change get the same bytes, made once."""
    shown = Shown(*(fresh_site(f"site {number}") for number in range(MANY)))
    scrapes = [shown.exposition.scrape(TEXT, compress=True) for _ in range(5)]
    first, *others = await asyncio.gather(*scrapes)
    assert all(first is other for other in others)
    assert len(compressed) == len({plain for _, plain in compressed})


async def test_a_change_during_a_scrape_is_for_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who is being answered gets the state that he found, whole; nobody gets it after him."""
    shown = Shown(*(fresh_site(f"site {number}") for number in range(MANY)))
    expected = shown.exposition.render(TEXT, compress=False)
    changed = threading.Event()
    original = zlib.compressobj

    def compressobj(level: int, *, wbits: int) -> object:
        changed.wait()
        return original(level, wbits=wbits)

    # What was rendered was not compressed.
    monkeypatch.setattr(zlib, "compressobj", compressobj)
    scrape = asyncio.create_task(shown.exposition.scrape(TEXT, compress=True))
    await asyncio.sleep(0)
    shown.exposition.update(fresh_site("site 7", requests=("GetTickets",)))
    shown.exposition.forget("site 8")
    changed.set()
    assert expected == gzip.decompress(await scrape)
    after = gzip.decompress(await shown.exposition.scrape(TEXT, compress=True))
    assert shown.exposition.render(TEXT, compress=False) == after
    assert b'site="site 8"' not in after


async def test_a_forgotten_site_is_gone() -> None:
    """Of its samples nothing is left, the others stay; it may come back, as the last."""
    shown = two_sites()
    shown.text()
    shown.exposition.forget("acme")
    await shown.clock.advance(1)
    text = shown.text()
    assert {"globex"} == {dict(labels).get("site", "globex") for _, labels in samples(text)}
    assert 5 == value(text, "whmcs_exporter_series")
    assert "acme" not in shown.exposition
    shown.exposition.update(fresh_site("acme"))
    lines = shown.text().splitlines()
    found = [line for line in lines if line.startswith("whmcs_exporter_label_collisions_total{")]
    assert ["globex", "acme"] == [line.split('"')[1] for line in found]


async def test_the_forgotten_go_stale_no_more() -> None:
    """The next moment of staleness is that of those who are left."""
    shown = two_sites()
    shown.exposition.forget("acme")
    shown.exposition.forget("globex")
    await shown.clock.advance(200)
    assert 0 == value(shown.text(), "whmcs_exporter_series")


async def test_some_sites_only() -> None:
    """Their samples and nothing else, of all families or of some, in the order of all sites."""
    shown = two_sites()
    shown.exposition.update(fresh_site("initech"))
    text = await shown.text_of(sites=["globex"])
    whole = samples(shown.text())
    assert {key: value for key, value in whole.items() if ("site", "globex") in key[1]} == samples(
        text
    )
    text = await shown.text_of(
        ["whmcs_tickets", "whmcs_exporter_sites"], OPENMETRICS, sites=["globex", "acme"]
    )
    assert ["acme", "globex"] == [
        line.split('"')[1] for line in text.splitlines() if not line.startswith("#")
    ]
    assert text.endswith("# EOF\n")


async def test_no_sites_at_all() -> None:
    """An exporter without sites shows itself alone."""
    shown = Shown()
    text = shown.text()
    assert set() == {labels for _, labels in samples(text) if "site" in dict(labels)}
    assert 0 == value(text, "whmcs_exporter_series")
    assert "" == await shown.text_of(["whmcs_up"])


@pytest.mark.slow
def test_a_thousand_sites() -> None:
    """All of them are shown, beneath one header each family."""
    reading = tickets({"Open": 1})
    shown = Shown(
        *(
            fresh_site(f"site {number}").after(poll(f"site {number}", "ticket_counts", reading))
            for number in range(1_000)
        )
    )
    text = shown.text()
    assert 1_000 == text.count("\nwhmcs_tickets{")
    assert "\nwhmcs_exporter_series 5000.0\n" in text
    assert 1 == text.count("# TYPE whmcs_tickets gauge\n")


AGES = "whmcs_awaiting_reply_age_seconds"


@pytest.mark.parametrize(
    ("name", "in_text", "in_openmetrics"),
    [
        ("_bucket", {"_bucket"}, {"_bucket", "_gcount", "_gsum"}),
        ("_gcount", {"_gcount"}, {"_bucket", "_gcount", "_gsum"}),
        ("_gsum", {"_gsum"}, {"_bucket", "_gcount", "_gsum"}),
        ("", set(), set()),
    ],
)
async def test_a_part_of_a_gauge_histogram(
    name: str, in_text: set[str], in_openmetrics: set[str]
) -> None:
    """In text each part can be had by itself; in OpenMetrics what belongs together comes whole."""
    shown = Shown(patient())
    for text_format, parts in ((TEXT, in_text), (OPENMETRICS, in_openmetrics)):
        text = await shown.text_of([f"{AGES}{name}"], text_format)
        assert {f"{AGES}{part}" for part in parts} == {found for found, _ in samples(text)}

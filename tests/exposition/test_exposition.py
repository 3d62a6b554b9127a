"""Nothing is encoded twice, and nothing stale is shown."""

import gzip
import zlib
from collections.abc import Iterator

import pytest
from prometheus_client.registry import Collector

from exporter.exposition.formats import OPENMETRICS, TEXT, Format
from exporter.polling.readings import Departments
from exporter.whmcs.errors import TimedOut
from tests.exposition.shown import Shown
from tests.exposition.sites import (
    START,
    UNIX_START,
    by_credential,
    by_statuses,
    fresh_site,
    poll,
    tickets,
)
from tests.exposition_check import family, samples, value

OWN, HEADERS = "own", "headers"


class Recorder:
    """An encoder that remembers what it was asked to encode."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.format = Format(TEXT.content_type, self.encode)
        self._encoded: list[str] = []

    def encode(self, collector: Collector) -> bytes:
        """Note whose samples these are, and write them as text."""
        found = [sample for metric in collector.collect() for sample in metric.samples]
        sites = {sample.labels.get("site", OWN) for sample in found} or {HEADERS}
        self._encoded.append(" ".join(sorted(sites)))
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
    assert ["acme", "globex", HEADERS, OWN] == sorted(recorder.news())
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


def test_a_change_encodes_its_own_site_alone() -> None:
    """The other sites' bytes are kept; the change itself is visible at once."""
    shown, recorder = two_sites(), Recorder()
    shown.text(recorder.format)
    recorder.news()
    shown.exposition.update(
        fresh_site("globex").after(poll("globex", "ticket_counts", tickets({"Closed": 5})))
    )
    text = shown.text(recorder.format)
    assert ["globex"] == recorder.news()
    assert {
        frozenset({("site", "acme"), ("status", "Open")}): 1,
        frozenset({("site", "globex"), ("status", "Closed")}): 5,
    } == family(text, "whmcs_tickets")


def test_a_change_is_encoded_in_every_format_that_was_asked_for() -> None:
    """A format costs nothing until somebody asks; then it is kept up to date like the others."""
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


async def test_going_stale_encodes_that_site_alone_and_once() -> None:
    """The moment passes once; the scrapes after it find nothing new."""
    shown, recorder = two_sites(), Recorder()
    slower = fresh_site("globex", stale_after=1_000)
    shown.exposition.update(slower.after(poll("globex", "ticket_counts", tickets({"Open": 2}))))
    shown.text(recorder.format)
    recorder.news()
    await shown.clock.advance(200)
    shown.text(recorder.format)
    assert ["acme", OWN] == recorder.news()
    shown.text(recorder.format)
    assert [] == recorder.news()
    # Nor are all sites looked at again before the next one's moment.
    assert START + 1_000 == shown.exposition._next_stale


async def test_series_follow_what_is_shown() -> None:
    """``whmcs_exporter_series`` falls when tickets go stale, asked for in whatever way."""
    name = "whmcs_exporter_series"
    shown = two_sites()
    assert 10 == value(shown.text_of([name]), name)
    assert 10 == value(shown.text(), name)
    await shown.clock.advance(200)
    assert 0 == value(shown.text_of([name]), name)
    assert 0 == value(shown.text(), name)


async def test_staleness_is_seen_by_name_too() -> None:
    """A request for some names only gets nothing stale either."""
    shown = two_sites()
    assert "whmcs_tickets{" in shown.text_of(["whmcs_tickets"])
    await shown.clock.advance(180.5)
    assert "" == shown.text_of(["whmcs_tickets"])


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


def members(compressed: bytes) -> Iterator[bytes]:
    """Decompress gzip members one by one."""
    while compressed:
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        yield member.decompress(compressed)
        compressed = member.unused_data


@pytest.mark.parametrize("text_format", [TEXT, OPENMETRICS])
def test_gzip_holds_the_same_bytes_in_two_members(text_format: Format) -> None:
    """The sites and the exporter's own metrics are compressed apart: one changes, one stays."""
    shown = two_sites()
    sites, own = members(shown.exposition.render(text_format, compress=True))
    assert shown.text(text_format).encode() == sites + own
    assert b'site="acme"' in sites
    assert b"site=" not in own


async def test_nothing_is_compressed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scrape compresses the exporter's own metrics, and the sites only after a change."""
    compressed: list[bytes] = []
    original = gzip.compress

    def compress(plain: bytes, level: int, *, mtime: int) -> bytes:
        compressed.append(plain)
        return original(plain, level, mtime=mtime)

    monkeypatch.setattr(gzip, "compress", compress)
    shown = two_sites()
    shown.text()
    assert 2 == len(compressed)
    shown.text()
    assert 2 == len(compressed)
    await shown.clock.advance(1)
    shown.text()
    assert 3 == len(compressed)
    assert b"site=" not in compressed[-1]


def test_no_sites_at_all() -> None:
    """An exporter without sites shows itself alone."""
    shown = Shown()
    text = shown.text()
    assert set() == {labels for _, labels in samples(text) if "site" in dict(labels)}
    assert 0 == value(text, "whmcs_exporter_series")
    assert "" == shown.text_of(["whmcs_up"])


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

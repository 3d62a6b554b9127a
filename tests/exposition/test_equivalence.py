"""What is written equals what the client library writes of the same sites, made independently."""

import gzip
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    Metric,
)
from prometheus_client.utils import floatToGoString

from exporter.exposition.formats import OPENMETRICS, TEXT, Format
from exporter.polling.labels import label_value
from exporter.polling.readings import (
    AGES,
    Departments,
    DepartmentTickets,
    DepartmentWaiting,
    SiteTickets,
    Waiting,
)
from exporter.snapshots import Part, Snapshot, SourceState
from exporter.whmcs.errors import REASONS
from tests.exposition.shown import Shown
from tests.exposition.sites import STALE_AFTER, START
from tests.exposition.test_families import OF_A_SITE, OF_THE_EXPORTER
from tests.exposition_check import samples

NOW = START + 500
EVERY_CHARACTER = st.text(st.characters(exclude_categories=()), max_size=8)
AWKWARD = st.sampled_from(
    ["", "\u2028", "\x85", "\r\n", '"', "\\", '\\"', "\\n", "# EOF\n", "\n# HELP a b\n# TYPE a b\n"]
)
NAMES = st.lists(EVERY_CHARACTER | AWKWARD | st.just("y" * 300), max_size=3).map(
    lambda parts: label_value("".join(parts))
)
COUNTS = st.integers(0, 2**53)
STATUSES = st.dictionaries(NAMES, COUNTS, max_size=3)
# Around the border between fresh and stale, and exactly on it.
TIMES = st.sampled_from([NOW, NOW - 1, NOW - STALE_AFTER, NOW - STALE_AFTER - 0.5, START])
SITE_TICKETS = st.builds(
    SiteTickets,
    active=COUNTS,
    awaiting_reply=COUNTS,
    flagged=COUNTS,
    statuses=STATUSES,
    departments_visible=st.none() | COUNTS,
)
DEPARTMENT = st.builds(
    DepartmentTickets,
    id=st.integers(0, 3),
    name=NAMES,
    awaiting_reply=COUNTS,
    open=st.none() | COUNTS,
    active=st.none() | COUNTS,
    statuses=STATUSES,
)
ALL_DEPARTMENTS = st.lists(DEPARTMENT, max_size=3, unique_by=lambda row: row.id).map(
    lambda rows: Departments(tuple(rows))
)

DEPARTMENT_WAITING = st.builds(
    DepartmentWaiting,
    id=st.integers(0, 3),
    name=NAMES,
    oldest=st.none() | st.floats(0, 4e9),
    younger=st.lists(COUNTS, min_size=len(AGES), max_size=len(AGES)).map(sorted).map(tuple),
    count=st.just(2**53),
    age_sum=st.floats(0, 1e15),
)
ALL_WAITING = st.lists(DEPARTMENT_WAITING, max_size=3, unique_by=lambda row: row.id).map(
    lambda rows: Waiting(tuple(rows))
)


def states(name: str, parts: st.SearchStrategy[dict[str, Part]]) -> st.SearchStrategy[SourceState]:
    """Make states of one source."""
    return st.builds(
        SourceState,
        name=st.just(name),
        interval=st.floats(1, 1e6),
        stale_after=st.just(STALE_AFTER),
        success=st.none() | st.booleans(),
        last_success=st.none() | st.floats(0, 4e9),
        duration=st.none() | st.floats(0, 1e3),
        parts=parts,
    )


def by_part(parts: Iterable[Part]) -> dict[str, Part]:
    """Name the parts."""
    return {str(number): part for number, part in enumerate(parts)}


def snapshots(site: str) -> st.SearchStrategy[Snapshot]:
    """Make snapshots of a site, as polls of any kind could leave them."""
    tickets = st.builds(Part, st.none() | SITE_TICKETS, TIMES)
    departments = st.builds(Part, st.none() | ALL_DEPARTMENTS, TIMES)
    waiting = st.builds(Part, st.none() | ALL_WAITING, TIMES)
    sources = st.fixed_dictionaries(
        {
            "ticket_counts": states("ticket_counts", st.lists(tickets, max_size=1).map(by_part)),
            # No two of one age: which of them is the fresher would be anybody's guess.
            "departments": states(
                "departments",
                st.lists(departments, max_size=4, unique_by=lambda part: part.taken).map(by_part),
            ),
        },
        optional={"waiting": states("waiting", st.lists(waiting, max_size=1).map(by_part))},
    )
    return st.builds(
        Snapshot,
        site=st.just(site),
        sources=sources,
        requests=st.dictionaries(st.sampled_from(["GetTicketCounts", "GetTickets"]), COUNTS),
        failures=st.dictionaries(st.sampled_from(REASONS), COUNTS),
        collisions=COUNTS,
        dropped=COUNTS,
    )


SITES = st.lists(NAMES, max_size=2, unique=True).flatmap(
    lambda names: st.tuples(*(snapshots(name) for name in names))
)


@dataclass(eq=False)  # a registry takes what can be hashed
class Library:
    """All families in one registry, filled from snapshots with the library's own classes."""

    sites: Sequence[Snapshot]
    own: CollectorRegistry
    now: float = NOW

    def registry(self) -> CollectorRegistry:
        """Return a registry that holds everything."""
        registry = CollectorRegistry(auto_describe=True)
        registry.register(self)
        return registry

    def collect(self) -> Iterable[Metric]:
        """Return every family of every site, then the exporter's own."""
        families = {name: _family(name) for name in OF_A_SITE if name != AGE}
        ages = GaugeHistogramMetricFamily(AGE, "help", labels=OF_A_SITE[AGE][1])

        def add(name: str, value: float | None, *labels: str) -> None:
            if value is not None:
                families[name].add_metric(labels, value)

        for site in self.sites:
            _add_tickets(site, self.now, add)
            _add_departments(site, self.now, add)
            _add_waiting(site, self.now, add, ages)
            _add_collection(site, add)
        return [*families.values(), ages, *self.own.collect()]


Add = Callable[..., None]


AGE = "whmcs_awaiting_reply_age_seconds"


def _family(name: str) -> GaugeMetricFamily | CounterMetricFamily:
    kind, labels = OF_A_SITE[name]
    maker = GaugeMetricFamily if kind == "gauge" else CounterMetricFamily
    return maker(name, "help", labels=labels)


def _fresh(state: SourceState, now: float) -> list[Part]:
    return [part for part in state.parts.values() if now - part.taken <= state.stale_after]


def _add_tickets(site: Snapshot, now: float, add: Add) -> None:
    for part in _fresh(site.sources["ticket_counts"], now):
        if isinstance(part.reading, SiteTickets):
            add("whmcs_tickets_active", part.reading.active, site.site)
            add("whmcs_tickets_awaiting_reply", part.reading.awaiting_reply, site.site)
            add("whmcs_tickets_flagged", part.reading.flagged, site.site)
            add("whmcs_departments_visible", part.reading.departments_visible, site.site)
            for status, count in part.reading.statuses.items():
                add("whmcs_tickets", count, site.site, status)


def _add_departments(site: Snapshot, now: float, add: Add) -> None:
    prefix = "whmcs_department_tickets"
    shown: set[int] = set()
    for part in sorted(
        _fresh(site.sources["departments"], now), key=lambda part: part.taken, reverse=True
    ):
        rows = part.reading.departments if isinstance(part.reading, Departments) else ()
        for row in rows:
            if row.id not in shown:
                labels = (site.site, str(row.id), row.name)
                add(f"{prefix}_awaiting_reply", row.awaiting_reply, *labels)
                add(f"{prefix}_open", row.open, *labels)
                add(f"{prefix}_active", row.active, *labels)
                for status, count in row.statuses.items():
                    add(prefix, count, *labels, status)
        shown |= {row.id for row in rows}


def _add_waiting(site: Snapshot, now: float, add: Add, ages: GaugeHistogramMetricFamily) -> None:
    parts = _fresh(site.sources["waiting"], now) if "waiting" in site.sources else []
    for part in parts:
        for row in part.reading.departments if isinstance(part.reading, Waiting) else ():
            labels = (site.site, str(row.id), row.name)
            add("whmcs_oldest_awaiting_reply_timestamp_seconds", row.oldest, *labels)
            bounds = (*map(floatToGoString, AGES), "+Inf")
            buckets = list(zip(bounds, (*row.younger, row.count), strict=True))
            ages.add_metric(labels, buckets, row.age_sum)


def _add_collection(site: Snapshot, add: Add) -> None:
    add("whmcs_up", site.sources["ticket_counts"].success, site.site)
    for name, state in site.sources.items():
        add("whmcs_source_success", state.success, site.site, name)
        add("whmcs_source_last_success_timestamp_seconds", state.last_success, site.site, name)
        add("whmcs_source_duration_seconds", state.duration, site.site, name)
        add("whmcs_source_interval_seconds", state.interval, site.site, name)
    for action, count in site.requests.items():
        add("whmcs_api_requests_total", count, site.site, action)
    for reason in REASONS:
        add("whmcs_api_failures_total", site.failures.get(reason, 0), site.site, reason)
    add("whmcs_exporter_label_collisions_total", site.collisions, site.site)
    add("whmcs_exporter_series_dropped_total", site.dropped, site.site)


@given(sites=SITES, text_format=st.sampled_from([TEXT, OPENMETRICS]))
@settings(max_examples=settings().max_examples // 2)
def test_sample_for_sample(sites: Sequence[Snapshot], text_format: Format) -> None:
    """Every sample is there, with the value and the very names that went in, and none besides."""
    shown = Shown(*sites, now=NOW)
    registry = Library(sites, shown.telemetry.registry).registry()
    assert samples(text_format.encode(registry).decode()) == samples(shown.text(text_format))


@given(sites=SITES, text_format=st.sampled_from([TEXT, OPENMETRICS]))
@settings(max_examples=settings().max_examples // 4)
def test_series_are_counted(sites: Sequence[Snapshot], text_format: Format) -> None:
    """``whmcs_exporter_series`` is the number of ticket series in the same exposition."""
    found = samples(Shown(*sites, now=NOW).text(text_format))
    prefixes = ("whmcs_tickets", "whmcs_department", "whmcs_oldest", "whmcs_awaiting")
    series = sum(name.startswith(prefixes) for name, _ in found)
    assert series == found["whmcs_exporter_series", frozenset()]


FEW = st.sampled_from(["acme", "globex", "initech"])
# A snapshot comes, a site is forgotten, or time passes.
STEPS = st.lists(
    FEW.flatmap(snapshots) | FEW | st.sampled_from([0.5, STALE_AFTER - 1, STALE_AFTER]), max_size=8
)


@given(steps=STEPS, text_format=st.sampled_from([TEXT, OPENMETRICS]))
@settings(max_examples=settings().max_examples // 2)
async def test_any_past_leads_to_the_librarys_samples(
    steps: Sequence[Snapshot | str | float], text_format: Format
) -> None:
    """Whatever came, went and grew stale between scrapes, the next one is right."""
    shown, sites = Shown(now=NOW), dict[str, Snapshot]()
    for step in steps:
        if isinstance(step, Snapshot):
            shown.exposition.update(step)
            sites[step.site] = step
        elif isinstance(step, float | int):
            await shown.clock.advance(step)
        elif sites.pop(step, None):
            shown.exposition.forget(step)
        await shown.exposition.scrape(text_format, compress=True)
    # The exporter's own metrics are a second old at most.
    await shown.clock.advance(1)
    own, now = shown.telemetry.registry, shown.clock.monotonic()
    # First of the two: a scrape withholds what is stale by now, and counts series without it.
    scraped = gzip.decompress(await shown.exposition.scrape(text_format, compress=True))
    expected = text_format.encode(Library(tuple(sites.values()), own, now).registry())
    assert samples(expected.decode()) == samples(scraped.decode())
    assert scraped.decode() == shown.text(text_format)


ASKED = st.lists(
    st.sampled_from([*OF_A_SITE, *OF_THE_EXPORTER])
    | st.sampled_from(
        [
            "whmcs_api_requests",  # the family's name in OpenMetrics, but no sample's
            "whmcs_api_request_duration_seconds_sum",
            "whmcs_exporter_poll_lateness_seconds_bucket",
            "whmcs_awaiting_reply_age_seconds",  # no sample's name either
            "",
            "up",
            "whmcs",
        ]
    ),
    max_size=4,
)


@given(sites=SITES, names=ASKED, text_format=st.sampled_from([TEXT, OPENMETRICS]))
@settings(max_examples=settings().max_examples // 2)
async def test_names_are_chosen_as_the_library_does(
    sites: Sequence[Snapshot], names: list[str], text_format: Format
) -> None:
    """``name[]`` picks the samples that the library's restricted registry picks."""
    shown = Shown(*sites, now=NOW)
    restricted = Library(sites, shown.telemetry.registry).registry().restricted_registry(names)
    assert samples(text_format.encode(restricted).decode()) == samples(
        await shown.text_of(names, text_format)
    )

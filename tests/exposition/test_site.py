"""One site by itself: the same numbers as in the whole, without the label ``site``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exporter.exposition import site
from exporter.exposition.exposition import Exposition
from exporter.exposition.formats import OPENMETRICS, TEXT, Format
from exporter.exposition.telemetry import Telemetry
from tests.exposition.sites import STALE_AFTER, START, acme, fresh_site, globex, patient
from tests.exposition_check import Series, check, samples
from tests.fake_clock import FakeClock

if TYPE_CHECKING:
    from exporter.snapshots import Snapshot

SITES = (acme(), globex(), patient(), fresh_site("never polled"))


async def in_the_whole(wanted: Snapshot, now: float, text_format: Format) -> dict[Series, float]:
    """Return what the whole exposition says of a site, without the label."""
    clock = FakeClock()
    exposition = Exposition(Telemetry("1", "2", process_metrics=False), clock)
    for snapshot in SITES:
        exposition.update(snapshot)
    await clock.advance(now - START)
    text = exposition.render(text_format, compress=False).decode()
    label = ("site", wanted.site)
    return {
        (name, labels - {label}): value
        for (name, labels), value in samples(text).items()
        if label in labels
    }


@pytest.mark.parametrize("now", [START, START + STALE_AFTER, START + STALE_AFTER + 1])
@pytest.mark.parametrize("text_format", [TEXT, OPENMETRICS], ids=["text", "OpenMetrics"])
@pytest.mark.parametrize("snapshot", SITES, ids=lambda snapshot: snapshot.site)
async def test_one_site_is_what_the_whole_says_of_it(
    snapshot: Snapshot, text_format: Format, now: float
) -> None:
    """Every series of the site, fresh or stale, and no other one; fit for Prometheus."""
    text = site.render(snapshot, now, text_format).decode()
    check(text)
    assert await in_the_whole(snapshot, now, text_format) == samples(text)
    assert (text_format is OPENMETRICS) == text.endswith("# EOF\n")


def test_families_without_a_sample_are_left_out() -> None:
    """As in the whole: a header alone would say nothing."""
    text = site.render(fresh_site("a"), START, TEXT).decode()
    headers = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}
    assert {name for name, _ in samples(text)} == headers

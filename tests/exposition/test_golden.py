"""What is written of a fixed set of sites, to the byte."""

from pathlib import Path

import pytest

from exporter.exposition.formats import OPENMETRICS, TEXT, Format
from exporter.snapshots import Snapshot
from tests.exposition.shown import Shown
from tests.exposition.sites import acme, fresh_site, globex, patient

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(
    ("name", "text_format", "snapshots"),
    [
        ("text.txt", TEXT, (acme(), globex())),
        ("openmetrics.txt", OPENMETRICS, (acme(), globex())),
        ("waiting_text.txt", TEXT, (patient(),)),
        ("waiting_openmetrics.txt", OPENMETRICS, (patient(),)),
        ("first_poll_under_way.txt", TEXT, (fresh_site("acme"),)),
    ],
)
def test_exposition_is_the_golden_one(
    name: str, text_format: Format, snapshots: tuple[Snapshot, ...]
) -> None:
    """Families, HELP, labels, escapes and values are as they were agreed."""
    golden = (GOLDEN / name).read_text("utf-8")
    assert golden.split("\n") == Shown(*snapshots).text_of_sites(text_format).split("\n")

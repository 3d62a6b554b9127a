"""Lines whose labels are kept are those that the client library writes."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.core import Metric

from exporter.exposition.families import FAMILIES
from exporter.exposition.family import Family, Row
from exporter.exposition.formats import OPENMETRICS, TEXT, Format
from exporter.exposition.lines import Lines
from exporter.polling.labels import label_value

FAMILY = next(family for family in FAMILIES if family.name == "whmcs_tickets")
NAMES = st.text() | st.sampled_from(["%", "%s", "{} 0.0", " 0.0\n", '"', "\\", "\\n", "a\nb 0.0\n"])
VALUES = st.integers(0, 2**53) | st.floats(0) | st.booleans()
# Few labels, so that the same ones come again.
ROWS = st.dictionaries(st.sampled_from("abc") | NAMES.map(label_value), VALUES, max_size=3).map(
    lambda rows: [((status,), value) for status, value in rows.items()]
)


@given(
    site=NAMES.map(label_value),
    sequence=st.lists(ROWS),
    text_format=st.sampled_from([TEXT, OPENMETRICS]),
)
def test_lines_are_the_librarys(site: str, sequence: list[list[Row]], text_format: Format) -> None:
    """After any sequence of rows they are what either format's encoder writes of the last ones."""
    lines = Lines()
    for rows in sequence:
        lines = lines.after(FAMILY, site, rows)
        assert text_format.samples([FAMILY.metric(site, rows)])[0] == lines.text


class Counting(Family):
    """A family that counts how often its labels are encoded."""

    encoded = 0

    def metric(self, site: str | None, rows: Iterable[Row]) -> Metric:
        """Count."""
        type(self).encoded += 1
        return super().metric(site, rows)


@pytest.fixture
def counting() -> Counting:
    """Return a family that has not encoded anything."""
    Counting.encoded = 0
    return Counting(
        name="whmcs_tickets", help="", labels=("status",), reads="tickets", rows=lambda _: ()
    )


def test_labels_are_encoded_once(counting: Counting) -> None:
    """New values cost no encoding of labels; a new label, or another order, does."""
    lines = Lines().after(counting, "acme", [(("Open",), 1), (("Closed",), 2)])
    lines = lines.after(counting, "acme", [(("Open",), 5), (("Closed",), 2)])
    assert 1 == Counting.encoded
    lines = lines.after(counting, "acme", [(("Closed",), 2), (("Open",), 5)])
    lines.after(counting, "acme", [(("Closed",), 2), (("Answered",), 5)])
    assert 3 == Counting.encoded


def test_equal_rows_leave_the_lines_alone(counting: Counting) -> None:
    """Nothing is made of rows that are what they were: the same object says so."""
    lines = Lines().after(counting, "acme", [(("Open",), 1)])
    assert lines is lines.after(counting, "acme", [(("Open",), 1.0)])
    assert Lines() == lines.after(counting, "acme", [])

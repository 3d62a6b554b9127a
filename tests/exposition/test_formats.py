"""Which format is answered to whom, and how an encoded text is taken apart."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.exposition.families import BLOCKS
from exporter.exposition.formats import OPENMETRICS, TEXT, Format, Metrics, negotiate
from exporter.exposition.view import View
from tests.exposition.sites import START, patient

OLD_PROMETHEUS = (  # 2.42
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS = (  # 3.0
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;"
    "q=0.7,"
)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", TEXT),
        ("*/*", TEXT),
        ("text/html,application/xhtml+xml,*/*;q=0.8", TEXT),
        (OLD_PROMETHEUS, OPENMETRICS),
        (PROMETHEUS, OPENMETRICS),
        (PROTOBUF + PROMETHEUS, OPENMETRICS),
        (PROTOBUF + "text/plain;version=0.0.4", TEXT),
        ("text/plain;version=0.0.4", TEXT),
        ("text/plain;version=1.0.0;escaping=allow-utf-8", TEXT),
        ("application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", OPENMETRICS),
        ("application/openmetrics-text;version=2.0.0", OPENMETRICS),
        ("application/openmetrics-text;version=0.0.1", TEXT),
        ("application/openmetrics-text;version=abc", TEXT),
        ("application/openmetrics-text;version=1.x", TEXT),
        ("application/openmetrics-text;version=", OPENMETRICS),
        ("text/plain;version=abc", TEXT),
        (",;=,", TEXT),
    ],
)
def test_accept_chooses_the_format(accept: str, expected: Format) -> None:
    """Whoever reads OpenMetrics 1.0 gets it, anybody else the text format 0.0.4."""
    assert expected == negotiate(accept)


ACCEPTED = st.lists(
    st.sampled_from(
        ["application/openmetrics-text", "text/plain", "*/*", ";", ",", "=", "q=0", " ", "version="]
    )
    | st.sampled_from(["1", "1.0.0", "0.0.1", "abc", "٣", ".", "escaping=", "dots", "allow-utf-8"])
    | st.text(max_size=4)
).map("".join)


@given(ACCEPTED)
@example("application/openmetrics-text;version=" + "9" * 5_000)
def test_any_header_chooses_one_of_the_two(accept: str) -> None:
    """Nothing that a client sends makes the choice fail."""
    assert negotiate(accept) in (TEXT, OPENMETRICS)


def test_content_types_are_those_of_the_formats() -> None:
    """The versions announced are the versions written."""
    assert "text/plain; version=0.0.4; charset=utf-8" == TEXT.content_type
    assert "application/openmetrics-text; version=1.0.0; charset=utf-8" == OPENMETRICS.content_type


@pytest.mark.parametrize("text_format", [TEXT, OPENMETRICS])
def test_parts_make_the_whole(text_format: Format) -> None:
    """Headers and samples, put together, are what the library writes in one piece."""
    view = View.of(patient(), START)
    blocks = [block for block in BLOCKS if block.is_in(text_format)]
    metrics = [block.metric("acme", block.rows(view)) for block in blocks]
    parts = zip(text_format.headers(metrics), text_format.samples(metrics), strict=True)
    whole = b"".join(header + lines for header, lines in parts)
    end = b"# EOF\n" if text_format is OPENMETRICS else b""
    assert text_format.encode(Metrics(metrics)) == whole + end

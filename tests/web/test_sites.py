"""``/probe`` and ``/sd`` over real sockets: what is asked of the exporter, and what is answered."""

from __future__ import annotations

import gzip
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter import durations
from exporter.exposition import site
from exporter.exposition.formats import OPENMETRICS, TEXT, Format
from exporter.web.sites import TIMEOUT_HEADER, Question, Unclear
from tests.exposition.sites import START, acme, fresh_site, globex
from tests.exposition.test_formats import PROMETHEUS
from tests.exposition_check import check
from tests.web.serving import StandIn, serving

PLAIN = {"Accept-Encoding": "identity"}
GLOBEX = {"target": "globex"}


@pytest.mark.parametrize(
    ("accept", "text_format"), [("*/*", TEXT), (PROMETHEUS, OPENMETRICS)], ids=["text", "open"]
)
async def test_probe_is_one_site(accept: str, text_format: Format) -> None:
    """It is the named site, in the format asked for, gzipped or not, and nothing else."""
    exporter = StandIn([acme(), globex()])
    expected = site.render(globex(), START, text_format)
    async with serving(exporter) as served:
        for headers in (PLAIN, {"Accept-Encoding": "gzip"}):
            async with served.client.get(
                "/probe", params=GLOBEX, headers=headers | {"Accept": accept}
            ) as response:
                assert 200 == response.status
                assert text_format.content_type == response.headers["Content-Type"]
                assert "Accept, Accept-Encoding" == response.headers["Vary"]
                is_gzip = response.headers.get("Content-Encoding") == "gzip"
                body = await response.read()
            assert ("gzip" in headers.values()) == is_gzip
            body = gzip.decompress(body) if is_gzip else body
            check(body.decode())
            assert expected == body
            assert b"site=" not in body
        assert 2 == exporter.answered("/probe", 200)


@pytest.mark.parametrize(
    ("query", "headers", "asked"),
    [
        ({}, {}, (None, 120.0)),
        ({"max_age": "0"}, {}, (0.0, 120.0)),
        ({"max_age": "25"}, {TIMEOUT_HEADER: "10"}, (25.0, 9.5)),
        ({"max_age": "1m30s"}, {TIMEOUT_HEADER: "2.5"}, (90.0, 2.0)),
        ({"max_age": "500ms"}, {TIMEOUT_HEADER: "0.5"}, (0.5, 0.25)),
        ({"max_age": "1.5"}, {TIMEOUT_HEADER: "1"}, (1.5, 0.5)),
        ({}, {TIMEOUT_HEADER: "100000"}, (None, 120.0)),
    ],
)
async def test_age_and_time_are_understood(
    query: dict[str, str], headers: dict[str, str], asked: tuple[float | None, float]
) -> None:
    """The age as duration or seconds; the scrape's timeout less what the answer needs."""
    exporter = StandIn([globex()])
    async with (
        serving(exporter) as served,
        served.client.get("/probe", params=GLOBEX | query, headers=headers) as response,
    ):
        assert 200 == response.status
    assert [("globex", *asked)] == exporter.probes


@pytest.mark.parametrize(
    ("query", "headers", "said"),
    [
        ({}, {}, "which site? write /probe?target=NAME\n"),
        ({"target": ""}, {}, "which site? write /probe?target=NAME\n"),
        *[
            (
                GLOBEX | {"max_age": max_age},
                {},
                "max_age is not a duration; write it like 30s, 1m30s or, in seconds, 30\n",
            )
            for max_age in ("", "soon", "-1", "1e3", "٣", "1_0", "30 s", "nan", "s", "1s1m")
        ],
        *[
            (GLOBEX, {TIMEOUT_HEADER: timeout}, f"{TIMEOUT_HEADER} is not a number of seconds\n")
            for timeout in ("", "ten", "-1", "1e3", "inf", "10s")
        ],
    ],
)
async def test_what_is_not_understood_is_400(
    query: dict[str, str], headers: dict[str, str], said: str
) -> None:
    """The answer says what would be right, and nothing is polled."""
    exporter = StandIn([globex()])
    async with (
        serving(exporter) as served,
        served.client.get("/probe", params=query, headers=headers) as response,
    ):
        assert (400, said) == (response.status, await response.text())
        assert "text/plain; charset=utf-8" == response.headers["Content-Type"]
    assert [] == exporter.probes


@pytest.mark.parametrize(
    "target", ["nobody", "http://169.254.169.254/", "GLOBEX", "globex ", "<script>", "\0"]
)
async def test_unknown_names_are_404(target: str) -> None:
    """Only configured names are known, never a URL, and none is given back."""
    async with (
        serving(StandIn([globex()])) as served,
        served.client.get("/probe", params={"target": target}) as response,
    ):
        assert (404, "no site of this name is configured\n") == (
            response.status,
            await response.text(),
        )


async def test_discovery_lists_the_sites_of_the_moment() -> None:
    """One target each with the label ``site``, odd names too; none is an empty list."""
    exporter = StandIn([acme(), globex()])
    async with serving(exporter) as served:
        async with served.client.get("/sd", headers=PLAIN) as response:
            assert 200 == response.status
            assert "application/json; charset=utf-8" == response.headers["Content-Type"]
            found = json.loads(await response.text())
        names = ['acme "&" co', "globex"]
        expected = [{"targets": [name], "labels": {"site": name}} for name in names]
        assert expected == found
        exporter.shown = [fresh_site("new")]
        async with served.client.get("/sd") as response:
            assert [["new"]] == [group["targets"] for group in await response.json()]
        exporter.shown = []
        async with served.client.get("/sd") as response:
            assert [] == await response.json()
        assert 3 == exporter.answered("/sd", 200)


@given(st.text(max_size=12) | st.from_regex(r"[0-9]{0,5}[.smhe_]?[0-9]{0,5}s?", fullmatch=True))
@example("1y")
@example("0.000000001")
def test_whatever_stands_for_an_age(text: str) -> None:
    """It is a number of seconds that is none below 0, or it is refused in words."""
    try:
        max_age = Question.of({"target": "a", "max_age": text}, {}).max_age
    except Unclear:
        assert not re.fullmatch(r"[0-9]{1,9}", text)
        assert text == "" or durations.seconds(text) is None
    else:
        assert max_age is not None
        assert 0 <= max_age < float("inf")


@given(st.text(max_size=12) | st.floats(0, 1e6).map(lambda seconds: f"{seconds:f}"))
def test_whatever_stands_for_a_timeout(text: str) -> None:
    """The answer comes within it, and not before its half is over; what is no number is refused."""
    try:
        seconds = Question.of({"target": "a"}, {TIMEOUT_HEADER: text}).seconds
    except Unclear:
        assert not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text)
    else:
        timeout = float(text)
        assert min(timeout / 2, 119.5) <= seconds <= min(timeout, 120.0)
        assert seconds < timeout or timeout == 0

"""Every path over a real socket: what is answered, with which headers, and how it is counted."""

import gzip
import json
import logging
from pathlib import Path

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.exposition.formats import OPENMETRICS, TEXT, Format
from exporter.web import paths
from exporter.web.listen import Address
from exporter.web.pages import Pages, WebOptions
from exporter.web.server import Server
from tests.exposition.sites import acme, fresh_site, globex
from tests.exposition.test_formats import PROMETHEUS
from tests.exposition_check import check, family, samples, value
from tests.web.serving import StandIn, serving

GOLDEN = Path(__file__).parent / "golden"
PLAIN = {"Accept-Encoding": "identity"}
STATIC = ("/static/icon.svg", "/static/landing.css", "/static/landing.js")
PROBES = ("/-/healthy", "/healthz", "/-/ready", "/readyz")
PATHS = ("/", "/metrics", "/sd", "/api/v1/sites", *PROBES, *STATIC)


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/metrics", "text/plain; version=0.0.4; charset=utf-8"),
        ("/api/v1/sites", "application/json; charset=utf-8"),
        ("/-/healthy", "text/plain; charset=utf-8"),
        ("/healthz", "text/plain; charset=utf-8"),
        ("/-/ready", "text/plain; charset=utf-8"),
        ("/readyz", "text/plain; charset=utf-8"),
        ("/static/icon.svg", "image/svg+xml; charset=utf-8"),
        ("/static/landing.css", "text/css; charset=utf-8"),
        ("/static/landing.js", "text/javascript; charset=utf-8"),
    ],
)
async def test_paths_answer(path: str, content_type: str) -> None:
    """Each path is there, says what it holds, and counts under its own name."""
    async with serving() as served:
        async with served.client.get(path) as response:
            assert 200 == response.status
            assert content_type == response.headers["Content-Type"]
            assert b"" != await response.read()
        assert 1 == served.exporter.answered(path, 200)


@pytest.mark.parametrize("path", PATHS)
async def test_head_is_get_without_the_body(path: str) -> None:
    """A HEAD request gets the same headers, the length too, and nothing else."""
    async with serving() as served:
        async with served.client.get(path, headers={"Accept-Encoding": "identity"}) as response:
            length = len(await response.read())
        async with served.client.head(path, headers={"Accept-Encoding": "identity"}) as response:
            assert 200 == response.status
            assert str(length) == response.headers["Content-Length"]
            assert b"" == await response.read()


@pytest.mark.parametrize("path", [*PATHS, "/nowhere"])
async def test_every_answer_has_the_security_headers(path: str) -> None:
    """Browsers are told to run nothing, and nobody is told what serves."""
    async with serving() as served, served.client.get(path) as response:
        expected = {
            "Content-Security-Policy": "default-src 'none'; connect-src 'self'; img-src 'self'; "
            "script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'",
            "Referrer-Policy": "no-referrer",
            "Server": "whmcs-exporter",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }
        assert expected == {name: response.headers[name] for name in expected}


async def test_unknown_paths_are_counted_as_one() -> None:
    """Whatever a scanner asks for makes one series, not one each."""
    async with serving() as served:
        for path in ("/nowhere", "/metrics/", "/wp-login.php"):
            async with served.client.get(path) as response:
                assert 404 == response.status
        assert 3 == served.exporter.answered("other", 404)


async def test_a_bug_in_a_page_is_counted_as_500(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that fails in a way that nobody foresaw is in the counts too."""
    async with serving() as served:
        monkeypatch.setattr(served.exporter, "ready", lambda: next(iter(())))
        async with served.client.get("/readyz") as response:
            assert 500 == response.status
        assert 1 == served.exporter.answered("/readyz", 500)


@pytest.mark.parametrize("path", PATHS)
async def test_only_reading_is_allowed(path: str) -> None:
    """A POST changes nothing and is refused."""
    async with serving() as served:
        async with served.client.post(path) as response:
            assert 405 == response.status
            assert "GET,HEAD" == response.headers["Allow"]
        assert 1 == served.exporter.answered("other", 405)


async def test_metrics_can_be_elsewhere() -> None:
    """Another telemetry path is served, linked to and counted; the usual one is not there."""
    async with serving(options=WebOptions(telemetry_path="/tickets")) as served:
        headers = {"Accept-Encoding": "identity"}
        async with served.client.get("/tickets", headers=headers) as response:
            check(await response.text())
        async with served.client.get("/metrics") as response:
            assert 404 == response.status
        async with served.client.get("/") as response:
            assert '<a href="/tickets">Metrics</a>' in await response.text()
        assert 1 == served.exporter.answered("/tickets", 200)


@pytest.mark.parametrize(
    ("accept", "text_format"), [(None, TEXT), ("*/*", TEXT), (PROMETHEUS, OPENMETRICS)]
)
async def test_metrics_in_the_format_asked_for(accept: str | None, text_format: Format) -> None:
    """The body is the exposition's own, in the format that its content type names."""
    headers = {"Accept-Encoding": "identity"} | ({"Accept": accept} if accept else {})
    exporter = StandIn([acme(), globex()])
    async with (
        serving(exporter) as served,
        served.client.get("/metrics", headers=headers) as response,
    ):
        assert text_format.content_type == response.headers["Content-Type"]
        assert "Accept, Accept-Encoding" == response.headers["Vary"]
        assert "Content-Encoding" not in response.headers
        body = await response.read()
    assert exporter.exposition.render(text_format, compress=False) == body
    check(body.decode())


@pytest.mark.parametrize(
    "accepted",
    ["gzip", "deflate, gzip;q=0.5", "GZIP", "br,gzip", "gzip;q=1", "gzip ; q=0.001", "br;q=0,gzip"],
)
async def test_gzip_when_accepted(accepted: str) -> None:
    """Who takes gzip gets the same exposition in it."""
    exporter = StandIn([acme()])
    async with serving(exporter) as served:
        headers = {"Accept-Encoding": accepted}
        async with served.client.get("/metrics", headers=headers) as response:
            assert "gzip" == response.headers["Content-Encoding"]
            body = gzip.decompress(await response.read())
    check(body.decode())
    assert exporter.exposition.render(TEXT, compress=False) == body


@pytest.mark.parametrize(
    "accepted",
    ["identity", "", "deflate, br", "gzipped", "*", "gzip;q=0", "GZIP; Q=0.000, br", "gzip;q="],
)
async def test_no_gzip_otherwise(accepted: str) -> None:
    """Who does not name gzip gets plain text."""
    async with serving() as served:
        headers = {"Accept-Encoding": accepted}
        async with served.client.get("/metrics", headers=headers) as response:
            assert "Content-Encoding" not in response.headers
            check(await response.text())


async def test_an_ordinary_client_reads_gzip() -> None:
    """Its own decompression sees the whole exposition, its end included."""
    async with serving(StandIn([acme()])) as served, aiohttp.ClientSession() as client:
        url = f"http://127.0.0.1:{served.port}/metrics"
        async with client.get(url, headers={"Accept": OPENMETRICS.content_type}) as response:
            assert "gzip" == response.headers["Content-Encoding"]
            text = await response.text()
    check(text)
    assert text.endswith("# EOF\n")


async def test_a_large_exposition_arrives_whole() -> None:
    """Megabytes come with their length, and HEAD still has no body."""
    exporter = StandIn([fresh_site(f"site {number}") for number in range(500)])
    async with serving(exporter) as served:
        async with served.client.get("/metrics", headers=PLAIN) as response:
            body = await response.read()
        async with served.client.head("/metrics", headers=PLAIN) as response:
            assert str(len(body)) == response.headers["Content-Length"]
            assert b"" == await response.read()
        async with served.client.get("/healthz") as response:
            assert "ok\n" == await response.text()
    assert len(body) > 500_000
    assert exporter.exposition.render(TEXT, compress=False) == body


async def test_names_choose_samples() -> None:
    """``name[]``, repeated, gives those names alone; a name that is not there gives nothing."""
    async with serving(StandIn([acme()])) as served:
        query = [("name[]", "whmcs_up"), ("name[]", "whmcs_exporter_sites"), ("name[]", "x")]
        async with served.client.get("/metrics", params=query, headers=PLAIN) as response:
            assert TEXT.content_type == response.headers["Content-Type"]
            text = await response.text()
        async with served.client.get("/metrics?name[]=x", headers=PLAIN) as response:
            assert "" == await response.text()
    check(text)
    names = [line.split("{")[0] for line in text.splitlines() if not line.startswith("#")]
    assert ["whmcs_up", "whmcs_exporter_sites 0.0"] == names


@pytest.mark.parametrize("query", ["x=1", "?", "name=whmcs_up", "target=acme"])
async def test_other_parameters_change_nothing(query: str) -> None:
    """What means nothing leaves nothing out, the exporter's own metrics least of all."""
    async with serving(StandIn([acme()])) as served:
        async with served.client.get("/metrics", headers=PLAIN) as response:
            expected = await response.text()
        async with served.client.get(f"/metrics?{query}", headers=PLAIN) as response:
            assert expected == await response.text()
    assert "whmcs_exporter_sites" in expected


async def test_sites_choose_samples() -> None:
    """``site``, repeated, gives those sites alone, without the exporter's own; ``name[]`` too."""
    async with serving(StandIn([acme(), globex(), fresh_site("initech")])) as served:
        query = [("site", "globex"), ("site", "initech")]
        async with served.client.get("/metrics", params=query, headers=PLAIN) as response:
            found = samples(await response.text())
        query.append(("name[]", "whmcs_up"))
        async with served.client.get("/metrics", params=query) as response:
            assert "gzip" == response.headers["Content-Encoding"]
            named = gzip.decompress(await response.read()).decode()
    assert {"globex", "initech"} == {dict(labels)["site"] for _, labels in found}
    assert {("whmcs_up", frozenset({("site", "globex")})): 0} == samples(named)


async def test_an_unknown_site_is_not_found() -> None:
    """A name that no site has fails the scrape, for nothing would look like a site without data."""
    async with serving(StandIn([acme()])) as served:
        query = [("site", acme().site), ("site", "glo\nbex")]
        async with served.client.get("/metrics", params=query) as response:
            assert (404, "no site is called 'glo\\nbex'\n") == (
                response.status,
                await response.text(),
            )
        async with served.client.get("/metrics?site=") as response:
            assert 404 == response.status
        assert 2 == served.exporter.answered("/metrics", 404)


async def test_requests_are_counted_by_handler_and_code() -> None:
    """The count of a request is in the scrape that comes a second later."""
    async with serving() as served:
        for path in ("/healthz", "/healthz", "/nowhere"):
            async with served.client.get(path):
                pass
        async with served.client.get("/metrics") as response:
            await response.read()
        await served.exporter.clock.advance(1)
        headers = {"Accept-Encoding": "identity"}
        async with served.client.get("/metrics", headers=headers) as response:
            text = await response.text()
    check(text)
    name = "whmcs_exporter_http_requests_total"
    assert 2 == value(text, name, handler="/healthz", code="200")
    assert 1 == value(text, name, handler="other", code="404")
    assert 1 == value(text, name, handler="/metrics", code="200")
    assert 3 == len(family(text, name))


@pytest.mark.parametrize("path", ["/-/healthy", "/healthz"])
async def test_health(path: str) -> None:
    """The probe follows the exporter's own word."""
    async with serving() as served:
        async with served.client.get(path) as response:
            assert (200, "ok\n") == (response.status, await response.text())
        served.exporter.is_healthy = False
        async with served.client.get(path) as response:
            assert (503, "a poller makes no progress\n") == (
                response.status,
                await response.text(),
            )
        assert 1 == served.exporter.answered(path, 503)


@pytest.mark.parametrize("path", ["/-/ready", "/readyz"])
async def test_readiness(path: str) -> None:
    """Not ready is another thing than not healthy."""
    async with serving() as served:
        served.exporter.is_ready = False
        async with served.client.get(path) as response:
            assert (503, "first polls are under way\n") == (response.status, await response.text())
        async with served.client.get("/healthz") as response:
            assert 200 == response.status
        served.exporter.is_ready = True
        async with served.client.get(path) as response:
            assert (200, "ok\n") == (response.status, await response.text())


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_sites_as_json(encoding: str) -> None:
    """The JSON has every site and source, with what is unknown as null."""
    shown = [acme(), globex(), fresh_site("never polled")]
    async with serving(StandIn(shown)) as served:
        headers = {"Accept-Encoding": encoding}
        async with served.client.get("/api/v1/sites", headers=headers) as response:
            body = await response.read()
        assert encoding == response.headers.get("Content-Encoding", "identity")
    found = json.loads(gzip.decompress(body) if encoding == "gzip" else body)
    golden = (GOLDEN / "sites.json").read_text("utf-8")
    assert golden.split("\n") == f"{json.dumps(found, indent=2)}\n".split("\n")


@pytest.mark.parametrize("path", ["/", "/api/v1/sites", *STATIC])
async def test_nothing_that_a_person_sees_is_kept(path: str) -> None:
    """An old page, or an old script, would look alive."""
    async with serving() as served, served.client.get(path) as response:
        assert "no-store" == response.headers["Cache-Control"]


def test_no_other_page_can_have_the_path_of_the_metrics() -> None:
    """Each path that is served is known to be taken, but for the one that is configured."""
    exporter = StandIn()
    pages = Pages(exporter, exporter.exposition, WebOptions(telemetry_path="/x"), exporter.reload)
    served = {resource.canonical for resource in pages.application().router.resources()}
    assert {"/x"} == {path for path in served if not paths.is_taken(path)}


async def test_two_sockets_are_served_alike() -> None:
    """Every listening socket answers."""
    exporter = StandIn()
    pages = Pages(exporter, exporter.exposition, WebOptions(), exporter.reload)
    listeners = [Address("127.0.0.1", 0).open() for _ in range(2)]
    async with Server(pages.application(), [listener.socket for listener in listeners]):
        ports = [listener.address.port for listener in listeners]
        async with aiohttp.ClientSession() as client:
            for port in ports:
                async with client.get(f"http://127.0.0.1:{port}/healthz") as response:
                    assert 200 == response.status
    for listener in listeners:
        listener.close()


@given(st.text(st.characters(exclude_categories=["Cs"])))
async def test_any_names_are_answered(name: str) -> None:
    """Nothing that stands in a query makes a scrape fail."""
    async with serving() as served:
        query = {"name[]": name, "x": name}
        async with served.client.get("/metrics", params=query) as response:
            assert 200 == response.status


async def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Ordinary requests, wrong ones included, leave the log alone."""
    with caplog.at_level(logging.INFO):
        async with serving() as served:
            for path in ("/", "/nowhere", "/metrics"):
                async with served.client.get(path):
                    pass
    assert [] == caplog.records

"""``/-/reload``: allowed or not, done or not."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict

from exporter.web.pages import WebOptions
from tests.web.serving import StandIn, serving

ALLOWED = WebOptions(lifecycle=True)


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_reload(method: str) -> None:
    """Whoever posts or puts is told that the new configuration runs."""
    async with (
        serving(options=ALLOWED) as served,
        served.client.request(method, "/-/reload") as response,
    ):
        assert (200, "reloaded\n") == (response.status, await response.text())
    assert 1 == served.exporter.reloads
    assert 1 == served.exporter.answered("/-/reload", 200)


async def test_what_is_wrong_is_answered() -> None:
    """Every problem is in the answer, and that nothing has changed."""
    exporter = StandIn(problem="whmcs.yml:3:1: unknown key `sits`\nwhmcs.yml:4:1: another")
    async with (
        serving(exporter, ALLOWED) as served,
        served.client.post("/-/reload") as response,
    ):
        assert 500 == response.status
        assert (
            "not reloaded, all goes on as before:\n"
            "whmcs.yml:3:1: unknown key `sits`\nwhmcs.yml:4:1: another\n"
        ) == await response.text()


async def test_not_enabled() -> None:
    """Without the flag nothing is read, and the answer names the flag."""
    async with serving() as served, served.client.post("/-/reload") as response:
        assert 403 == response.status
        assert "--web.enable-lifecycle" in await response.text()
    assert 0 == served.exporter.reloads


@pytest.mark.parametrize("options", [ALLOWED, WebOptions()])
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS"])
async def test_other_methods_reload_nothing(method: str, options: WebOptions) -> None:
    """A GET, as a browser or a crawler sends it, gets 405 and a hint to use POST."""
    async with (
        serving(options=options) as served,
        served.client.request(method, "/-/reload") as response,
    ):
        assert (405, "POST,PUT") == (response.status, response.headers["Allow"])
        assert method == "HEAD" or "use POST" in await response.text()
    assert 0 == served.exporter.reloads


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "none, cross-site"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "http://exporter.example:9943"},
        {"Origin": "http://exporter.example"},
        {"Origin": "http://exporter.example:9942.evil.example"},
        {"Origin": "http://exporter.example:9942@evil.example"},
        {"Origin": "http://[::1"},
        {"Origin": "exporter.example:9942"},
        {"Origin": "http://exporter.example:9942", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"},
    ],
)
async def test_cross_site_requests_are_refused(method: str, headers: dict[str, str]) -> None:
    """A page of another site cannot make a browser reload the configuration."""
    host = {"Host": "exporter.example:9942"}
    async with serving(options=ALLOWED) as served:
        async with served.client.request(method, "/-/reload", headers=host | headers) as response:
            assert 403 == response.status
            assert "cross-site" in await response.text()
        assert 0 == served.exporter.reloads
        assert 1 == served.exporter.answered("/-/reload", 403)
        async with served.client.request(method, "/-/reload", headers=host) as response:
            assert 200 == response.status
        assert 1 == served.exporter.reloads


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://exporter.example:9942"},
        {"Origin": "http://Exporter.example:9942", "Sec-Fetch-Site": "same-origin"},
    ],
)
async def test_requests_of_the_same_origin_reload(headers: dict[str, str]) -> None:
    """A page of the exporter's own host may reload, also behind a proxy that terminates TLS."""
    headers = {"Host": "EXPORTER.example:9942"} | headers
    async with (
        serving(options=ALLOWED) as served,
        served.client.post("/-/reload", headers=headers) as response,
    ):
        assert 200 == response.status
    assert 1 == served.exporter.reloads


async def test_two_values_of_a_header_are_both_checked() -> None:
    """A second header of the same name cannot hide the first one."""
    headers = CIMultiDict(Host="a")
    for origin in ("http://a", "http://evil.example"):
        headers.add("Origin", origin)
    async with (
        serving(options=ALLOWED) as served,
        served.client.post("/-/reload", headers=headers) as response,
    ):
        assert 403 == response.status
    assert 0 == served.exporter.reloads

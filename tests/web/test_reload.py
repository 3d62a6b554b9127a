"""``/-/reload``: allowed or not, done or not."""

from __future__ import annotations

import pytest

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


async def test_looking_reloads_nothing() -> None:
    """A GET, as a browser or a crawler sends it, is refused."""
    async with serving(options=ALLOWED) as served, served.client.get("/-/reload") as response:
        assert (405, "POST,PUT") == (response.status, response.headers["Allow"])
    assert 0 == served.exporter.reloads

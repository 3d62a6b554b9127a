"""What the doctor says of the way to WHMCS: names, addresses, TLS."""

from __future__ import annotations

import re
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from exporter.simulator.clock import FastClock
from exporter.simulator.server import Simulator
from tests.doctor.clinic import checkup, golden, told
from tests.doctor.conftest import START
from tests.faults.hosts import Hosts
from tests.reserved import reserved
from tests.whmcs.server import answer, says, says_and_waits, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from exporter.simulator.site import Site
    from tests.whmcs.authority import Authority

NOWHERE = "http://whmcs.example:8080/"


@asynccontextmanager
async def over_tls(site: Site, context: ssl.SSLContext) -> AsyncIterator[str]:
    """Serve the site over TLS and hand out its URL."""
    simulator = Simulator([site], FastClock(0, START))
    await simulator.start(tls=context)
    try:
        yield simulator.url("acme")
    finally:
        await simulator.stop()


@pytest.mark.parametrize(
    ("name", "certificate", "trusts"),
    [
        ("tls-well", {"name": "127.0.0.1"}, {"ca_file": "ca.pem"}),
        ("tls-expired", {"name": "127.0.0.1", "expired": True}, {"ca_file": "ca.pem"}),
        ("tls-other-name", {"name": "whmcs.example"}, {"ca_file": "ca.pem"}),
        ("tls-unknown-authority", {"name": "127.0.0.1"}, {}),
        ("tls-unverified", {"name": "whmcs.example"}, {"insecure_skip_verify": True}),
    ],
)
async def test_certificates(
    name: str,
    certificate: dict[str, Any],
    trusts: dict[str, Any],
    authority: Authority,
    site: Site,
) -> None:
    """A certificate that is refused is described, and what to do about it."""
    assert authority.ca_file.exists()
    async with over_tls(site, authority.server_context(**certificate)) as url:
        found = await checkup(authority.folder, url, tls_config=trusts)
    assert golden(name) == told(found)


async def test_server_name(authority: Authority, site: Site, tmp_path: Path) -> None:
    """The name that is configured is the one that counts, here as in the calls."""
    tls_config = {"ca_file": str(authority.ca_file), "server_name": "whmcs.example"}
    async with over_tls(site, authority.server_context("whmcs.example")) as url:
        found = await checkup(tmp_path, url, tls_config=tls_config)
    assert () == found.advice


async def test_self_signed(authority: Authority, tmp_path: Path) -> None:
    """A certificate that signed itself is told as such."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    key = tmp_path / "ca.key"
    authority.ca.private_key_pem.write_to_path(key)
    context.load_cert_chain(authority.ca_file, key)
    async with serving(says(answer()), tls=context) as server:
        found = await checkup(tmp_path, _by_address(server.address))
    assert golden("tls-self-signed") == told(found)


async def test_expires_soon(authority: Authority, site: Site, tmp_path: Path) -> None:
    """Somebody should know before the certificate ends, not when it has."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    end = datetime.now(UTC) + timedelta(days=3)
    authority.ca.issue_cert("127.0.0.1", not_after=end).configure_cert(context)
    async with over_tls(site, context) as url:
        found = await checkup(tmp_path, url, tls_config={"ca_file": str(authority.ca_file)})
    assert golden("tls-expires-soon") == told(found)
    assert not found.failed


async def test_no_tls(tmp_path: Path) -> None:
    """A port without TLS, as one that plain HTTP is served on, is told as such."""
    async with serving(says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), listens=False) as server:
        found = await checkup(tmp_path, _by_address(server.address, "https"))
    assert golden("tls-none") == told(found)


async def test_silent_handshake(tmp_path: Path) -> None:
    """A port that takes connections and says nothing is not waited for for ever."""
    async with serving(says_and_waits(b""), listens=False) as server:
        found = await checkup(tmp_path, _by_address(server.address, "https"), timeout="1s")
    assert golden("tls-silent") == told(found)


async def test_cut_handshake(tmp_path: Path) -> None:
    """A connection that ends in the handshake is one of TLS's failures, as for the calls."""
    async with serving(says(b""), listens=False) as server:
        found = await checkup(tmp_path, _by_address(server.address, "https"))
    assert ("tls",) == found.reasons


async def test_nobody_listens(tmp_path: Path) -> None:
    """A port without a server is told from a host that is not there."""
    with reserved() as address:
        found = await checkup(tmp_path, f"http://{address}/")
    assert golden("refused") == told(found)


@pytest.mark.parametrize(
    ("name", "resolves"),
    [
        ("name-unknown", "EAI_NONAME"),
        ("name-unknown", "EAI_NODATA"),
        ("name-not-now", "EAI_AGAIN"),
        ("name-silent", "HANG"),
    ],
)
async def test_names(name: str, resolves: str, tmp_path: Path) -> None:
    """A name that is not there is told from name servers that are not."""
    hosts = Hosts(tmp_path / "hosts")
    hosts.write({"whmcs.example": (resolves,)})
    # Only who keeps silent is given up.
    patience = {"timeout": "1s"} if resolves == "HANG" else {}
    with hosts.patched():
        found = await checkup(tmp_path, "http://whmcs.example/", allow_http=True, **patience)
        hosts.write({"whmcs.example": ("127.0.0.1",)})
    assert golden(name) == told(found)


async def test_some_addresses(simulator: Simulator, tmp_path: Path) -> None:
    """One address that answers is enough, and the others are named."""
    hosts = Hosts(tmp_path / "hosts")
    hosts.write({"whmcs.example": ("127.0.0.2", "127.0.0.1", "::1")})
    url = simulator.url("acme").replace("127.0.0.1", "whmcs.example")
    with hosts.patched():
        found = await checkup(tmp_path, url, allow_http=True)
    assert golden("some-addresses") == told(found)
    assert not found.failed


async def test_tls_with_the_address_that_answers(
    authority: Authority, site: Site, tmp_path: Path
) -> None:
    """TLS is tried where there is a connection, whichever address was first."""
    hosts = Hosts(tmp_path / "hosts")
    hosts.write({"whmcs.example": ("127.0.0.2", "127.0.0.1")})
    async with over_tls(site, authority.server_context("whmcs.example")) as url:
        with hosts.patched():
            found = await checkup(
                tmp_path,
                url.replace("127.0.0.1", "whmcs.example"),
                tls_config={"ca_file": str(authority.ca_file)},
            )
    assert ("tls", "ok") == (found.steps[2].name, str(found.steps[2].mark))
    assert not found.failed


async def test_proxy(tmp_path: Path) -> None:
    """Behind a proxy the first steps lead to the proxy; TLS and all else is the calls' affair."""
    async with serving(says(answer(b"", status="407 No"))) as proxy:
        url = "https://whmcs.example/"
        found = await checkup(tmp_path, url, proxy_url=_by_address(proxy.address))
    assert golden("proxy-refuses") == told(found)


@pytest.mark.parametrize(
    ("date", "mark", "detail"),
    [
        ("Thu, 01 Jan 1970 00:00:00 GMT", "warn", r"\d{10} s behind this host's"),
        ("Fri, 31 Dec 2100 00:00:00 GMT", "warn", r"\d{10} s ahead of this host's"),
        ("yesterday", "-", "unknown: no answer has a Date"),
    ],
)
async def test_clocks(date: str, mark: str, detail: str, tmp_path: Path) -> None:
    """The Date of an answer tells how far the clocks are apart."""
    refusal = b'{"result": "error", "message": "Invalid IP 192.0.2.7"}'
    async with serving(says(answer(refusal, f"Date: {date}"))) as server:
        found = await checkup(tmp_path, _by_address(server.address))
    (clock,) = (step for step in found.steps if step.name == "clock")
    assert mark == clock.mark
    assert re.fullmatch(detail, clock.detail)


def _by_address(url: str, scheme: str = "") -> str:
    """Name this machine by its address: its name may have several."""
    found = url.replace("localhost", "127.0.0.1")
    return found.replace("http://", f"{scheme}://") if scheme else found

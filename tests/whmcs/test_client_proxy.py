"""A proxy between the exporter and WHMCS."""

import asyncio
from asyncio import StreamReader, StreamWriter
from contextlib import suppress

import pytest

from exporter.config.secret import Secret
from exporter.whmcs.tls import client_context
from tests.whmcs.authority import Authority
from tests.whmcs.calls import call, failure
from tests.whmcs.server import OK, Script, Server, answer, says, serving

PLAIN = "http://whmcs.example/includes/api.php"
TLS = "https://whmcs.example/includes/api.php"
NOWHERE = Server("http://localhost:1", [])
REFUSAL = answer(b"<html>", 'Proxy-Authenticate: Basic realm="x"', status="407 Who Are You")


async def pump(reader: StreamReader, writer: StreamWriter) -> None:
    """Hand on what comes until it ends."""
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


def tunnels_to(server: Server) -> Script:
    """Make the script of a proxy that agrees to any tunnel, and digs it to this server."""

    async def script(reader: StreamReader, writer: StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(
            "127.0.0.1", server.address.rpartition(":")[2]
        )
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

    return script


async def test_plain_http() -> None:
    """A plain call goes to the proxy, with the whole address and WHMCS's host."""
    async with serving(says(answer())) as proxy:
        endpoint = NOWHERE.endpoint(url=PLAIN, proxy_url=proxy.address)
        assert {"result": "success"} == await call(endpoint)
    (request,) = proxy.requests
    assert f"POST {PLAIN} HTTP/1.1" == request.start
    assert "whmcs.example" == request.headers["host"]


async def test_tunnel(authority: Authority) -> None:
    """A call over TLS goes through a tunnel; the proxy learns the host and nothing else."""
    tls = authority.server_context("whmcs.example")
    context = client_context(ca_file=authority.ca_file)
    async with (
        serving(says(answer()), tls=tls) as server,
        serving(tunnels_to(server)) as proxy,
    ):
        endpoint = server.endpoint(
            url=TLS,
            proxy_url=proxy.address,
            ssl_context=context,
            basic_auth=("user", Secret("password")),
        )
        assert {"result": "success"} == await call(endpoint)
    (request,) = proxy.requests
    assert ("CONNECT whmcs.example:443 HTTP/1.1", b"") == (request.start, request.body)
    assert "authorization" not in request.headers
    assert "authorization" in server.requests[0].headers


async def test_certificate_behind_a_tunnel(authority: Authority) -> None:
    """A certificate is verified through a tunnel as well."""
    tls = authority.server_context("other.example")
    context = client_context(ca_file=authority.ca_file)
    async with (
        serving(says(answer()), tls=tls) as server,
        serving(tunnels_to(server)) as proxy,
    ):
        endpoint = server.endpoint(url=TLS, proxy_url=proxy.address, ssl_context=context)
        error = await failure(endpoint)
    assert "tls" == error.reason
    assert "Hostname mismatch" in str(error)


@pytest.mark.parametrize(
    ("url", "raw", "reason", "expected"),
    [
        (TLS, REFUSAL, "connect", "the proxy answered with HTTP status 407"),
        (TLS, answer(b"", status="502 No"), "connect", "the proxy answered with HTTP status 502"),
        (TLS, b"", "connect", "the connection ended before the answer did"),
        (TLS, b"garbage", "connect", "the answer is not HTTP"),
        (TLS, OK + b"X: 1\r\n" * 1000, "too_large", "the answer's head is too large"),
        (PLAIN, REFUSAL, "http_status", "HTTP status 407"),
        (PLAIN, answer(b"", "Location: /", status="302 Found"), "redirect", None),
        (PLAIN, b"garbage", "connect", "the answer is not HTTP"),
    ],
    ids=[
        *("tunnel 407", "tunnel 502", "tunnel ends", "tunnel garbage", "tunnel large head"),
        *("407", "302", "garbage"),
    ],
)
async def test_refusals(url: str, raw: bytes, reason: str, expected: str | None) -> None:
    """A proxy that refuses a tunnel is a failed connection; a plain one speaks as WHMCS would."""
    async with serving(says(raw)) as proxy:
        error = await failure(NOWHERE.endpoint(url=url, proxy_url=proxy.address))
    assert reason == error.reason
    assert expected in {None, str(error)}


@pytest.mark.parametrize(
    ("proxy_url", "expected"),
    [
        ("http://127.0.0.1:1", "cannot connect: Connection refused"),
        ("http://a..b:3128", "cannot connect: the host is no valid name"),
    ],
)
async def test_no_proxy_there(proxy_url: str, expected: str) -> None:
    """A proxy that cannot be reached is a failed connection."""
    error = await failure(NOWHERE.endpoint(url=TLS, proxy_url=proxy_url))
    assert ("connect", expected) == (error.reason, str(error))

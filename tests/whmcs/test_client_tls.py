"""TLS: whom the client trusts, by which name, and how it shows itself."""

import asyncio
import gc
import socket
import ssl
from contextlib import suppress
from pathlib import Path

import pytest

from exporter.whmcs.errors import ApiError
from exporter.whmcs.tls import client_context
from tests.whmcs.authority import Authority
from tests.whmcs.calls import call, failure
from tests.whmcs.server import OK, Options, Server, answer, says, says_for_ever, serving

VERSIONS = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])


async def outcome(server_context: ssl.SSLContext, options: Options) -> tuple[str, str]:
    """Call a server over TLS, and return the reason and text of the failure."""
    async with serving(says(answer()), tls=server_context) as server:
        error = await failure(server.endpoint(**options))
    assert [] == server.requests
    return error.reason, str(error)


async def test_trusted(authority: Authority) -> None:
    """A server whose certificate comes from the configured authority is called."""
    context = client_context(ca_file=authority.ca_file)
    async with serving(says(answer()), tls=authority.server_context()) as server:
        assert {"result": "success"} == await call(server.endpoint(ssl_context=context))


async def test_server_name(authority: Authority) -> None:
    """A certificate may be for another name than the URL's, when that one is configured."""
    context = client_context(ca_file=authority.ca_file)
    tls = authority.server_context("whmcs.example")
    async with serving(says(answer()), tls=tls) as server:
        endpoint = server.endpoint(ssl_context=context, server_name="whmcs.example")
        assert {"result": "success"} == await call(endpoint)


async def test_wrong_name(authority: Authority) -> None:
    """A certificate for another name is refused."""
    context = client_context(ca_file=authority.ca_file)
    expected = "Hostname mismatch, certificate is not valid for 'localhost'."
    assert ("tls", f"certificate refused: {expected}") == await outcome(
        authority.server_context("whmcs.example"), {"ssl_context": context}
    )


async def test_expired(authority: Authority) -> None:
    """A certificate of the past is refused."""
    context = client_context(ca_file=authority.ca_file)
    assert ("tls", "certificate refused: certificate has expired") == await outcome(
        authority.server_context(expired=True), {"ssl_context": context}
    )


@pytest.mark.parametrize(
    "options", [Options(), Options(ssl_context=client_context())], ids=["none", "default"]
)
async def test_unknown_authority(authority: Authority, options: Options) -> None:
    """Without a configured authority only the system's are trusted."""
    reason, text = await outcome(authority.server_context(), options)
    assert "tls" == reason
    assert text.startswith("certificate refused: ")
    assert "issuer certificate" in text


async def test_insecure(authority: Authority) -> None:
    """Whoever asks for no verification gets none."""
    context = client_context(insecure_skip_verify=True)
    tls = authority.server_context("whmcs.example", expired=True)
    async with serving(says(answer()), tls=tls) as server:
        assert {"result": "success"} == await call(server.endpoint(ssl_context=context))


async def test_plain_http_on_a_tls_port() -> None:
    """A server that speaks no TLS fails the handshake."""
    async with serving(says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), listens=False) as server:
        error = await failure(server.endpoint(url=server.address.replace("http:", "https:")))
    assert ("tls", "TLS failed: WRONG_VERSION_NUMBER") == (error.reason, str(error))


def serve_once(listener: socket.socket, context: ssl.SSLContext) -> None:
    """Answer one connection; unlike asyncio's, this server says why a handshake failed."""
    connection, _ = listener.accept()
    with connection.dup() as kept, suppress(OSError):
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(65536)
            tls.sendall(answer())
            tls.unwrap()
        # Closed while something is unread, the connection would be reset, and over TLS 1.3, where
        # a refusal comes after the handshake, the client not told why.
        while kept.recv(65536):
            pass


async def meet(server_context: ssl.SSLContext, client: ssl.SSLContext) -> ApiError | None:
    """Call a server that may want the client's certificate; return the failure."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        served = asyncio.create_task(asyncio.to_thread(serve_once, listener, server_context))
        server = Server(f"https://localhost:{listener.getsockname()[1]}", [])
        try:
            await call(server.endpoint(ssl_context=client))
        except ApiError as error:
            return error
        finally:
            await served
    return None


@VERSIONS
async def test_client_certificate(authority: Authority, version: ssl.TLSVersion) -> None:
    """A server that asks for a certificate is shown the configured one."""
    tls = authority.server_context(asks_client=True)
    tls.maximum_version = version
    pair = authority.key_pair("exporter.example")
    client = client_context(
        ca_file=authority.ca_file, cert_file=pair.cert_file, key_file=pair.key_file
    )
    assert None is await meet(tls, client)


@VERSIONS
async def test_missing_client_certificate(authority: Authority, version: ssl.TLSVersion) -> None:
    """Without the certificate that a server asks for, TLS fails, in whichever phase."""
    tls = authority.server_context(asks_client=True)
    tls.maximum_version = version
    error = await meet(tls, client_context(ca_file=authority.ca_file))
    assert error is not None
    assert "tls" == error.reason
    assert str(error).startswith("TLS failed: ")
    assert "ALERT" in str(error)


@VERSIONS
async def test_client_certificate_of_a_stranger(
    authority: Authority, version: ssl.TLSVersion, tmp_path: Path
) -> None:
    """A certificate that the server does not trust is a failure of TLS too."""
    tls = authority.server_context(asks_client=True)
    tls.maximum_version = version
    pair = Authority(tmp_path).key_pair("exporter.example")
    client = client_context(
        ca_file=authority.ca_file, cert_file=pair.cert_file, key_file=pair.key_file
    )
    error = await meet(tls, client)
    assert error is not None
    assert ("tls", "TLS failed: TLSV1_ALERT_UNKNOWN_CA") == (error.reason, str(error))


async def test_answer_that_goes_on_when_given_up(authority: Authority) -> None:
    """An answer that ends with its connection, and never does, leaves nothing to be logged."""
    context = client_context(ca_file=authority.ca_file)
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, what: complaints.append(what["message"])
    )
    script = says_for_ever(OK + b"\r\n", b"x" * 1000)
    async with serving(script, tls=authority.server_context()) as server:
        assert "too_large" == (await failure(server.endpoint(ssl_context=context))).reason
    # Both ends are closed; what nobody asked for is told when it is collected.
    gc.collect()
    assert [] == complaints

"""A connection that ends before it is used: what it is called depends on what was asked for."""

import errno
import os

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from exporter.whmcs.transport import failure
from tests.whmcs.calls import failure_of
from tests.whmcs.server import says_and_resets

KEY = ConnectionKey("localhost", 80, False, True, None, None, None)  # noqa: FBT003 - the library's
ENDED = ("connect", "the connection ended before the answer did")
HANDSHAKE = ("tls", "TLS failed: the connection ended in the handshake")


@pytest.mark.parametrize("number", [errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE])
@pytest.mark.parametrize(
    ("kind", "url", "proxy_url", "expected"),
    [
        (aiohttp.ClientConnectorError, "https://a", None, HANDSHAKE),
        (aiohttp.ClientConnectorError, "HTTPS://a", None, HANDSHAKE),
        (aiohttp.ClientConnectorError, "http://a", None, ENDED),
        # In a tunnel, and on the way to one.
        (aiohttp.ClientConnectorError, "https://a", "http://b", HANDSHAKE),
        (aiohttp.ClientProxyConnectionError, "https://a", "http://b", ENDED),
        (aiohttp.ClientProxyConnectionError, "http://a", "https://b", HANDSHAKE),
    ],
)
def test_cut_connections(
    kind: type[aiohttp.ClientConnectorError],
    url: str,
    proxy_url: str | None,
    expected: tuple[str, str],
    number: int,
) -> None:
    """Only where TLS is spoken, a handshake can be cut."""
    error = failure(kind(KEY, OSError(number, os.strerror(number))), url, proxy_url)
    assert expected == (error.reason, str(error))


async def test_reset_at_once() -> None:
    """A plain server that resets whoever comes is one failure, whoever is the quicker."""
    seen = set()
    for _ in range(50):
        error = await failure_of(says_and_resets(b""), listens=False)
        seen.add((error.reason, str(error)))
    assert {ENDED} == seen

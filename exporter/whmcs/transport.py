"""What fails beneath an answer, told as one of ours, in words of our own.

aiohttp's and OpenSSL's errors may quote what a server sent; nothing of that is repeated here.
"""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import http_exceptions

from exporter.whmcs import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDED = "the connection ended before the answer did"


def failure(error: Exception, url: str, proxy_url: str | None = None) -> errors.ApiError:
    """Tell which of ours an error of aiohttp's or the system's is, of a call to ``url``."""
    causes = list(_causes(error))
    if any(_is_large_head(cause) for cause in causes):
        return errors.TooLarge("the answer's head is too large")
    for cause in causes:
        # aiohttp's own are SSL errors too, but hold nothing of what OpenSSL said.
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, aiohttp.ClientError):
            return errors.TLSFailed(tls_message(cause))
    if _is_cut(error):
        to_proxy = isinstance(error, aiohttp.ClientProxyConnectionError)
        if ((proxy_url or "") if to_proxy else url).lower().startswith("https:"):
            return errors.TLSFailed("TLS failed: the connection ended in the handshake")
        return errors.ConnectFailed(ENDED)
    return errors.ConnectFailed(_connect_message(error))


def _connect_message(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"cannot connect: {system_message(error.os_error)}"
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy answered with HTTP status {error.status}"
    if isinstance(error, aiohttp.ClientResponseError | http_exceptions.BadHttpMessage):
        return "the answer is not HTTP"
    if isinstance(error, UnicodeError | aiohttp.InvalidURL):
        return "cannot connect: the host is no valid name"
    return ENDED


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what led to it, which aiohttp keeps as the cause."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _is_large_head(error: BaseException) -> bool:
    if isinstance(error, http_exceptions.LineTooLong):
        return True
    # aiohttp has no class for too many header or trailer lines, only this beginning.
    return isinstance(error, http_exceptions.BadHttpMessage) and error.message.startswith(
        "Too many"
    )


def _is_cut(error: Exception) -> bool:
    """Tell whether a connection ended between its beginning and the call."""
    # Nobody resets what is not connected yet, and what comes later is no failure to connect.
    return isinstance(error, aiohttp.ClientConnectorError) and isinstance(
        error.os_error, ConnectionResetError | ConnectionAbortedError | BrokenPipeError
    )


def system_message(error: OSError) -> str:
    """Return what the system says of a failed connection, without an address."""
    # asyncio puts the address in the place of what the system says; a resolver's codes are < 0.
    if error.errno and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or type(error).__name__


def tls_message(error: ssl.SSLError) -> str:
    """Return what OpenSSL says of a failed handshake, without a place in its source."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate refused: {error.verify_message}"
    # An error that OpenSSL did not raise has no reason.
    return f"TLS failed: {getattr(error, 'reason', None) or type(error).__name__}"

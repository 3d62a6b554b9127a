"""The way to a site, up to where WHMCS begins: its name, its addresses, TLS.

What fails is an ``ApiError`` of the reason that the exporter would give.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from exporter.whmcs import errors
from exporter.whmcs.resolver import Resolver
from exporter.whmcs.transport import system_message, tls_message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

# OpenSSL's X509_V_FLAG_NO_CHECK_TIME, for which Python has no name.
_NO_CHECK_TIME = 0x200000
_NO_SUCH_NAME = (socket.EAI_NONAME, socket.EAI_NODATA)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A connection to one address: how long it took, or why there was none."""

    address: str
    seconds: float
    error: errors.ApiError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a server's certificate says; ``ends`` is Unix time."""

    ends: float
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """TLS that both sides agreed on; ``certificate`` is None when nobody verified it."""

    version: str
    certificate: Certificate | None


async def resolve(host: str, port: int, limit: float) -> list[str]:
    """Look up the addresses of a host, as the exporter does for each connection.

    Raises:
        ApiError: There are none, or nobody said so within ``limit`` seconds.
    """
    try:
        async with asyncio.timeout(limit):
            found = await Resolver().resolve(host, port, socket.AF_UNSPEC)
    except TimeoutError:
        raise errors.TimedOut(f"no name server answered within {limit:.3g} s") from None
    except socket.gaierror as error:
        what = "no such name" if error.errno in _NO_SUCH_NAME else "the name servers could not say"
        raise errors.ConnectFailed(f"{what}: {error.strerror}") from None
    except (OSError, UnicodeError):
        raise errors.ConnectFailed("the host is no valid name") from None
    return list(dict.fromkeys(each["host"] for each in found))


async def connect(addresses: Sequence[str], port: int, limit: float) -> list[Attempt]:
    """Try each address, all at once; one that answers is enough."""
    return await asyncio.gather(*(_attempt(address, port, limit) for address in addresses))


async def _attempt(address: str, port: int, limit: float) -> Attempt:
    begin = monotonic()
    error: errors.ApiError | None = None
    try:
        async with asyncio.timeout(limit):
            _, writer = await asyncio.open_connection(address, port)
        writer.transport.abort()
    except TimeoutError:
        error = errors.TimedOut(f"no connection within {limit:.3g} s")
    except OSError as failure:
        error = errors.ConnectFailed(system_message(failure))
    return Attempt(address, monotonic() - begin, error)


async def handshake(
    address: str, port: int, name: str, context: ssl.SSLContext, limit: float
) -> Agreement:
    """Agree on TLS, with the certificate checked as ``context`` says.

    Raises:
        ApiError: It failed, or was not done within ``limit`` seconds.
    """
    try:
        async with asyncio.timeout(limit), _tls(address, port, name, context) as tls:
            fields = tls.getpeercert()
            return Agreement(tls.version() or "TLS", _read(fields) if fields else None)
    except TimeoutError:
        raise errors.TimedOut(f"no handshake within {limit:.3g} s") from None
    except ssl.SSLError as error:
        raise errors.TLSFailed(tls_message(error)) from None
    except OSError:
        raise errors.TLSFailed("TLS failed: the connection ended in the handshake") from None


async def certificate(address: str, port: int, name: str, limit: float) -> Certificate | None:
    """Read the certificate that a server shows, trusted or not; None when there is none to read.

    Python decodes only what it has verified. So the certificate is fetched unverified, and then
    verified as its own authority, whatever its time and name.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME
    try:
        async with asyncio.timeout(limit):
            async with _tls(address, port, name, _blind()) as tls:
                context.load_verify_locations(cadata=tls.getpeercert(binary_form=True) or b"")
            async with _tls(address, port, name, context) as tls:
                return _read(tls.getpeercert() or {})
    except (OSError, ValueError):  # a TimeoutError and an SSLError are OSErrors
        return None


def _blind() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _read(fields: dict[str, Any]) -> Certificate:
    names = (value for _, value in fields.get("subjectAltName", ()))
    return Certificate(ends=ssl.cert_time_to_seconds(fields["notAfter"]), names=tuple(names))


@asynccontextmanager
async def _tls(
    address: str, port: int, name: str, context: ssl.SSLContext
) -> AsyncIterator[ssl.SSLObject]:
    _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=name)
    try:
        yield writer.get_extra_info("ssl_object")
    finally:
        # Without waiting for the other side's farewell.
        writer.transport.abort()

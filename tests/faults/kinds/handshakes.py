"""TLS: certificates that must not be trusted, and handshakes that fail."""

from __future__ import annotations

import ssl
import warnings
from typing import TYPE_CHECKING, Any

import trustme

from tests.faults.fault import Fault, close, reset, wait
from tests.whmcs.server import OK

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.whmcs.authority import Authority

_HEAD = OK + b"Content-Length: 500\r\n\r\n{"
# What this machine's OpenSSL refuses to speak by default; a server of old times does not.
_ANYTHING = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"


def _of_another_authority(_: Authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


def _self_signed(_: Authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority = trustme.CA()
    with authority.cert_pem.tempfile() as certificate, authority.private_key_pem.tempfile() as key:
        context.load_cert_chain(certificate, key)
    return context


def _asking(authority: Authority) -> ssl.SSLContext:
    context = authority.server_context("127.0.0.1", asks_client=True)
    # In 1.3 the client's part has ended when it is refused, and asyncio's server does not say why.
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def _of_an_old_protocol(authority: Authority) -> ssl.SSLContext:
    context = authority.server_context("127.0.0.1")
    context.set_ciphers(_ANYTHING)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with warnings.catch_warnings():
        # Deprecated indeed.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def _of_other_ciphers(authority: Authority) -> ssl.SSLContext:
    context = authority.server_context("127.0.0.1")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("eNULL:@SECLEVEL=0")
    return context


def _tls(name: str, make: Callable[[Authority], ssl.SSLContext], reason: str = "tls") -> Fault:
    return Fault(name=name, reason=reason, site="tls", tls=make)


def _bare(name: str, reason: str, **keys: Any) -> Fault:  # noqa: ANN401 - any other attribute
    return Fault(name=name, reason=reason, site="tls", bare=True, asked=False, **keys)


CERTIFICATES = (
    _tls("a certificate of another name", lambda known: known.server_context("other.example")),
    _tls("an expired certificate", lambda known: known.server_context("127.0.0.1", expired=True)),
    _tls("a certificate of an unknown authority", _of_another_authority),
    _tls("a self-signed certificate", _self_signed),
    _tls("a server that wants a client's certificate", _asking),
    _tls("a server of TLS 1.1", _of_an_old_protocol),
    _tls("a server without a common cipher", _of_other_ciphers),
)
HANDSHAKES = (
    _bare("plain HTTP on the TLS port", "tls", says=b"HTTP/1.1 400 Bad\r\n\r\n", end=close),
    _bare("closes in the handshake", "tls", end=close),
    _bare("resets in the handshake", "tls", end=reset),
    _bare("hangs in the handshake", "timeout", end=wait),
    _bare("garbage in the handshake", "tls", says=b"\x16\x03\x03\x00\x05garbage", end=close),
)
ENCRYPTED = (
    Fault(name="over TLS: nobody listens", reason="connect", site="tls", door="refused"),
    Fault(name="over TLS: closes in the body", reason="connect", site="tls", says=_HEAD, end=close),
    Fault(name="over TLS: resets in the body", reason="connect", site="tls", says=_HEAD, end=reset),
    Fault(name="over TLS: hangs in the body", reason="timeout", site="tls", says=_HEAD, end=wait),
)
FAULTS = (*CERTIFICATES, *HANDSHAKES, *ENCRYPTED)

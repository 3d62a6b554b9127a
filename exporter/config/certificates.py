"""The files of ``tls_config``, tried: a broken one is found now and not by the first call."""

import ssl
from collections.abc import Callable
from functools import cache

from exporter.config.model import TLSConfig

Problem = tuple[tuple[str, ...], str]
"""The keys that do not fit, and what is wrong."""


def checker() -> Callable[[TLSConfig], Problem | None]:
    """Return a check that tries each distinct configuration once: thousands of sites share one."""
    return cache(_problem)


def _problem(tls: TLSConfig) -> Problem | None:
    # A context without any certificate: reading this machine's own would take 20 ms.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if tls.ca_file:
            context.load_verify_locations(tls.ca_file)
    except ssl.SSLError:
        return ("ca_file",), "no certificates; give a file of certificates in PEM"
    try:
        if tls.cert_file:
            # With a passphrase at hand, or OpenSSL would ask the terminal for one.
            context.load_cert_chain(tls.cert_file, tls.key_file, password="")
    except ssl.SSLError:
        wrong = "no certificate and key of one another; give both in PEM, without a passphrase"
        return ("cert_file", "key_file"), wrong
    return None

"""``tls_server_config``: how the exporter proves who it is, and whom it lets in.

Everything is tried while it is read, and ends up in one context. Python's TLS can't do all that
Go's can. What it can't is done in a stricter way, with a warning, and never left out:
``RequireAnyClientCert`` verifies as well, and of several curves only the first is used.
"""

import ssl
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from exporter.config import ciphers
from exporter.config.files import file
from exporter.config.section import Section
from exporter.config.values import Unfit, choice, nearest, suggestion, text

_VERIFIED: Final = {
    "": ssl.CERT_NONE,
    "NoClientCert": ssl.CERT_NONE,
    # Go asks for a certificate, and then does nothing with it.
    "RequestClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
    "RequireAnyClientCert": ssl.CERT_REQUIRED,
    # The old name of the one above.
    "RequireClientCert": ssl.CERT_REQUIRED,
}
TLS_KEYS: Final = (
    "cert_file",
    "key_file",
    "client_auth_type",
    "client_ca_file",
    "client_allowed_sans",
    "min_version",
    "max_version",
    "cipher_suites",
    "prefer_server_cipher_suites",
    "curve_preferences",
)
# Any of these turns TLS on; a blank one counts as not given.
TLS_ENABLING: Final = TLS_KEYS[:4]
_ANY = ("RequireAnyClientCert", "RequireClientCert")
_YES = frozenset(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"))
_NO = frozenset(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keys:
    cert_file: Path | None
    key_file: Path | None
    client_auth: str
    client_ca_file: Path | None
    minimum: ssl.TLSVersion
    maximum: ssl.TLSVersion
    suites: tuple[str, ...]
    server_prefers: bool
    curves: tuple[str, ...]
    allowed_sans: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTLS:
    """TLS as it is served; without a ``context`` it is not.

    A client's certificate must hold one of ``allowed_sans``, unless there are none. ``files`` are
    those that were read. ``warnings`` are for the log.
    """

    context: ssl.SSLContext | None = None
    allowed_sans: frozenset[str] = frozenset()
    files: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()


def boolean(value: str) -> bool:
    """Return a truth value as YAML 1.1 writes it: this file is shared with programs in Go."""
    if value not in _YES | _NO:
        msg = "not a boolean; write true or false"
        raise Unfit(msg)
    return value in _YES


def read_tls(section: Section) -> ServerTLS:
    """Read the section; nothing of TLS is served when it names no file and no client policy."""
    with section:
        keys = _keys(section)
    if not section.find(*TLS_ENABLING):
        unused = "tls_server_config names no cert_file: TLS is not served"
        return ServerTLS(warnings=(unused,) if section.is_given else ())
    _check(section, keys)
    context = _context(section, keys) if keys.cert_file and keys.key_file else None
    files = (keys.cert_file, keys.key_file, keys.client_ca_file)
    return ServerTLS(
        context=context,
        allowed_sans=keys.allowed_sans,
        files=tuple(each for each in files if each is not None),
        warnings=_warnings(keys),
    )


def _keys(section: Section) -> _Keys:
    version = partial(choice, options=tuple(ciphers.VERSIONS))
    key_file = file(section, "key_file")
    if key_file:
        section.scope.secret_files[key_file] = None
    return _Keys(
        cert_file=file(section, "cert_file"),
        key_file=key_file,
        client_auth=section.scalar("client_auth_type", _client_auth, ""),
        client_ca_file=file(section, "client_ca_file"),
        minimum=ciphers.VERSIONS[section.scalar("min_version", version, "TLS12")],
        maximum=ciphers.VERSIONS[section.scalar("max_version", version, "TLS13")],
        suites=section.scalars("cipher_suites", _suite),
        server_prefers=section.scalar("prefer_server_cipher_suites", boolean, default=True),
        curves=section.scalars("curve_preferences", partial(choice, options=tuple(ciphers.CURVES))),
        allowed_sans=frozenset(section.scalars("client_allowed_sans", text)),
    )


def _client_auth(value: str) -> str:
    return choice(value, options=tuple(name for name in _VERIFIED if name))


def _suite(value: str) -> str:
    if value in ciphers.SUITES_OF_13 or value in ciphers.SUITES:
        return value
    near = nearest(value, (*ciphers.SUITES_OF_13, *ciphers.SUITES))
    msg = f"unknown cipher suite; {suggestion(near, 'write the name of a suite of Go')}"
    raise Unfit(msg)


def _check(section: Section, keys: _Keys) -> None:
    for key in ("cert_file", "key_file"):
        if not section.find(key):
            section.lacks(f"no `{key}`; give `cert_file` and `key_file`")
    verified = _VERIFIED[keys.client_auth]
    right = "write `client_auth_type: RequireAndVerifyClientCert`"
    if section.find("client_ca_file") and keys.client_auth in {"", "NoClientCert"}:
        wrong = "a `client_ca_file`, but no client is asked for a certificate"
        section.conflict(("client_ca_file", "client_auth_type"), f"{wrong}; {right}")
    if section.find("client_allowed_sans") and verified is ssl.CERT_NONE:
        wrong = "`client_allowed_sans`, but no client's certificate is verified"
        section.conflict(("client_allowed_sans", "client_auth_type"), f"{wrong}; {right}")
    if section.find("client_allowed_sans") and not keys.allowed_sans:
        section.conflict(("client_allowed_sans",), "no name, so nobody could come in; give one")
    _check_versions(section, keys)


def _check_versions(section: Section, keys: _Keys) -> None:
    if keys.minimum > keys.maximum:
        wrong = "min_version is above max_version, so nobody could connect; exchange them"
        section.conflict(("min_version", "max_version"), wrong)
    only_13 = keys.suites and ciphers.SUITES_OF_13.issuperset(keys.suites)
    if only_13 and keys.maximum < ssl.TLSVersion.TLSv1_3:
        wrong = "suites of TLS 1.3 alone below TLS 1.3, so nobody could connect; add another"
        section.conflict(("cipher_suites", "max_version"), wrong)


def _warnings(keys: _Keys) -> tuple[str, ...]:
    found = []
    if keys.client_auth in _ANY:
        found.append(
            f"client_auth_type {keys.client_auth} is served as RequireAndVerifyClientCert: "
            "Python's TLS takes no unverified certificate"
        )
    if len(set(keys.curves)) > 1:
        found.append(f"of curve_preferences only {keys.curves[0]} is used: Python's TLS takes one")
    return tuple(found)


def _context(section: Section, keys: _Keys) -> ssl.SSLContext | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    _set_versions(context, keys)
    _set_suites(context, keys)
    if keys.curves:
        context.set_ecdh_curve(ciphers.CURVES[keys.curves[0]])
    try:
        # With a passphrase at hand, or OpenSSL would ask the terminal for one.
        context.load_cert_chain(keys.cert_file or "", keys.key_file, password="")
    except (OSError, ValueError):
        wrong = "no certificate and key of one another; give both in PEM, without a passphrase"
        section.conflict(("cert_file", "key_file"), wrong)
    _set_clients(section, context, keys)
    return context


def _set_versions(context: ssl.SSLContext, keys: _Keys) -> None:
    with warnings.catch_warnings():
        # TLS 1.0 and 1.1 are deprecated; whoever writes them down knows.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = min(keys.minimum, keys.maximum)
        context.maximum_version = keys.maximum


def _set_suites(context: ssl.SSLContext, keys: _Keys) -> None:
    if keys.server_prefers:
        context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    else:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    is_old = keys.minimum < ssl.TLSVersion.TLSv1_2
    chosen = keys.suites or (ciphers.OLD_SUITES if is_old else ())
    below_13 = [ciphers.SUITES[name] for name in chosen if name in ciphers.SUITES]
    if below_13:
        # OpenSSL 3 signs nothing the way that TLS 1.0 and 1.1 do, but at its lowest level.
        context.set_ciphers(":".join([*below_13, *(["@SECLEVEL=0"] if is_old else [])]))
    elif chosen and keys.maximum is ssl.TLSVersion.TLSv1_3:
        context.minimum_version = ssl.TLSVersion.TLSv1_3


def _set_clients(section: Section, context: ssl.SSLContext, keys: _Keys) -> None:
    context.verify_mode = _VERIFIED[keys.client_auth]
    try:
        if keys.client_ca_file:
            context.load_verify_locations(keys.client_ca_file)
        elif context.verify_mode is not ssl.CERT_NONE:
            # As Go does: without a file, whoever this machine trusts.
            context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
    except (OSError, ValueError):
        wrong = "no certificates; give a file of certificates in PEM"
        section.conflict(("client_ca_file",), wrong)

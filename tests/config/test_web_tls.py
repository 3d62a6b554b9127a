"""The TLS that comes of a web configuration file, shaken hands with."""

from __future__ import annotations

import ssl
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from exporter.config import ciphers
from tests.config.web_files import GOOD, PAIR, load

if TYPE_CHECKING:
    from pathlib import Path


def context(folder: Path, keys: str) -> ssl.SSLContext:
    """Return the context that comes of some keys."""
    found = load(folder, f"tls_server_config: {{{PAIR}, {keys}}}").tls.context
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("policy", "mode"),
    [
        ("NoClientCert", ssl.CERT_NONE),
        ("RequestClientCert", ssl.CERT_NONE),
        ("VerifyClientCertIfGiven", ssl.CERT_OPTIONAL),
        ("RequireAndVerifyClientCert", ssl.CERT_REQUIRED),
        ("RequireAnyClientCert", ssl.CERT_REQUIRED),
        ("RequireClientCert", ssl.CERT_REQUIRED),
    ],
)
def test_client_policies(policy: str, mode: ssl.VerifyMode, folder: Path) -> None:
    """No policy is served as a weaker one."""
    assert mode is context(folder, f"client_auth_type: {policy}").verify_mode


def test_versions(folder: Path) -> None:
    """TLS 1.2 and 1.3 by default; suites of 1.3 alone leave 1.2 nothing to speak."""
    default = context(folder, "")
    assert ssl.TLSVersion.TLSv1_2 is default.minimum_version
    assert ssl.TLSVersion.TLSv1_3 is default.maximum_version
    only_13 = context(folder, "cipher_suites: [TLS_AES_128_GCM_SHA256]")
    assert ssl.TLSVersion.TLSv1_3 is only_13.minimum_version


def test_suites(folder: Path) -> None:
    """Of the suites below TLS 1.3 only those that are named are there, in that order."""
    keys = (
        "cipher_suites: [TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA], prefer_server_cipher_suites: false"
    )
    found = context(folder, keys)
    names = [each["name"] for each in found.get_ciphers() if each["protocol"] != "TLSv1.3"]
    assert ["ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-SHA"] == names
    assert not found.options & ssl.OP_CIPHER_SERVER_PREFERENCE
    assert context(folder, "").options & ssl.OP_CIPHER_SERVER_PREFERENCE


def test_every_suite_is_known_to_openssl(folder: Path) -> None:
    """No name of Go's is one that OpenSSL would leave out in silence."""
    for name, theirs in ciphers.SUITES.items():
        found = context(folder, f"cipher_suites: [{name}]").get_ciphers()
        assert theirs in [each["name"] for each in found]


def handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> tuple[str, str]:
    """Let two contexts talk in memory; return the version and the suite that they agree on."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    serving = server.wrap_bio(there, back, server_side=True)
    calling = client.wrap_bio(back, there, server_hostname="a")
    for side in (calling, serving) * 4:
        with suppress(ssl.SSLWantReadError):
            side.do_handshake()
    # A client of TLS 1.3 is refused after its own end of the handshake.
    with suppress(ssl.SSLWantReadError):
        calling.read(1)
    cipher = serving.cipher()
    assert cipher is not None
    return str(serving.version()), cipher[0]


def client(
    folder: Path, version: ssl.TLSVersion | None = None, certificate: str = ""
) -> ssl.SSLContext:
    """Return the context of a client that trusts the authority, and speaks one version."""
    found = ssl.create_default_context(cafile=folder / "ca.pem")
    found.set_ciphers("DEFAULT:@SECLEVEL=0")
    if version is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            found.minimum_version = found.maximum_version = version
    if certificate:
        found.load_cert_chain(folder / f"{certificate}.pem", folder / f"{certificate}.key")
    return found


@pytest.mark.parametrize(
    ("keys", "taken"),
    [
        ("", ["TLSv1.2", "TLSv1.3"]),
        ("min_version: TLS13", ["TLSv1.3"]),
        ("max_version: TLS12", ["TLSv1.2"]),
        ("min_version: TLS11", ["TLSv1.1", "TLSv1.2", "TLSv1.3"]),
        ("min_version: TLS10, max_version: TLS11", ["TLSv1", "TLSv1.1"]),
        ("cipher_suites: [TLS_AES_256_GCM_SHA384]", ["TLSv1.3"]),
    ],
)
def test_versions_that_are_spoken(keys: str, taken: list[str], folder: Path) -> None:
    """Clients of each version get in or not, as the file says."""
    found = []
    for version in reversed(ciphers.VERSIONS.values()):
        with suppress(ssl.SSLError):
            found.append(handshake(context(folder, keys), client(folder, version))[0])
    assert taken == found


def test_the_first_curve_is_the_only_one(folder: Path) -> None:
    """A client with that curve gets in, one without does not."""
    server = context(folder, "curve_preferences: [CurveP384, X25519]")
    right, wrong = client(folder), client(folder)
    right.set_ecdh_curve("secp384r1")
    wrong.set_ecdh_curve("X25519")
    assert "TLSv1.3" == handshake(server, right)[0]
    with pytest.raises(ssl.SSLError):
        handshake(server, wrong)


@pytest.mark.parametrize("name", ["required", "any", "this machine's authorities", "given"])
def test_clients_with_certificates(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Certificates of the file's authority get in, or of this machine's where none is named."""
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
    server = load(folder, GOOD[name]).tls.context
    assert server is not None
    assert handshake(server, client(folder, certificate="b"))
    if name == "given":
        assert handshake(server, client(folder))
    else:
        with pytest.raises(ssl.SSLError):
            handshake(server, client(folder))

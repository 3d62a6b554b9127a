"""The context of a site's calls: what it takes, offers and refuses."""

import ssl
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from exporter.whmcs.tls import client_context
from tests.whmcs.authority import Authority


def test_verifies() -> None:
    """Unless asked otherwise, a context verifies certificate and name, with TLS 1.2 at least."""
    context = client_context()
    assert (ssl.CERT_REQUIRED, True) == (context.verify_mode, context.check_hostname)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.get_ca_certs() == ssl.create_default_context().get_ca_certs()


def test_only_the_configured_authority(authority: Authority) -> None:
    """A configured authority is trusted instead of the system's, not beside them."""
    assert 1 == len(client_context(ca_file=authority.ca_file).get_ca_certs())


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is told as such."""
    with pytest.raises(FileNotFoundError):
        client_context(ca_file=tmp_path / "none.pem")
    with pytest.raises(FileNotFoundError):
        client_context(cert_file=tmp_path / "none.pem", key_file=tmp_path / "none.key")


def test_unfit_files(authority: Authority, tmp_path: Path) -> None:
    """A file that is empty, or a key of another certificate, is refused."""
    empty = tmp_path / "empty.pem"
    empty.touch()
    one, other = authority.key_pair("one.example"), authority.key_pair("other.example")
    with pytest.raises(ssl.SSLError):
        client_context(ca_file=empty)
    with pytest.raises(ssl.SSLError):
        client_context(cert_file=empty, key_file=empty)
    with pytest.raises(ssl.SSLError):
        client_context(cert_file=one.cert_file, key_file=other.key_file)


def test_key_with_a_passphrase(authority: Authority, tmp_path: Path) -> None:
    """A key that is encrypted is refused; nobody is asked for its passphrase."""
    pair = authority.key_pair("encrypted.example")
    key = serialization.load_pem_private_key(pair.key_file.read_bytes(), None)
    encrypted = tmp_path / "encrypted.key"
    encrypted.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"passphrase"),
        )
    )
    with pytest.raises(ssl.SSLError):
        client_context(cert_file=pair.cert_file, key_file=encrypted)


def test_only_http_1_is_offered(authority: Authority) -> None:
    """A server that prefers HTTP/2 must not choose it: the client speaks HTTP/1.1."""
    server_context = authority.server_context()
    server_context.set_alpn_protocols(["h2", "http/1.1"])
    context = client_context(ca_file=authority.ca_file)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    server = server_context.wrap_bio(outgoing, incoming, server_side=True)
    for side in (client, server, client, server):
        with suppress(ssl.SSLWantReadError):
            side.do_handshake()
    assert "http/1.1" == client.selected_alpn_protocol()

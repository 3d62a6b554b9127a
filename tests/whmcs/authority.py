"""A certificate authority of the tests' own, and servers that show its certificates."""

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import trustme

PAST = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class KeyPair:
    """The files of a certificate and its key."""

    cert_file: Path
    key_file: Path


@dataclass(frozen=True)
class Authority:
    """An authority whose certificate, and those it made, are files in a folder."""

    folder: Path
    ca: trustme.CA = field(default_factory=trustme.CA)

    @property
    def ca_file(self) -> Path:
        """Write the authority's own certificate."""
        path = self.folder / "ca.pem"
        self.ca.cert_pem.write_to_path(path)
        return path

    def key_pair(self, name: str) -> KeyPair:
        """Issue a certificate to a client."""
        pair = KeyPair(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        issued = self.ca.issue_cert(name)
        issued.cert_chain_pems[0].write_to_path(pair.cert_file)
        issued.private_key_pem.write_to_path(pair.key_file)
        return pair

    def server_context(
        self, name: str = "localhost", *, expired: bool = False, asks_client: bool = False
    ) -> ssl.SSLContext:
        """Make the context of a server of this name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued = self.ca.issue_cert(name, not_after=PAST if expired else None)
        issued.configure_cert(context)
        if asks_client:
            context.verify_mode = ssl.CERT_REQUIRED
            self.ca.configure_trust(context)
        return context

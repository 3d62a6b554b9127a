"""What makes imports cheap, and that all is as before afterwards."""

from __future__ import annotations

import gc
import os
import ssl

import pytest

from exporter import imports


@pytest.mark.parametrize("before", [None, "/etc/ssl/mine.pem"])
def test_certificates_are_not_read(before: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Contexts made meanwhile trust nobody; afterwards the environment is what it was."""
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    if before is not None:
        monkeypatch.setenv("SSL_CERT_FILE", before)
    with imports.made_cheap():
        assert [] == ssl.create_default_context().get_ca_certs()
    assert [before, None] == [os.environ.get(name) for name in names]


def test_garbage_is_not_looked_for() -> None:
    """Within, nothing is looked for; what was made is not looked at afterwards either."""
    frozen = gc.get_freeze_count()
    with imports.made_cheap():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert frozen < gc.get_freeze_count()

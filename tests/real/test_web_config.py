"""Prometheus itself scrapes over TLS, with a password and with a certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.process import configuration
from tests.process.program import ANYWHERE, Launcher, eventually
from tests.process.test_web_config import certificate, listening, users, write
from tests.process.truth import differences, expected
from tests.real.prometheus import TICKETS, UP, Prometheus
from tests.whmcs.authority import Authority

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from exporter.simulator.server import Simulator
    from exporter.simulator.site import Site


@pytest.fixture(name="authority")
def make_authority(tmp_path: Path) -> Authority:
    """Return an authority of its own folder."""
    folder = tmp_path / "authority"
    folder.mkdir()
    return Authority(folder)


async def target(launcher: Launcher, simulator: Simulator, folder: Path, *sections: str) -> str:
    """Start the exporter with these sections of a web configuration."""
    path = configuration.write(folder / "config.yml", configuration.site(simulator.url("acme")))
    web_file = write(folder, *sections)
    program = launcher.exporter(f"--config.file={path}", ANYWHERE, f"--web.config.file={web_file}")
    return f"localhost:{await listening(program)}"


async def is_up(prometheus: Prometheus, value: float) -> None:
    """Wait until scrapes succeed, or have failed."""

    async def look() -> None:
        assert {UP: value} == await prometheus.query("up")

    await eventually(look)


def over_tls(authority: Authority, **keys: Any) -> dict[str, Any]:  # noqa: ANN401 - any value
    """Return the keys of a scrape over TLS."""
    tls = {"ca_file": str(authority.ca_file), "server_name": "localhost"}
    return {"scheme": "https", "tls_config": tls | keys}


async def test_tls_and_a_password(
    launcher: Launcher, simulator: Simulator, site: Site, authority: Authority, tmp_path: Path
) -> None:
    """With both Prometheus has what WHMCS holds."""
    sections = certificate(authority), users(prometheus="secret")
    prometheus = await Prometheus.start(
        launcher,
        tmp_path,
        await target(launcher, simulator, tmp_path, *sections),
        **over_tls(authority),
        basic_auth={"username": "prometheus", "password": "secret"},
    )

    async def look() -> None:
        wanted = expected("acme", site.desk.state()) | {UP: 1.0}
        assert [] == differences(wanted, await prometheus.query(f"{TICKETS} or up"))

    await eventually(look)
    assert [] == prometheus.complaints


@pytest.mark.slow
async def test_without_the_password_there_is_nothing(
    launcher: Launcher, simulator: Simulator, authority: Authority, tmp_path: Path
) -> None:
    """A scrape without it fails, and brings no number."""
    sections = certificate(authority), users(prometheus="secret")
    prometheus = await Prometheus.start(
        launcher,
        tmp_path,
        await target(launcher, simulator, tmp_path, *sections),
        **over_tls(authority),
    )

    async def refused() -> None:
        # A scrape may also have failed because it took too long.
        assert "server returned HTTP status 401 Unauthorized" in await prometheus.last_error()
        assert {UP: 0.0} == await prometheus.query(f"{TICKETS} or up")

    await eventually(refused)


@pytest.mark.slow
@pytest.mark.parametrize("has_certificate", [True, False])
async def test_a_certificate_is_required(
    *,
    has_certificate: bool,
    launcher: Launcher,
    simulator: Simulator,
    authority: Authority,
    tmp_path: Path,
) -> None:
    """With the certificate that the exporter asks for scrapes succeed, without it none does."""
    pair = authority.key_pair("prometheus.example")
    shown = {"cert_file": str(pair.cert_file), "key_file": str(pair.key_file)}
    policy = (
        "client_auth_type: RequireAndVerifyClientCert",
        f"client_ca_file: {authority.ca_file}",
        "client_allowed_sans: [prometheus.example]",
    )
    prometheus = await Prometheus.start(
        launcher,
        tmp_path,
        await target(launcher, simulator, tmp_path, certificate(authority, *policy)),
        **over_tls(authority, **(shown if has_certificate else {})),
    )
    await is_up(prometheus, float(has_certificate))

"""The parts put together: what a configuration means for the calls that are made."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from exporter import app, assembly, config
from exporter.whmcs.client import open_session
from tests.exposition_check import check, value
from tests.fake_clock import FakeClock
from tests.whmcs.authority import Authority
from tests.whmcs.server import answer, says, serving

if TYPE_CHECKING:
    from pathlib import Path

COUNTS = b'{"result":"success","allActive":3,"awaitingReply":2,"flaggedTickets":1,"status":[]}'


@pytest.fixture(name="authority", scope="module")
def make_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return an authority that this machine does not know."""
    return Authority(tmp_path_factory.mktemp("authority"))


def configured(folder: Path, *sites: str) -> config.Config:
    """Load sites, each the rest of a mapping after its credential and one source."""
    path = folder / "whmcs.yml"
    # No busy machine shall cut a call short.
    every = "identifier: a, secret: b, sources: [ticket_counts], timeout: 50s"
    lines = (f"  - {{{every}, {site}}}" for site in sites)
    path.write_text("sites:\n" + "\n".join(lines), encoding="utf-8")
    return config.load(path, {})


async def test_https_sites_trust_who_they_are_told_to(authority: Authority, tmp_path: Path) -> None:
    """A site with `ca_file` is read over TLS; one without refuses the unknown authority."""
    async with serving(says(answer(COUNTS)), tls=authority.server_context()) as server:
        trusting = (
            f"name: a, url: '{server.address}', tls_config: {{ca_file: '{authority.ca_file}'}}"
        )
        sites = configured(tmp_path, trusting, f"name: b, url: '{server.address}'")
        exposition, all_succeeded = await app.collect(sites)
    text = exposition.decode()
    check(text)
    assert not all_succeeded
    assert (1, 0) == (value(text, "whmcs_up", site="a"), value(text, "whmcs_up", site="b"))
    assert 3 == value(text, "whmcs_tickets_active", site="a")
    assert 1 == value(text, "whmcs_api_failures_total", site="b", reason="tls")


def test_endpoints_know_every_secret_of_their_site(tmp_path: Path) -> None:
    """What one department's call repeats of another one's credential is not shown either."""
    by = "by: credentials, credentials: [{name: d, identifier: c, secret: e}]"
    (site,) = configured(
        tmp_path, f"name: a, url: 'https://a.example', departments: {{{by}}}"
    ).sites
    endpoint = assembly.endpoint(site, None)
    assert [("a", "b"), ("c", "e")] == [each.values() for each in endpoint.credentials]


def test_sites_of_one_tls_configuration_share_its_context(tmp_path: Path) -> None:
    """Contexts are as many as distinct configurations; plain HTTP needs none."""
    skip = "tls_config: {insecure_skip_verify: true}"
    named = "tls_config: {server_name: whmcs.example}"
    sites = configured(
        tmp_path,
        "name: a, url: 'https://a.example'",
        f"name: b, url: 'https://b.example', {named}",
        f"name: c, url: 'https://c.example', {skip}",
        f"name: d, url: 'https://d.example', {skip}",
        "name: e, url: 'http://127.0.0.1'",
        "name: f, url: 'http://127.0.0.1', proxy_url: 'https://proxy.example'",
    ).sites
    contexts = assembly.Contexts()
    a, b, c, d, e, f = map(contexts.of, sites)
    assert a is b is f is not c
    assert c is d
    assert e is None


def test_changed_certificates_make_another_context(authority: Authority, tmp_path: Path) -> None:
    """The context stays as long as its files do; whoever asks after a change gets a new one."""
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(authority.ca_file.read_bytes())
    site = f"name: a, url: 'https://a.example', tls_config: {{ca_file: '{ca_file}'}}"
    (configured_site,) = configured(tmp_path, site).sites
    contexts = assembly.Contexts()
    before = contexts.of(configured_site)
    assert contexts.of(configured_site) is before
    ca_file.write_bytes(authority.ca_file.read_bytes() + b"\n")
    assert contexts.of(configured_site) is not before


async def test_health_checks_of_many_sites_cost_as_much_as_of_few(tmp_path: Path) -> None:
    """Frequent health checks do not inspect every poller each time."""
    costs = []
    async with open_session("test") as session:
        for number in (50, 400):
            sites = (f"name: s{each}, url: 'https://a.example'" for each in range(number))
            exporter = app.Exporter(
                configured(tmp_path, *sites).sites,
                session,
                clock=FakeClock(),
                process_metrics=False,
            )
            costs.append(min(_cost(exporter) for _ in range(5)))
    assert costs[1] < 3 * costs[0]


def _cost(exporter: app.Exporter) -> float:
    began = time.process_time()
    for _ in range(2_000):
        assert exporter.healthy()
    return time.process_time() - began

"""How many rejected logins a host sees: at most two in any 15 minutes, whoever causes them."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest

from exporter.polling import backoff_registry
from exporter.polling.backoff import BackingOff, Backoff
from exporter.polling.backoff_registry import BackoffRegistry, CredentialState
from exporter.polling.site import Site
from exporter.whmcs.client import Identity
from exporter.whmcs.errors import ApiError, AuthFailed, IPDenied, RateLimited
from tests.polling.outside import (
    COUNTS,
    WHMCS,
    Answer,
    Bench,
    Call,
    SecretFile,
    by_credentials,
    department_of,
)

URL = "https://whmcs.example/includes/api.php"
WRONG = [f"{'x' * number}-wrong" for number in range(1, 13)]
ACCEPTED = ["sales", "billing", "support"]


def accept_known(call: Call) -> Answer:
    """Accept the credentials that do not call themselves wrong."""
    return AuthFailed("no") if "wrong" in call.form["identifier"] else department_of(call)


def sent(bench: Bench) -> list[str]:
    """Return whose credentials were sent, and forget them."""
    names = [call.form["identifier"] for call in bench.whmcs.calls]
    bench.whmcs.calls.clear()
    return names


@pytest.mark.parametrize("seconds", [0.0, 0.2])
async def test_twelve_wrong_credentials_cause_two_rejected_logins(seconds: float) -> None:
    """The third credential is not sent until the first rejection is 15 minutes old."""
    bench = Bench(max_concurrency=20)
    bench.whmcs.answers[COUNTS] = accept_known
    bench.whmcs.seconds = seconds
    source = by_credentials(*WRONG)
    poll = asyncio.create_task(bench.poll(source))
    await bench.clock.advance(30)
    await poll
    bench.whmcs.seconds = 0.0

    assert WRONG[:2] == sent(bench)
    for _ in range(14):
        await bench.clock.advance(60)
        await bench.poll(source)
    assert [] == sent(bench)


async def test_every_credential_is_tried_in_the_end() -> None:
    """Wrong credentials do not use the attempts of those that were never tried."""
    bench = Bench()
    bench.whmcs.answers[COUNTS] = accept_known
    source = by_credentials(*WRONG[:3], *ACCEPTED)

    names: list[str] = []
    rejected: list[float] = []
    for _ in range(60):
        await bench.poll(source)
        rejected += [call.at for call in bench.whmcs.calls if "wrong" in call.form["identifier"]]
        names = sent(bench)
        await bench.clock.advance(60)

    assert ACCEPTED == [name for name in names if name in ACCEPTED]
    assert all(later - first >= 900 for first, later in zip(rejected, rejected[2:], strict=False))


async def test_accepted_credentials_continue() -> None:
    """Credentials that were accepted are polled at every interval, whatever others cause."""
    bench = Bench()
    bench.whmcs.answers[COUNTS] = accept_known
    await bench.poll(by_credentials(*ACCEPTED))
    await bench.poll(by_credentials(*WRONG))
    sent(bench)

    for _ in range(10):
        await bench.clock.advance(60)
        await bench.poll(by_credentials(*ACCEPTED, *WRONG))

    assert ACCEPTED * 10 == [name for name in sent(bench) if name in ACCEPTED]


async def test_credentials_that_are_revoked_together_cause_two_rejected_logins() -> None:
    """After the rejection of an accepted credential, every other one has to be accepted again."""
    bench = Bench(max_concurrency=1)
    bench.whmcs.answers[COUNTS] = department_of
    source = by_credentials("a", "bb", "ccc", "dddd")
    await bench.poll(source)
    bench.whmcs.answers[COUNTS] = AuthFailed("no")
    sent(bench)

    for _ in range(10):
        await bench.poll(source)
        await bench.clock.advance(60)

    assert ["a", "bb"] == sent(bench)


class Host:
    """Several sites on one host, each with a WHMCS and a credential of its own."""

    def __init__(self, number: int, answer: Answer) -> None:
        """Answer every request to every site alike."""
        self.bench = Bench()
        self.registry = BackoffRegistry(self.bench.clock.monotonic)
        self.sites: list[tuple[Site, WHMCS]] = []
        for name in range(number):
            whmcs = WHMCS(self.bench.clock)
            whmcs.answers[COUNTS] = answer
            self.sites.append((self.site(f"site{name}", whmcs, URL), whmcs))

    def site(self, name: str, whmcs: WHMCS, url: str) -> Site:
        """Return a site at a URL."""
        return Site(
            name,
            whmcs,
            timeout=10.0,
            max_concurrency=2,
            clock=self.bench.clock,
            telemetry=self.bench.telemetry,
            host=self.registry.host(url),
        )

    async def poll(self) -> int:
        """Poll every site once at the same time; return how many requests were sent."""
        before = self.requests
        await asyncio.gather(*(self.poll_site(site) for site, _ in self.sites))
        return self.requests - before

    async def poll_site(self, site: Site) -> None:
        """Poll one site with a credential of its own."""
        bench = Bench(clock=self.bench.clock)
        bench.site = site
        await bench.poll(bench.ticket_counts(credential=SecretFile(name=site.name)))

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return sum(len(whmcs.calls) for _, whmcs in self.sites)


async def test_sites_on_one_host_share_the_limit() -> None:
    """WHMCS counts rejected logins by address, not by site."""
    host = Host(8, AuthFailed("no"))

    assert 2 == await host.poll()
    assert 0 == await host.poll()


async def test_denied_address_stops_every_site_on_the_host() -> None:
    """The request of one site shows that the host accepts no request from this address."""
    host = Host(8, IPDenied("Invalid IP 192.0.2.1"))

    assert 1 == await host.poll()
    await host.bench.clock.advance(127)
    assert 1 == await host.poll()


async def test_other_hosts_are_not_affected() -> None:
    """A port or a scheme of its own makes another host."""
    host = Host(1, IPDenied("no"))
    await host.poll()
    for url in ("https://other.example/", "https://whmcs.example:8443/", "http://whmcs.example/"):
        whmcs = WHMCS(host.bench.clock)
        await host.poll_site(host.site("other", whmcs, url))
        assert 1 == len(whmcs.calls)
    whmcs = WHMCS(host.bench.clock)
    await host.poll_site(host.site("same", whmcs, "https://WHMCS.example:443/other/"))
    assert [] == whmcs.calls


async def test_slow_login_does_not_stop_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A site that never responds delays the others on its host for a second at most."""
    monkeypatch.setattr(backoff_registry, "PATIENCE", 0.0)
    host = Host(4, AuthFailed("unused"))
    loop = asyncio.get_running_loop()
    hanging = loop.create_future()
    for number, (_, whmcs) in zip(count(), host.sites, strict=False):
        whmcs.answers[COUNTS] = Bench().whmcs.answers[COUNTS] if number else hanging
    polls = asyncio.create_task(host.poll())
    async with asyncio.timeout(30):
        while host.requests < len(host.sites):  # noqa: ASYNC110 - a timer of the loop decides
            await asyncio.sleep(0)
    hanging.set_exception(AuthFailed("no"))
    await polls


async def test_slow_rejections_do_not_exceed_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more logins are under way than may be rejected."""
    monkeypatch.setattr(backoff_registry, "PATIENCE", 0.0)
    host = Host(6, AuthFailed("unused"))
    loop = asyncio.get_running_loop()
    futures = [loop.create_future() for _ in host.sites]
    for future, (_, whmcs) in zip(futures, host.sites, strict=True):
        whmcs.answers[COUNTS] = future
    polls = asyncio.create_task(host.poll())
    for _ in range(200):
        await asyncio.sleep(0)
    assert 2 == host.requests
    for future in futures:
        future.set_exception(AuthFailed("no"))
    assert 2 == await polls
    for future in futures:
        future.exception()


async def test_backoffs_survive_their_sites() -> None:
    """A site that is removed and added again is still backing off."""
    host = Host(1, AuthFailed("no"))
    await host.poll()
    host.sites.clear()
    host.registry.prune()
    whmcs = WHMCS(host.bench.clock)
    host.sites = [(host.site("site0", whmcs, URL), whmcs)]

    assert 0 == await host.poll()


def test_the_error_names_reason_and_end() -> None:
    """Log, landing page and metrics show both."""
    error = BackingOff("auth", 900.0)

    assert ("auth", 900.0, "backing off after `auth`") == (error.reason, error.until, str(error))


class Registry:
    """The states of one host, by a clock that a test holds."""

    def __init__(self) -> None:
        """Start with one credential."""
        self.now = 1000.0
        self.registry = BackoffRegistry(lambda: self.now)
        self.host = self.registry.host(URL)
        self.state: CredentialState | None = self.host.credential(Identity(b"c", b"a"))

    def fail(self, error: ApiError) -> None:
        """Reject a request with the credential, whose site is then removed."""
        assert self.state is not None
        self.state.failed("ticket_counts", COUNTS, error, self.now)
        self.state = None

    def is_kept(self) -> bool:
        """Return whether the host is still known after the next reload."""
        self.registry.prune()
        return self.registry.host(URL) is self.host


def test_host_is_kept_while_a_site_uses_it() -> None:
    """A site holds the state of its credential."""
    registry = Registry()

    assert registry.is_kept()
    registry.state = None
    assert not registry.is_kept()


@pytest.mark.parametrize(
    ("error", "longest"),
    [
        (AuthFailed("no"), 900),
        (IPDenied("no"), 126),
        (RateLimited("no", 300.0), 300),
        (RateLimited("no"), 63),
    ],
)
def test_host_is_kept_while_a_rejection_counts(error: ApiError, longest: float) -> None:
    """A site that is removed and added again must not forget why it waited."""
    registry = Registry()
    registry.fail(error)

    assert registry.is_kept()
    registry.now += longest / 1.06
    assert registry.is_kept()
    registry.now += longest
    assert not registry.is_kept()


def test_second_backoff_starts_when_the_first_one_ends() -> None:
    """A rejection at that very moment is the next one, not a part of the first."""
    wait = Backoff("auth")
    wait.reject(0.0)
    first = wait.until
    wait.reject(first - 1)
    assert first == wait.until
    wait.reject(first)
    assert 900 <= wait.until - first <= 945


def test_reset_ends_the_wait() -> None:
    """The next rejection causes the shortest wait again."""
    wait = Backoff("auth")
    wait.reject(0.0)
    wait.reset()
    wait.check(0.0)
    wait.reject(0.0)

    assert 120 <= wait.until <= 126

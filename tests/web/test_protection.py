"""The rules of a web configuration over real sockets: users, headers, TLS, and how they change."""

from __future__ import annotations

import asyncio
import logging
import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import aiohttp
import pytest

from exporter.web.protection import Protection
from tests.web.clients import assert_open, connected, crowd, turns, until
from tests.web.rules import ServedTLS, UnfitError, Written, hashed
from tests.web.serving import Served, serving
from tests.web.test_limits import refused
from tests.web.test_users import basic, held, recorded
from tests.whmcs.authority import Authority

if TYPE_CHECKING:
    from pathlib import Path

ALICE = basic("alice", "secret")
USERS = {b"alice": hashed("secret")}
PATHS = (
    "/",
    "/metrics",
    "/probe?target=nowhere",
    "/sd",
    "/api/v1/sites",
    "/-/healthy",
    "/healthz",
    "/-/ready",
    "/nowhere",
)


@dataclass
class File:
    """A web configuration file whose content the test holds as an object."""

    path: Path
    written: Written | None = None
    problem: str = "x.yml:1:1: no good"
    reads: int = 0

    def write(self, written: Written | None) -> None:
        """Change it; None is something that can't be used."""
        self.written = written if written is None else replace(written, files=(self.path,))
        self.path.write_text("x" * (1 + len(self.path.read_text()) if self.path.exists() else 1))

    def load(self) -> Written:
        """Read it as the configuration's reader does."""
        self.reads += 1
        if self.written is None:
            raise UnfitError(f"{self.problem}\nx.yml:2:1: not at all")
        return self.written


@pytest.fixture
def file(tmp_path: Path) -> File:
    """Return a file that says nothing yet."""
    return File(tmp_path / "web.yml")


async def protection(file: File, written: Written) -> Protection:
    """Write a file and follow it."""
    file.write(written)
    return await asyncio.to_thread(Protection, file.load, UnfitError)


async def look(rules: Protection) -> None:
    """Look at the files once, where that may block."""
    await asyncio.to_thread(rules.look)


async def status(served: Served, user: str | None, path: str = "/metrics") -> int:
    """Ask for a page on a new connection."""
    headers = {"Connection": "close"} | ({"Authorization": user} if user else {})
    async with served.client.get(path, headers=headers) as response:
        return response.status


@pytest.mark.parametrize("path", PATHS)
async def test_every_path_asks_for_a_user(path: str, file: File) -> None:
    """Without a name nothing is told, not even which paths there are; health is no exception."""
    rules = await protection(file, Written(users=USERS))
    async with serving(protection=rules) as served:
        async with served.client.get(path) as response:
            assert 401 == response.status
            assert "Basic" == response.headers["WWW-Authenticate"]
            assert "nosniff" == response.headers["X-Content-Type-Options"]
            assert "Unauthorized\n" == await response.text()
        assert 401 == await status(served, basic("alice", "wrong"), path)
        assert 401 == await status(served, basic("bob", "secret"), path)
        assert (404 if "nowhere" in path else 200) == await status(served, ALICE, path)


async def test_refusals_are_counted(file: File) -> None:
    """Who scrapes with a wrong password is seen in the exporter's own metrics."""
    async with serving(protection=await protection(file, Written(users=USERS))) as served:
        await status(served, None)
        await status(served, ALICE)
        assert 1 == served.exporter.answered("/metrics", 401)
        assert 1 == served.exporter.answered("/metrics", 200)


async def test_more_logins_than_can_be_checked(file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the queue before bcrypt the answer is to come again, and no verdict."""
    bcrypt_works = held(monkeypatch)
    async with serving(protection=await protection(file, Written(users=USERS))) as served:
        wrong = [
            asyncio.create_task(status(served, basic("alice", str(number)))) for number in range(90)
        ]
        (refused, *_), _ = await asyncio.wait(wrong, return_when=asyncio.FIRST_COMPLETED)
        assert 503 == await refused
        bcrypt_works.set()
        assert {401, 503} == set(await asyncio.gather(*wrong))
        assert 200 == await status(served, ALICE)


async def test_without_users_everybody_gets_in(file: File) -> None:
    """A file without users asks for none."""
    async with serving(protection=await protection(file, Written())) as served:
        assert 200 == await status(served, None)


async def test_headers_are_added_replaced_and_taken_away(file: File) -> None:
    """The file's headers go before the exporter's own; a blank one is left out."""
    headers = {"Strict-Transport-Security": "max-age=1", "X-Frame-Options": "sameorigin"}
    written = Written(headers=headers | {"Content-Security-Policy": "", "X-XSS-Protection": ""})
    async with (
        serving(protection=await protection(file, written)) as served,
        served.client.get("/nowhere") as response,
    ):
        assert headers == {name: response.headers[name] for name in headers}
        assert "Content-Security-Policy" not in response.headers
        assert "X-XSS-Protection" not in response.headers


async def test_users_come_and_go(file: File, caplog: pytest.LogCaptureFixture) -> None:
    """After a look at the changed file the new users get in and the old ones don't."""
    rules = await protection(file, Written(users=USERS))
    bob = basic("bob", "other")
    with caplog.at_level(logging.INFO):
        async with serving(protection=rules) as served:
            assert (200, 401) == (await status(served, ALICE), await status(served, bob))
            file.write(Written(users={b"bob": hashed("other")}))
            await look(rules)
            assert (401, 200) == (await status(served, ALICE), await status(served, bob))
    assert ["web configuration read again"] == caplog.messages


async def test_what_did_not_change_is_not_read(file: File) -> None:
    """A look costs a glance at each file."""
    rules = await protection(file, Written(users=USERS))
    for _ in range(3):
        await look(rules)
    assert 1 == file.reads
    file.write(Written(users=USERS))
    for _ in range(3):
        await look(rules)
    assert 2 == file.reads


async def test_newly_named_files_are_followed(file: File, tmp_path: Path) -> None:
    """A file that another one names since its last change is looked at from then on."""
    rules = await protection(file, Written(users=USERS))
    other = tmp_path / "other.pem"
    other.touch()
    file.write(Written(users=USERS))
    file.written = Written(users=USERS, files=(file.path, other))
    for reads in (2, 2):
        await look(rules)
        assert reads == file.reads
    other.write_text("renewed", encoding="utf-8")
    await look(rules)
    assert 3 == file.reads


async def test_a_broken_file_keeps_the_old_rules(
    file: File, caplog: pytest.LogCaptureFixture
) -> None:
    """What can't be used is said once, in one line, and changes nothing; mended it is followed."""
    rules = await protection(file, Written(users=USERS))
    with caplog.at_level(logging.INFO):
        async with serving(protection=rules) as served:
            file.write(None)
            for _ in range(3):
                await look(rules)
            assert 200 == await status(served, ALICE)
            (record,) = caplog.records
            assert "web configuration not read again" == record.message
            assert "x.yml:1:1: no good; x.yml:2:1: not at all" == vars(record)["error"]
            file.problem = "another"
            await look(rules)
            assert 2 == len(caplog.records)
            file.written = Written(users={b"bob": hashed("other")}, files=(file.path,))
            await look(rules)
            assert 401 == await status(served, ALICE)


async def test_an_error_that_comes_back_is_logged_again(
    file: File, caplog: pytest.LogCaptureFixture
) -> None:
    """After the file was good in between, the same error is a new one."""
    rules = await protection(file, Written(users=USERS))
    for _ in range(2):
        file.write(None)
        await look(rules)
        file.write(Written(users=USERS))
        await look(rules)
    assert ["web configuration not read again"] * 2 == caplog.messages


@pytest.mark.parametrize("what", ["users", "TLS"])
async def test_protection_is_not_taken_away_while_running(
    what: str, file: File, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that lost its users or TLS, as half-written ones do, is not followed."""
    tls = ServedTLS(context=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    before = Written(users=USERS, tls=tls)
    after = replace(before, users={}) if what == "users" else replace(before, tls=ServedTLS())
    rules = await protection(file, before)
    file.write(after)
    await look(rules)
    await look(rules)
    assert before.users == rules.rules.users
    assert tls.context is rules.context
    (record,) = caplog.records
    assert "gone from the file" in vars(record)["error"]


async def test_a_file_that_is_gone_keeps_the_rules(file: File) -> None:
    """Between a removal and a new file nothing changes."""
    rules = await protection(file, Written(users=USERS))
    file.path.unlink()
    file.written = None
    await look(rules)
    assert USERS == rules.rules.users


async def test_warnings_are_logged(file: File, caplog: pytest.LogCaptureFixture) -> None:
    """What the reader warns of is in the log, at the start and after a change."""
    rules = await protection(file, Written(warnings=("careful",)))
    file.write(Written(warnings=("more careful",)))
    await look(rules)
    assert ["careful", "more careful"] == caplog.messages


def trusting(authority: Authority, client: str | None = None) -> ssl.SSLContext:
    """Return a client's context, with a certificate of its own if it has a name."""
    context = ssl.create_default_context(cafile=authority.ca_file)
    if client is not None:
        pair = authority.key_pair(client)
        context.load_cert_chain(pair.cert_file, pair.key_file)
    return context


async def over_tls(served: Served, context: ssl.SSLContext) -> int:
    """Scrape over TLS, on a new connection."""
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"https://localhost:{served.port}/metrics", ssl=context) as response,
    ):
        await response.read()
        return response.status


async def test_certificates_are_renewed_while_running(file: File, tmp_path: Path) -> None:
    """New connections get the new certificate; one that is open goes on."""
    old, new = Authority(tmp_path / "old"), Authority(tmp_path / "new")
    for authority in (old, new):
        authority.folder.mkdir()
    rules = await protection(file, Written(tls=ServedTLS(context=old.server_context())))
    async with serving(protection=rules) as served, aiohttp.ClientSession() as kept:
        url, context = f"https://localhost:{served.port}/metrics", trusting(old)
        async with kept.get(url, ssl=context) as response:
            await response.read()
        file.write(Written(tls=ServedTLS(context=new.server_context())))
        await look(rules)
        assert 200 == await over_tls(served, trusting(new))
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await over_tls(served, trusting(old))
        async with kept.get(url, ssl=context) as response:
            assert 200 == response.status


def naming_clients(authority: Authority) -> Written:
    """Let in clients of an authority with some names."""
    allowed = frozenset({"client.example", "192.0.2.1", "2001:db8::1", "a@client.example"})
    context = authority.server_context(asks_client=True)
    return Written(tls=ServedTLS(context=context, allowed_sans=allowed))


@pytest.mark.parametrize("name", ["client.example", "192.0.2.1", "2001:db8::1", "a@client.example"])
async def test_clients_with_an_allowed_name_get_in(name: str, file: File, tmp_path: Path) -> None:
    """Host names, addresses and mail addresses in the certificate count alike."""
    authority = Authority(tmp_path)
    async with serving(protection=await protection(file, naming_clients(authority))) as served:
        assert 200 == await over_tls(served, trusting(authority, name))


@pytest.mark.parametrize("name", ["other.example", "192.0.2.2", "*.example"])
async def test_clients_with_another_name_do_not(name: str, file: File, tmp_path: Path) -> None:
    """A certificate of the right authority is not enough, and no pattern is a match."""
    authority = Authority(tmp_path)
    async with serving(protection=await protection(file, naming_clients(authority))) as served:
        with pytest.raises(aiohttp.ClientError):
            await over_tls(served, trusting(authority, name))


async def test_without_a_certificate_nobody_gets_in(
    file: File, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where one is asked for, a client without one fails, and the log says nothing."""
    authority = Authority(tmp_path)
    tls = ServedTLS(context=authority.server_context(asks_client=True))
    async with serving(protection=await protection(file, Written(tls=tls))) as served:
        with pytest.raises(aiohttp.ClientError):
            await over_tls(served, trusting(authority))
    assert [] == caplog.records


async def test_a_login_whose_client_is_gone_leaves_the_queue(
    file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong passwords of clients that have disconnected keep no place before a right one."""
    rules = await protection(file, Written(users=USERS))
    bcrypt_works = held(monkeypatch)
    wrong = basic("alice", "wrong").encode()
    said = b"GET /metrics HTTP/1.1\r\nHost: a\r\nAuthorization: %b\r\n\r\n" % wrong
    async with serving(protection=rules) as served:
        # Two runs of bcrypt go on after their clients have left.
        for number in (1, 5):
            with crowd(served, 65, said):
                await refused(served.exporter, number)
                assert 503 == await status(served, ALICE)
            await assert_open(served, 0)
            await turns()
        asked = asyncio.create_task(status(served, ALICE, "/healthz"))
        await turns()
        assert not asked.done()
        bcrypt_works.set()
        assert 200 == await asked


async def test_a_new_client_is_checked_before_a_flood(
    file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A right password on a new connection is checked before those that follow a wrong one."""
    rules = await protection(file, Written(users=USERS))
    async with serving(protection=rules) as served, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(connected(served)) for _ in range(70)]
        for number, client in enumerate(clients, 1):
            client.say(wrong("first"))
            await rejected(served, number)
        bcrypt_works = held(monkeypatch)
        checked = recorded(monkeypatch)
        for number, client in enumerate(clients):
            client.say(wrong(f"wrong {number}"))
        await refused(served.exporter, 6)
        asked = asyncio.create_task(status(served, ALICE))
        # It replaces the last one of the queue.
        await refused(served.exporter, 7)
        bcrypt_works.set()
        assert 200 == await asked
    assert b"secret" in checked[:3]


async def rejected(served: Served, number: int) -> None:
    """Wait until so many scrapes had a wrong password."""
    await until(lambda: served.exporter.answered("/metrics", 401) == number)


def wrong(password: str) -> bytes:
    """Return a scrape with a wrong password."""
    header = basic("alice", password).encode()
    return b"GET /metrics HTTP/1.1\r\nHost: a\r\nAuthorization: %b\r\n\r\n" % header

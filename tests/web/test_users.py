"""Names and passwords against bcrypt hashes: who is known, and what it costs to find out."""

from __future__ import annotations

import asyncio
import base64
import gc
import threading

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.web.users import TooManyLogins, Users
from tests.web.rules import hashed

# Seconds: more than a busy machine takes for anything.
PATIENCE = 60
HASHES = {b"alice": hashed("pass:word"), "Zoë".encode(): hashed("für"), b"": hashed("nameless")}


def basic(name: str | bytes, password: str | bytes) -> str:
    """Return the header of a user."""
    parts = [part if isinstance(part, bytes) else part.encode() for part in (name, password)]
    return f"Basic {base64.b64encode(b':'.join(parts)).decode()}"


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Record the passwords that bcrypt checks."""
    return recorded(monkeypatch)


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Return the passwords that bcrypt checks from now on."""
    asked: list[bytes] = []
    really = bcrypt.checkpw

    def noting(password: bytes, hashed_password: bytes) -> bool:
        asked.append(password)
        return really(password, hashed_password)

    monkeypatch.setattr(bcrypt, "checkpw", noting)
    return asked


def held(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Let bcrypt itself go on only when the event is set."""
    may_go_on = threading.Event()
    really = bcrypt.checkpw

    def waiting(password: bytes, hashed_password: bytes) -> bool:
        assert may_go_on.wait(PATIENCE)
        return really(password, hashed_password)

    monkeypatch.setattr(bcrypt, "checkpw", waiting)
    return may_go_on


@pytest.mark.parametrize(
    ("name", "password"), [("alice", "pass:word"), ("Zoë", "für"), ("", "nameless")]
)
async def test_the_right_password_is_known(name: str, password: str) -> None:
    """A user gets in, the first time and again; any script, colons and an empty name are fine."""
    users = Users()
    for _ in range(2):
        assert await users.known(HASHES, basic(name, password))


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic YWxpY2U",
        "Basic Zo\u00eb",
        "Basic " + base64.b64encode(b"alice").decode(),
        basic("alice", "password"),
        basic("alice", ""),
        basic("alice", "pass:word\n"),
        basic("alice", b"\xff\x00"),
        basic("Alice", "pass:word"),
        basic("bob", "pass:word"),
        basic("Zoë", "pass:word"),
        basic("alice", "pass:word").replace("Basic", "Bearer"),
        basic("alice", "pass:word").replace("Basic", "Basic "),
    ],
)
async def test_nothing_else_is_known(authorization: str) -> None:
    """Another password, another name, another scheme or nonsense stays outside, each time."""
    users = Users()
    for _ in range(2):
        assert not await users.known(HASHES, authorization)


@given(st.text(st.characters(codec="latin-1")))
async def test_any_header_has_an_answer(authorization: str) -> None:
    """Whatever is sent, nothing raises."""
    assert not await Users().known(HASHES, authorization)


async def test_the_scheme_is_written_in_any_case() -> None:
    """RFC 9110 has schemes without case."""
    authorization = basic("alice", "pass:word").replace("Basic", "bASIC")
    assert await Users().known(HASHES, authorization)


async def test_passwords_end_where_bcrypt_ends() -> None:
    """Beyond 72 bytes bcrypt sees nothing, in Go as here, and no length is an error."""
    hashes = {b"alice": hashed("x" * 72)}
    assert await Users().known(hashes, basic("alice", "x" * 100))
    assert not await Users().known(hashes, basic("alice", "x" * 71))


async def test_a_result_is_remembered(checks: list[bytes]) -> None:
    """One password is checked once, good or bad, however often and at once it is asked about."""
    users = Users()
    for password, is_right in (("pass:word", True), ("wrong", False)):
        asked = [users.known(HASHES, basic("alice", password)) for _ in range(20)]
        assert [is_right] * 20 == await asyncio.gather(*asked)
    assert 1 <= checks.count(b"pass:word") <= 2
    assert 1 <= checks.count(b"wrong") <= 2


async def test_a_new_hash_is_checked_anew() -> None:
    """What was right with the old hash is not remembered for the new one."""
    users = Users()
    assert await users.known(HASHES, basic("alice", "pass:word"))
    changed = HASHES | {b"alice": hashed("new")}
    assert not await users.known(changed, basic("alice", "pass:word"))
    assert await users.known(changed, basic("alice", "new"))
    assert not await users.known({b"bob": HASHES[b"alice"]}, basic("alice", "pass:word"))


async def test_wrong_passwords_do_not_push_out_right_ones(checks: list[bytes]) -> None:
    """A flood of wrong passwords leaves the scraper's remembered, and the memory bounded."""
    users = Users()
    assert await users.known(HASHES, basic("alice", "pass:word"))
    for number in range(300):
        await users.known(HASHES, basic("alice", str(number)))
    assert 301 == len(checks)
    assert await users.known(HASHES, basic("alice", "pass:word"))
    assert 301 == len(checks)
    for number, runs in ((299, 301), (0, 302)):
        assert not await users.known(HASHES, basic("alice", str(number)))
        assert runs == len(checks)


async def test_too_many_at_once_are_refused(checks: list[bytes]) -> None:
    """Beyond the queue the answer comes at once, and those in it are still told."""
    users = Users()
    asked = [users.known(HASHES, basic("alice", str(number))) for number in range(100)]
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert 64 == found.count(False) == len(checks)
    assert 36 == sum(isinstance(each, TooManyLogins) for each in found)
    assert await users.known(HASHES, basic("alice", "pass:word"))


async def test_who_is_cancelled_leaves_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelled checks free their places, and never let more than two runs of bcrypt begin."""
    bcrypt_works = held(monkeypatch)
    begun: list[bytes] = []
    waiting = bcrypt.checkpw

    def noting(password: bytes, hashed_password: bytes) -> bool:
        begun.append(password)
        return waiting(password, hashed_password)

    monkeypatch.setattr(bcrypt, "checkpw", noting)
    users = Users()
    for turn in range(3):
        asked = [
            asyncio.create_task(users.known(HASHES, basic("alice", f"{turn} {number}")))
            # Two runs of bcrypt go on after their callers have left.
            for number in range(62)
        ]
        for _ in range(20):
            await asyncio.sleep(0)
        for each in asked:
            each.cancel()
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in found)
    assert len(begun) <= 2
    right = asyncio.create_task(users.known(HASHES, basic("alice", "pass:word")))
    bcrypt_works.set()
    assert await right


async def test_the_loop_goes_on_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """While bcrypt works others are served."""
    bcrypt_works = held(monkeypatch)
    checking = asyncio.create_task(Users().known(HASHES, basic("alice", "wrong")))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not checking.done()
    bcrypt_works.set()
    assert not await checking


@pytest.mark.parametrize("name", ["alice", "bob"])
async def test_who_is_no_user_costs_as_much(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that nobody has takes one run of bcrypt, as a wrong password of somebody does."""
    runs: list[bytes] = []

    def noted(password: bytes, hashed_password: bytes) -> bool:
        runs.append(hashed_password)
        return checked(password, hashed_password)

    checked = bcrypt.checkpw
    monkeypatch.setattr(bcrypt, "checkpw", noted)
    hashes = {b"alice": hashed("x", 4)}
    assert not await Users().known(hashes, basic(name, "y"))
    assert [hashes[b"alice"]] == runs


async def test_no_password_is_kept() -> None:
    """What is remembered is a keyed digest, of another key in each process."""
    sentinel = "sentinel-" + "x" * 20
    users = Users()
    await users.known(HASHES, basic("alice", sentinel))
    gc.collect()
    held = repr(vars(users))
    assert sentinel not in held
    assert "pass:word" not in held
    other = Users()
    await other.known(HASHES, basic("alice", sentinel))
    assert remembered(users)
    assert remembered(users).isdisjoint(remembered(other))


def remembered(users: Users) -> set[bytes]:
    """Return the keys of whatever an object remembers."""
    return {key for kept in vars(users).values() if isinstance(kept, dict) for key in kept}

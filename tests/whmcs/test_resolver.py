"""Names become addresses, and nobody waits for a lookup that does not end."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from exporter.whmcs.client import Endpoint
from exporter.whmcs.resolver import Resolver
from tests.whmcs.calls import failure

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("127.0.0.1", ("127.0.0.1", socket.AF_INET)),
        ("::1", ("::1", socket.AF_INET6)),
        ("fe80::1%lo", (f"fe80::1%{socket.if_nametoindex('lo')}", socket.AF_INET6)),
    ],
)
async def test_addresses(name: str, address: tuple[str, socket.AddressFamily]) -> None:
    """Each address is one to connect to, with the link that it is valid on."""
    found = await Resolver().resolve(name, 443, socket.AF_UNSPEC)
    assert [(*address, 443)] == [(each["host"], each["family"], each["port"]) for each in found]


@pytest.mark.parametrize(
    ("name", "error"), [("1.2.3.4.5.6", socket.gaierror), ("a..b", UnicodeError)]
)
async def test_name_without_address(name: str, error: type[Exception]) -> None:
    """What the system says is raised where the name was asked for."""
    with pytest.raises(error):
        await Resolver().resolve(name, family=socket.AF_INET)


def _nothing(*_arguments: object, **_options: object) -> list[object]:
    return []


def _no_thread(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


@pytest.mark.parametrize(
    ("owner", "name", "instead", "said"),
    [
        (socket, "getaddrinfo", _nothing, "the name has no address"),
        (threading.Thread, "start", _no_thread, "no thread is left"),
    ],
)
async def test_lookup_that_finds_or_begins_nothing(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, instead: object, said: str
) -> None:
    """It fails its own call as an unknown name does; anything else would end the process."""
    monkeypatch.setattr(owner, name, instead)
    error = await failure(Endpoint(url="http://whmcs.test/", response_bytes=1024))
    assert "connect" == error.reason
    assert said in str(error)
    with pytest.raises(socket.gaierror):
        await Resolver().resolve("whmcs.test")


async def test_name_with_thousands_of_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's favourites are tried, and a name server chooses no price."""
    known = [f"127.0.{index // 250}.{index % 250}" for index in range(4000)]
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in known]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: found)
    tried = [each["host"] for each in await Resolver().resolve("whmcs.test", 443)]
    assert tried == known[: len(tried)]
    assert 8 <= len(tried) <= 64


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Make the system's lookups wait for the event."""
    released = threading.Event()
    look_up = socket.getaddrinfo

    def wait(*arguments: object, **options: object) -> object:
        released.wait()
        return look_up(*arguments, **options)  # type: ignore[arg-type]  # what it was called with

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    yield released
    released.set()


async def test_lookup_that_is_given_up_ends_in_silence(stuck: threading.Event) -> None:
    """Its thread neither holds up the process nor complains when it comes back."""
    before = set(threading.enumerate())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(Resolver().resolve("127.0.0.1"), 0.01)
    (thread,) = set(threading.enumerate()) - before
    assert thread.daemon
    stuck.set()
    thread.join()


async def test_many_stuck_lookups_do_not_delay_each_other(stuck: threading.Event) -> None:
    """However many names hang, each lookup is under way at once."""
    before = set(threading.enumerate())
    lookups = [asyncio.ensure_future(Resolver().resolve("127.0.0.1")) for _ in range(100)]
    await asyncio.sleep(0)
    assert 100 == len(set(threading.enumerate()) - before)
    stuck.set()
    assert 100 == len(await asyncio.gather(*lookups))

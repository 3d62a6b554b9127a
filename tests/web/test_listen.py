"""Addresses as people write them, and the sockets that come of them."""

import asyncio
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.web.listen import Address, Listener
from exporter.web.pages import Pages, WebOptions
from exporter.web.server import Server
from tests.web.serving import StandIn


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (":9942", Address("", 9942)),
        (":0", Address("", 0)),
        (":65535", Address("", 65535)),
        ("127.0.0.1:9942", Address("127.0.0.1", 9942)),
        ("localhost:80", Address("localhost", 80)),
        ("[::1]:9942", Address("::1", 9942)),
        ("[fe80::1%eth0]:9942", Address("fe80::1%eth0", 9942)),
        ("unix:/run/exporter.sock", Address(path=Path("/run/exporter.sock"))),
        ("unix:a:1", Address(path=Path("a:1"))),
    ],
)
def test_good_addresses(text: str, address: Address) -> None:
    """Each form is read, and written as it was."""
    assert address == Address.parse(text)
    assert text == str(address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9942",
        ":",
        "localhost",
        "localhost:",
        ":65536",
        ":-1",
        ":+1",
        ": 1",
        ":1_0",
        ":٣",
        ":²",
        ":" + "1" * 5_000,
        "::1:9942",
        "[::1]",
        "[::1:9942",
        "::1]:9942",
        "[[::1]]:9942",
        "[]:9942",
        "[localhost]:9942",
        "a]:9942",
        "unix:",
        "http://localhost:9942",
    ],
)
def test_bad_addresses(text: str) -> None:
    """Anything else is refused, and the message shows the forms."""
    expected = f"{text!r} is not :PORT, HOST:PORT, [IPv6]:PORT or unix:PATH"
    with pytest.raises(ValueError, match="is not") as refused:
        Address.parse(text)
    assert expected == str(refused.value)


@given(st.text(st.sampled_from("[]:a0%/.1")) | st.text().map("unix:".__add__) | st.text())
@example("unix:")
def test_any_address_is_refused_or_read_for_good(text: str) -> None:
    """What is read is written so that it is read the same."""
    try:
        address = Address.parse(text)
    except ValueError as refused:
        assert "is not :PORT" in str(refused)  # noqa: PT017 - most texts are refused, not all
    else:
        assert address == Address.parse(str(address))


@pytest.fixture
def anywhere() -> Iterator[Listener]:
    """Listen on all addresses."""
    listener = Address.parse(":0").open()
    yield listener
    listener.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_every_address_of_the_machine(anywhere: Listener, host: str) -> None:
    """Without a host both families are served, on one port, which is told."""
    assert "" == anywhere.address.host
    with socket.create_connection((host, anywhere.address.port), timeout=5):
        pass


def test_every_address_without_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine without IPv6 the other addresses are served all the same."""
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
    listener = Address.parse(":0").open()
    assert socket.AF_INET == listener.socket.family
    with socket.create_connection(("127.0.0.1", listener.address.port), timeout=5):
        listener.close()


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("127.0.0.1:0", socket.AF_INET),
        ("[::1]:0", socket.AF_INET6),
    ],
)
def test_one_address_alone(text: str, family: socket.AddressFamily) -> None:
    """A host is listened on alone; port 0 becomes the one that the system picked."""
    listener = Address.parse(text).open()
    assert family == listener.socket.family
    assert listener.address.port == listener.socket.getsockname()[1]
    assert text.rpartition(":")[0] == str(listener.address).rpartition(":")[0]
    listener.close()


def test_a_name_of_both_families(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with an address of each family means the IPv4 one, as for Go's exporters."""
    both = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 0, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    listener = Address.parse("localhost:0").open()
    assert socket.AF_INET == listener.socket.family
    assert "localhost" == listener.address.host
    listener.close()


@pytest.mark.parametrize("host", ["", "127.0.0.1", "[::1]"])
def test_a_port_that_is_taken(host: str) -> None:
    """A second listener is told that the address is in use."""
    first = Address.parse(f"{host}:0").open()
    with pytest.raises(OSError, match="in use"):
        Address.parse(f"{host}:{first.address.port}").open()
    first.close()


@pytest.mark.parametrize("text", ["192.0.2.1:0", "a..b:0", f"{'x' * 70}:0"])
def test_a_host_that_is_not_here(text: str) -> None:
    """An address of another machine, or what can be no name, is an error of the system's kind."""
    with pytest.raises(OSError, match=r"[cC]annot"):
        Address.parse(text).open()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a socket may be."""
    return tmp_path / "exporter.sock"


async def scraped(listener: Listener) -> int:
    """Serve on a Unix socket, scrape over it, and return the status."""
    exporter = StandIn()
    pages = Pages(exporter, exporter.exposition, WebOptions(), exporter.reload)
    connector = aiohttp.UnixConnector(str(listener.address.path))
    async with (
        Server(pages.application(), [listener.socket]),
        aiohttp.ClientSession(connector=connector) as client,
        client.get("http://exporter/metrics") as response,
    ):
        return response.status


def test_a_unix_socket_is_served_and_removed(path: Path) -> None:
    """Scrapes go through it; nothing is left when it is closed."""
    listener = Address.parse(f"unix:{path}").open()
    assert f"unix:{path}" == str(listener.address)
    assert 200 == asyncio.run(scraped(listener))
    listener.close()
    assert not path.exists()


def test_closing_a_socket_that_somebody_removed(path: Path) -> None:
    """A path that is gone already is no error."""
    listener = Address(path=path).open()
    path.unlink()
    listener.close()
    assert not path.exists()


def test_a_left_over_socket_is_replaced(path: Path) -> None:
    """After a crash the path is there still; the next start takes it."""
    with socket.socket(socket.AF_UNIX) as crashed:
        crashed.bind(str(path))
    listener = Address(path=path).open()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    listener.close()


def test_a_living_socket_is_left_alone(path: Path) -> None:
    """The exporter that runs already keeps its socket."""
    first = Address(path=path).open()
    with pytest.raises(OSError, match="in use"):
        Address(path=path).open()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    first.close()


def test_a_busy_socket_is_left_alone(path: Path) -> None:
    """One that lives but accepts nobody just now is no left-over, and is not waited for."""
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as client:
        busy.bind(str(path))
        busy.listen(0)
        client.connect(str(path))
        with pytest.raises(OSError, match="in use"):
            Address(path=path).open()


def test_another_kind_of_socket_is_left_alone(path: Path) -> None:
    """A socket of datagrams is somebody else's."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(path))
        with pytest.raises(OSError, match="in use"):
            Address(path=path).open()
    assert stat.S_ISSOCK(path.stat().st_mode)


def test_a_file_is_left_alone(path: Path) -> None:
    """A mistyped path costs nobody a file."""
    path.write_text("precious", "utf-8")
    with pytest.raises(OSError, match="in use"):
        Address(path=path).open()
    assert "precious" == path.read_text("utf-8")


def open_descriptors() -> int:
    """Return how many files and sockets this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_folder_that_is_missing(path: Path) -> None:
    """The socket cannot be made, and no descriptor is left open."""
    before = open_descriptors()
    with pytest.raises(FileNotFoundError):
        Address(path=path / "missing" / "a.sock").open()
    assert before == open_descriptors()

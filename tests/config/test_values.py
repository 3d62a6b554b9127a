"""Single values: durations, sizes, numbers, URLs, hosts."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config import addresses, values
from exporter.config.values import Unfit
from exporter.durations import written

MILLISECONDS = {
    "y": 365 * 24 * 60 * 60 * 1000,
    "w": 7 * 24 * 60 * 60 * 1000,
    "d": 24 * 60 * 60 * 1000,
    "h": 60 * 60 * 1000,
    "m": 60 * 1000,
    "s": 1000,
    "ms": 1,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30s", 30.0), ("1h30m", 5400.0), ("500ms", 0.5), ("1d", 86400.0), ("1w", 604800.0)],
)
def test_duration(text: str, expected: float) -> None:
    """Durations are Prometheus's."""
    assert expected == values.duration(text)


@given(st.lists(st.integers(0, 99), min_size=7, max_size=7))
def test_duration_is_the_sum_of_its_parts(counts: list[int]) -> None:
    """Any parts in order of their units add up."""
    text = "".join(f"{count}{unit}" for count, unit in zip(counts, MILLISECONDS, strict=True))
    total = sum(count * size for count, size in zip(counts, MILLISECONDS.values(), strict=True))
    assert total / 1000 == values.duration(text, least=0, most=1e12)


@given(st.integers(1, 10**10))
def test_duration_reads_what_is_written(count: int) -> None:
    """What a message says is what a file may say."""
    assert count / 1000 == values.duration(written(count / 1000))


READERS: list[Callable[[str], object]] = [
    values.duration,
    values.size,
    lambda text: values.integer(text, least=-5, most=10**15),
]


@given(
    st.sampled_from(READERS),
    st.text() | st.from_regex(r"[0-9\u0660-\u0669.e_+-]{1,9}[a-zA-Z]{0,3}"),
)
def test_only_ascii_digits_and_units(read: Callable[[str], object], text: str) -> None:
    """Whatever is taken is ASCII without signs for humans; everything else is unfit."""
    try:
        read(text)
    except Unfit:
        return
    assert text.removeprefix("-").isalnum()
    assert text.isascii()


@pytest.mark.parametrize(
    "text",
    ["", "s", "1", "1s1m", "1 s", "1S", "-1s", "+1s", "1.5s", "\u0661s", "nan", "1e3s", "1s\n"],
)
def test_no_duration(text: str) -> None:
    """What Prometheus does not take is unfit."""
    with pytest.raises(Unfit):
        values.duration(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1MiB", 1 << 20), ("512KiB", 1 << 19), ("1GiB", 1 << 30), ("4096", 4096)],
)
def test_size(text: str, expected: int) -> None:
    """Sizes are bytes, or binary multiples of them."""
    assert expected == values.size(text)


@pytest.mark.parametrize("text", ["2GiB", "0", "1023", "1 MiB", "1mib", "1.5MiB", "-1MiB", "MiB"])
def test_no_size(text: str) -> None:
    """Other units and sizes out of bounds are unfit."""
    with pytest.raises(Unfit):
        values.size(text)


@pytest.mark.parametrize("text", ["True", "yes", "no", "on", "1", "0", "y"])
def test_no_boolean(text: str) -> None:
    """Only true and false are truth values."""
    with pytest.raises(Unfit):
        values.boolean(text)


@given(st.text())
def test_any_zone(text: str) -> None:
    """Any text is a time zone or unfit."""
    try:
        zone = values.timezone(text)
    except Unfit:
        return
    assert text == zone


def base(text: str) -> str:
    """Read a base URL as of a site that allows nothing special."""
    return addresses.base_url(text, allow_http=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://acme.example", "https://acme.example"),
        ("https://acme.example///", "https://acme.example"),
        ("https://acme.example:8443/a/b%20c/", "https://acme.example:8443/a/b%20c"),
        ("HTTPS://ACME.example", "HTTPS://ACME.example"),
        ("https://xn--bcher-kva.example.", "https://xn--bcher-kva.example."),
        ("https://192.0.2.1", "https://192.0.2.1"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://LOCALHOST", "http://LOCALHOST"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://127.9.8.7/x", "http://127.9.8.7/x"),
        ("http://[::1]:80", "http://[::1]:80"),
        ("https://acme.example/includes", "https://acme.example/includes"),
    ],
)
def test_base_url(text: str, expected: str) -> None:
    """A base is kept as configured, without its trailing slashes."""
    assert expected == base(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://acme.example",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://128.0.0.1",
        "http://[2001:db8::1]",
        "https://",
        "https:acme.example",
        "//acme.example",
        "https://acme..example",
        "https://acme.example:0",
        "https://acme.example:99999",
        "https://acme.example:",
        "https://acme.example:80a",
        "https://acme.example\\x",
        "https://acme.example/a b",
        "https://acme.example/\n",
        "https://bücher.example",
        "https://[::1]x",
        "https://[::1%25eth0]",
        "https://[127.0.0.1.1]",
        "https://u@acme.example",
        "https://u:p@ss@acme.example",
        "https://acme.example/?",
        "https://acme.example/#",
        "https://acme.example/includes/api.php/",
        "https://acme.example/Includes/API.php",
        f"https://{'a' * 64}.example",
    ],
)
def test_no_base_url(text: str) -> None:
    """What is no base, or would send the credential in clear, is unfit."""
    with pytest.raises(Unfit):
        base(text)


def test_http_where_it_is_allowed() -> None:
    """Plain HTTP to anywhere is a decision of the user."""
    assert addresses.base_url("http://acme.example", allow_http=True) == "http://acme.example"


@given(st.text() | st.from_regex(r"https?://[a-z0-9:.@\[\]/?#%-]{0,30}"))
def test_any_url(text: str) -> None:
    """Any text is unfit, or a URL that the standard library understands alike."""
    try:
        parts = urlsplit(base(text))
    except Unfit:
        return
    assert parts.hostname is not None
    assert parts.hostname == str(addresses.host_of(text)).lower()
    assert (parts.username, parts.query, parts.fragment) == (None, "", "")


@pytest.mark.parametrize(
    "text", ["a", "a.example", "a.example:1", "[::1]", "[::1]:8080", "192.0.2.1:80"]
)
def test_host_header(text: str) -> None:
    """A host header is a host and perhaps a port."""
    assert text == addresses.host_header(text)


@pytest.mark.parametrize(
    "text", ["", "a b", "a\r\nb: c", "a:", "a:x", "a:70000", "::1", "[::g]", "ü", "a/b"]
)
def test_no_host_header(text: str) -> None:
    """Nothing that would break a header is one."""
    with pytest.raises(Unfit):
        addresses.host_header(text)


@pytest.mark.parametrize("text", ["", "a:1", "a b", "[::1]", ".".join(["a" * 60] * 5)])
def test_no_server_name(text: str) -> None:
    """The name in a certificate is a name."""
    with pytest.raises(Unfit):
        addresses.server_name(text)


def test_server_name() -> None:
    """The name of a host is a server name."""
    assert addresses.server_name("whmcs.example") == "whmcs.example"

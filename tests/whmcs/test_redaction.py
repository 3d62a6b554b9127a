"""What a server repeats of a secret, in whatever encoding, is not shown."""

import html
import json
import textwrap
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING
from urllib.parse import quote as percent
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.whmcs.redaction import censor, quote

if TYPE_CHECKING:
    from exporter.whmcs.document import JSON

SECRET = "Tr0ub4dor&3<+/\"\\'ä z"  # noqa: S105 - of this test
SHORT = "p;<%"
HIDDEN = "(not shown: it repeats a secret)"


def base64(text: str) -> str:
    """Encode as the header of basic authentication does."""
    return b64encode(text.encode()).decode()


def slashed(text: str) -> str:
    """Encode as PHP's ``addslashes`` does."""
    return "".join(f"\\{letter}" if letter in "\\'\"" else letter for letter in text)


ENCODERS: dict[str, Callable[[str], str]] = {
    "html": html.escape,
    "numbers": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "hexadecimal numbers": lambda text: "".join(f"&#x{ord(letter):04X};" for letter in text),
    "percent": lambda text: percent(text, safe=""),
    "form": quote_plus,
    "every letter percent": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "json": lambda text: json.dumps(text)[1:-1],
    "json of php": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "every letter json": lambda text: "".join(
        f"\\u{unit:04x}" for unit in memoryview(text.encode("utf-16-le")).cast("H")
    ),
    "bytes of javascript": lambda text: "".join(
        f"\\x{ord(letter):02x}" if ord(letter) < 256 else letter for letter in text
    ),
    "octal bytes of php": lambda text: "".join(
        f"\\{ord(letter):03o}" if ord(letter) < 256 else letter for letter in text
    ),
    "letters of php": lambda text: "".join(f"\\u{{{ord(letter):x}}}" for letter in text),
    "hexadecimal": lambda text: text.encode().hex(),
    "hexadecimal of mysql": lambda text: f"0x{text.encode().hex().upper()}",
    "slashes": slashed,
    "base64": base64,
    "base64 of urls": lambda text: urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "a login": lambda text: base64(f"user:{text}"),
    "base64 within a word": lambda text: f"Basic{base64(text)}",
    "lines": lambda text: textwrap.fill(base64(text), 16),
}
MARKS: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "spaces": " ".join,
    "zeros, as in UTF-16": "\0".join,
    "invisible": "\N{ZERO WIDTH SPACE}".join,
}
TEXTS = st.text(st.characters(exclude_categories=["C"]), max_size=40)


@pytest.mark.parametrize("secret", [SECRET, "hunter2-and-more", "A" * 300, SECRET * 20])
@pytest.mark.parametrize("name", ENCODERS | MARKS)
@pytest.mark.parametrize("template", ["{}", "Invalid password: {} (login.php)", "x" * 190 + " {}"])
def test_encodings(name: str, secret: str, template: str) -> None:
    """A secret that stands there as it is is blotted; in an encoding it hides all that was said."""
    shown = quote(template.format((ENCODERS | MARKS)[name](secret)), [secret])
    assert shown in {HIDDEN, template.format("***")[:200]}


@pytest.mark.parametrize("outer", ENCODERS)
@pytest.mark.parametrize("inner", ENCODERS)
def test_encodings_of_encodings(inner: str, outer: str) -> None:
    """One in another is found as well."""
    assert quote(ENCODERS[outer](ENCODERS[inner](SECRET)), [SECRET]) in {HIDDEN, "***"}


@pytest.mark.parametrize("name", ENCODERS)
def test_short_secrets(name: str) -> None:
    """One of a few letters is found where all of it stands."""
    for secret in (SHORT, "p&ss", "a+b c"):
        assert quote(f"No {ENCODERS[name](secret)} here", [secret]) in {HIDDEN, "No *** here"}


@pytest.mark.parametrize(
    ("secret", "echo"),
    [
        ("pass\nword", r"pass\nword"),
        ("pass\tword", r"PASS\u0009WORD"),
        ("hunter2-and-more", r"\U0068\U0075\U006E\U0074\U0065\U0072\U0032\U002D\U0061"),
        ("\N{ADMISSION TICKETS}" * 4, r"\ud83c\udf9f" * 4),
    ],
)
def test_escapes(secret: str, echo: str) -> None:
    """Backslashes are read for what they stand for, in either case."""
    assert HIDDEN == quote(f"No {echo} here", [secret])


@settings(deadline=None)
@given(
    secret=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=4, max_size=40),
    encoders=st.lists(st.sampled_from(sorted(ENCODERS)), max_size=3),
    before=TEXTS,
    after=TEXTS,
)
def test_arbitrary_echo(secret: str, encoders: list[str], before: str, after: str) -> None:
    """However a secret was encoded, its encoding is not shown."""
    echo = reduce(lambda text, name: ENCODERS[name](text), encoders, secret)
    shown = quote(f"{before} {echo} {after}", [secret])
    assert echo not in shown or echo in f"{before} {after}"
    assert shown.isprintable()
    assert len(shown) <= 200


@pytest.mark.parametrize(
    ("text", "context"),
    [
        ("Fatal error: login('hunter2-an...')", ""),
        ("hunter2\\'", "<title>hunter2\\'<-and-more</title>"),
        ("to /hunter2", "/hunter2%23-and-more"),
        ("hunter2-", ""),
    ],
)
def test_pieces(text: str, context: str) -> None:
    """A secret that was cut off, by the server or by us, is one still."""
    secrets = ["hunter2-and-more", "hunter2'<-and-more", "hunter2#-and-more"]
    assert HIDDEN == quote(text, secrets, context)


def test_what_is_no_secret() -> None:
    """What is encoded, looks so, or holds a few letters of a secret, is shown as it is."""
    for text in (
        "Command not found: Z2V0dGlja2V0Y291bnRz",
        "C:\\inetpub\\new%20folder+x",
        "hunter2 and more",
        "Tom & Jerry",
    ):
        assert text == quote(text, ["hunter2-and-more"])


def test_a_text_of_too_many_layers() -> None:
    """A text that can be read in very many ways is not read at all."""
    text = r"%2525\\u0025&amp;amp;+%5Cu0026amp;%26%2337;\u0026%2334;/w==%41abcdefgh"
    assert HIDDEN == quote(text * 3, ["hunter2-and-more"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hunter2m", "***"),
        ("No HUNTER2M &amp;amp; <b>", "No *** &amp; <b>"),
        ("&#104;unter2&#x6D;", "***"),
        (f"&#{'0' * 5000}104;unter2m", "***"),
        (f"&#{'9' * 5000};", f"&#{'9' * 5000};"),
        ("Sales &amp;amp; More", "Sales &amp;amp; More"),
        ("hunter2 m", "hunter2 m"),
        ("Support", "Support"),
    ],
)
def test_names(name: str, expected: str) -> None:
    """A name that holds a secret holds blots instead, and no other one changes."""
    document: JSON = {"a": [{"name": name, "title": 1}, name], "title": name, "subject": name}
    censor(document, json.dumps(document).encode(), ["hunter2m", "other-secret", "Support"])
    rows: JSON = [{"name": expected, "title": 1}, name]
    assert {"a": rows, "title": expected, "subject": name} == document


@pytest.mark.parametrize(
    "secret",
    ["hunter2more", 'hunter"2-"more', "hunter/2/more", "hänter2more", "HÄNTER2MORE"],
)
@pytest.mark.parametrize("write", [json.dumps, lambda value: json.dumps(value, ensure_ascii=False)])
def test_names_however_they_are_written(secret: str, write: Callable[[object], str]) -> None:
    """Escaped or not, a secret in a name is found."""
    document: JSON = {"name": secret.swapcase()}
    censor(document, write(document).replace("/", "\\/").encode(), [secret])
    assert {"name": "***"} == document


def test_names_are_looked_at_where_a_secret_may_be() -> None:
    """A body in which none can be is not looked through a second time."""
    document: JSON = {"name": "hunter2more"}
    censor(document, b'{"name": "other"}', ["hunter2more"])
    assert {"name": "hunter2more"} == document

"""What a server said, fit to be shown: short, printable, and without a secret that it repeats.

Servers repeat what they were sent: in error messages, on debugging pages, in redirects to a login;
as it was, or encoded for wherever it was to stand. A secret that stands there as it is becomes
``***``. Where one is left in some encoding, nobody can tell which letters were it, so nothing is
shown. Neither is where a piece of one is left: servers and titles cut texts off.
"""

from __future__ import annotations

import html
import re
from base64 import b64decode
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus

from exporter.whmcs.document import replace_texts, texts
from exporter.whmcs.entities import unescape

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from exporter.whmcs.document import JSON

# What is shown is read by people, who need no more of it than this.
LONGEST = 200
# So much is looked through for a secret that begins in what is shown.
_READ = 4096
_SEARCHED = 512
# So many letters of a secret in a row are no accident.
_PIECE = 8
# What of a document is shown, beside numbers.
_NAMES = ("title", "name", "version")
_HIDDEN = "(not shown: it repeats a secret)"
_BLOT = "***"
# Encodings within encodings: a page that shows a redirect that holds a form is three deep.
_DEPTH = 4
# Words look like base64 too, so most texts have some; one of so many is made to have them.
_MOST_FORMS = 64
_ESCAPE = re.compile(
    r"\\(?:u([0-9a-f]{4})|u\{([0-9a-f]{1,5})\}|x([0-9a-f]{2})|([0-7]{3})|(.))",
    re.DOTALL | re.IGNORECASE,
)
_CONTROLS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HEXADECIMAL = re.compile("(?:[0-9a-f]{2}){4,}", re.IGNORECASE)
_BASE64 = re.compile("[A-Za-z0-9+/_-]{6,}")
_URL_SAFE = str.maketrans("-_", "+/")


def quote(text: str, secrets: Collection[str], context: str = "") -> str:
    """Return the beginning of a text, which a server sent, as it may be shown.

    Args:
        text: What is to be shown.
        secrets: Values that it must not repeat, in any case of letters.
        context: What it was cut out of, to find a secret that was cut in two.
    """
    plain = blot(unescape(blot(text[:_READ], secrets)), secrets).strip()
    if _repeats((plain[:_SEARCHED], blot(context[:_SEARCHED], secrets)), secrets):
        return _HIDDEN
    printable = "".join(char if char.isprintable() else " " for char in plain)
    return printable[:LONGEST] or "(no message)"


def blot(text: str, secrets: Collection[str]) -> str:
    """Return a text with ``***`` wherever a secret stands in it as it is."""
    letters = text.casefold()
    # Compiling a pattern for each of a thousand secrets would take a tenth of a second.
    found = [secret for secret in secrets if secret and secret.casefold() in letters]
    # The longest first: one secret may be within another.
    for secret in sorted(found, key=len, reverse=True):
        text = re.sub(re.escape(secret), _BLOT, text, flags=re.IGNORECASE)
    return text


def censor(document: JSON, body: bytes, secrets: Collection[str]) -> None:
    """Blot secrets out of the names in a document, which ``body`` was read as: they become labels.

    One of a few letters may be a word of the desk's own, and stays.
    """
    long = [secret.lower() for secret in secrets if len(secret) >= _PIECE]
    # Nearly never; and to look at each name would take as long as to read them.
    if b"\\" in body or b"&" in body or _holds(body.lower(), long):
        # Together: the product of thousands of names and a thousand secrets is too large.
        names = "\n".join(map(unescape, texts(document, _NAMES))).lower()
        if found := [secret for secret in long if secret in names]:
            replace_texts(document, _NAMES, partial(_censored, secrets=found))


def _holds(body: bytes, secrets: Collection[str]) -> bool:
    """Tell whether a body in small letters may hold a secret that is not escaped in it."""
    return any(not secret.isascii() or secret.encode() in body for secret in secrets)


def _censored(text: str, secrets: Collection[str]) -> str:
    plain = unescape(text)
    letters = plain.lower()
    # Nearly never; and a name without a secret stays encoded as often as it is.
    return blot(plain, secrets) if any(secret in letters for secret in secrets) else text


def _repeats(texts: Iterable[str], secrets: Collection[str]) -> bool:
    """Tell whether any text, or what it is an encoding of, holds a secret or a piece of one."""
    bare = {_bare(secret) for secret in secrets} - {""}
    short = [secret for secret in bare if len(secret) < _PIECE]
    pieces = {piece for secret in bare for piece in _pieces(secret)}
    forms = _forms(texts)
    return len(forms) > _MOST_FORMS or any(
        not pieces.isdisjoint(_pieces(letters)) or any(secret in letters for secret in short)
        for letters in map(_bare, forms)
    )


def _pieces(letters: str) -> Iterator[str]:
    """Yield each row of so many letters; none where there are fewer."""
    return (letters[at : at + _PIECE] for at in range(len(letters) - _PIECE + 1))


def _bare(text: str) -> str:
    """Return the letters alone, in one case: lines may be wrapped, and marks put between."""
    return "".join(filter(str.isprintable, "".join(text.lower().split())))


def _forms(texts: Iterable[str]) -> set[str]:
    """Return the texts and all that they decode to, or more than so many."""
    new = set(texts)
    forms = set(new)
    for _ in range(_DEPTH):
        new = {decode(form) for form in new for decode in _DECODERS} - forms
        forms |= new
        if len(forms) > _MOST_FORMS:
            break
    return forms


def _unslash(text: str) -> str:
    """Undo the backslashes of JSON, of PHP's texts and of its ``addslashes``."""
    plain = _ESCAPE.sub(_letter, text)
    # JSON writes letters beyond 16 bits as two surrogates.
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _letter(escape: re.Match[str]) -> str:
    *hexadecimal, octal, letter = escape.groups()
    if octal:
        return chr(int(octal, 8))
    number = next(filter(None, hexadecimal), None)
    return chr(int(number, 16)) if number else _CONTROLS.get(letter, letter)


def _decode_base64(text: str, offset: int) -> str:
    """Decode what looks like base64, where each run begins so many letters too early."""
    runs = _BASE64.findall("".join(text.split()))
    return " ".join(_from_base64(run[offset:]) for run in runs)


def _from_base64(run: str) -> str:
    # One letter more than whole bytes is no part of them.
    whole = run[: len(run) - (len(run) % 4 == 1)].translate(_URL_SAFE)
    return b64decode(f"{whole}==").decode("utf-8", "replace")


def _decode_hexadecimal(text: str) -> str:
    """Decode what looks like PHP's ``bin2hex``."""
    return _HEXADECIMAL.sub(lambda run: bytes.fromhex(run[0]).decode("utf-8", "replace"), text)


_DECODERS: tuple[Callable[[str], str], ...] = (
    unescape,
    # Browsers also decode references that have no semicolon.
    html.unescape,
    unquote,
    unquote_plus,
    _unslash,
    _decode_hexadecimal,
    *(partial(_decode_base64, offset=offset) for offset in range(4)),
)

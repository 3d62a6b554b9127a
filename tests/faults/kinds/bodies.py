"""Bodies that are compressed, large, deep, or not JSON alone."""

from __future__ import annotations

import gzip
import zlib
from functools import cache
from typing import TYPE_CHECKING

from tests.faults.fault import Exchange, Fault, body, flood, ok
from tests.whmcs.server import OK

if TYPE_CHECKING:
    from collections.abc import Callable

_MIB = 1024 * 1024
_BLOCK = b" " * 64 * 1024
_BLOCKS = 200 * _MIB // len(_BLOCK)
_GZIP = "Content-Encoding: gzip"


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(1, wbits=31)
    return b"".join(packer.compress(bytes(_MIB)) for _ in range(128)) + packer.flush()


def _bombed(exchange: Exchange) -> bytes:
    del exchange
    return ok(_bomb(), _GZIP)


def _page(name: str, text: str) -> Fault:
    return Fault(name=name, reason="not_json", says=ok(text.encode(), "Content-Type: text/html"))


def _text(name: str, change: Callable[[bytes], bytes], reason: str | None = "not_json") -> Fault:
    return Fault(name=name, reason=reason, says=body(change))


COMPRESSED = (
    Fault(name="gzip", reason=None, says=body(gzip.compress, _GZIP)),
    Fault(name="gzip announced, plain sent", reason=None, says=body(lambda good: good, _GZIP)),
    Fault(
        name="gzip cut off",
        reason="not_json",
        says=body(lambda good: gzip.compress(good)[:-9], _GZIP),
    ),
    Fault(
        name="gzip with a wrong checksum",
        reason="not_json",
        says=body(lambda good: gzip.compress(good)[:-8] + bytes(8), _GZIP),
    ),
    Fault(
        name="gzip with something behind it",
        reason="not_json",
        says=body(lambda good: gzip.compress(good) + b"x", _GZIP),
    ),
    Fault(
        name="gzip twice",
        reason="not_json",
        says=body(lambda good: gzip.compress(gzip.compress(good)), _GZIP),
    ),
    Fault(name="gzip not announced", reason="not_json", says=body(gzip.compress)),
    Fault(
        name="an encoding that was not asked for",
        reason="not_json",
        says=body(zlib.compress, "Content-Encoding: deflate"),
    ),
    Fault(name="a gzip bomb of 128 MiB", reason="too_large", says=_bombed),
)
LARGE = (
    Fault(
        name="200 MB with a length",
        reason="too_large",
        says=OK + b"Content-Length: 209715200\r\n\r\n",
        end=flood(_BLOCK, _BLOCKS),
    ),
    Fault(
        name="200 MB without a length",
        reason="too_large",
        says=OK + b"\r\n",
        end=flood(_BLOCK, _BLOCKS),
    ),
    Fault(
        name="200 MB in chunks",
        reason="too_large",
        says=OK + b"Transfer-Encoding: chunked\r\n\r\n",
        end=flood(b"10000\r\n" + _BLOCK + b"\r\n", _BLOCKS),
    ),
    Fault(
        name="a 403 of 200 MB",
        reason="too_large",
        says=b"HTTP/1.1 403 Forbidden\r\n\r\n",
        end=flood(_BLOCK, _BLOCKS),
    ),
    _text("lists nested 65 deep", lambda _: b"[" * 65 + b"]" * 65, "too_large"),
    _text("lists nested 60,000 deep", lambda _: b"[" * 60_000 + b"]" * 60_000, "too_large"),
    _text("objects nested 60,000 deep", lambda _: b'{"a":' * 60_000, "too_large"),
    _text("300,000 lists side by side", lambda _: b"[" + b"[]," * 300_000 + b"[]]", "too_large"),
    _text("good JSON and 2 MiB of spaces", lambda good: good + b" " * 2 * _MIB, "too_large"),
)
PAGES = (
    _page("a licence error as a page", "<h1>License Error</h1><p>license suspended</p>"),
    _page("a leftover install folder", "<p>For security reasons please remove the install folder"),
    _page("a maintenance page", "<h1>Down for Maintenance</h1>"),
    _page("a browser challenge", "<title>Just a moment...</title><script>challenge()</script>"),
    _page("a page that leads elsewhere", '<meta http-equiv="refresh" content="0; url=http://x/">'),
    _page("an XML answer", '<?xml version="1.0"?><whmcsapi><result>success</result></whmcsapi>'),
    _page("a success as text", "result=success;allactive=666;awaitingreply=666"),
)
TEXTS = (
    _text("nothing", lambda _: b""),
    _text("white space", lambda _: b" \r\n\t "),
    _text("half of the JSON, with its right length", lambda good: good[: len(good) // 2]),
    _text("a PHP warning before JSON", lambda good: b"<br /><b>Warning</b>: x" + good),
    _text("a PHP warning behind JSON", lambda good: good + b"<br /><b>Warning</b>: x"),
    _text("a byte order mark and a warning", lambda good: b"\xef\xbb\xbfWarning: x" + good),
    _text("two byte order marks", lambda good: b"\xef\xbb\xbf" * 2 + good),
    _text("the JSON twice", lambda good: good + good),
    _text("JSON in UTF-16", lambda good: good.decode().encode("utf-16")),
    _text("JSON with a text in Latin-1", lambda good: good.replace(b"{", b'{"x": "\xe9", ', 1)),
    _text("JSONP", lambda good: b"callback(" + good + b")"),
    _text("single quotes", lambda good: good.replace(b'"', b"'")),
    _text("a comma too many", lambda good: good[:-1] + b",}"),
    _text("a comment in JSON", lambda good: b"/* cached */" + good),
    _text("NaN as a number", lambda good: good.replace(b"}", b', "x": NaN}', 1)),
    _text("Infinity as a number", lambda good: good.replace(b"}", b', "x": -Infinity}', 1)),
    _text("a NUL behind JSON", lambda good: good + b"\0"),
    _text("a byte order mark", lambda good: b"\xef\xbb\xbf" + good, None),
    _text("white space around JSON", lambda good: b"\r\n " + good + b"\n\n", None),
)
TYPES = tuple(
    Fault(
        name=f"good JSON as {kind}",
        reason=None,
        says=body(lambda good: good, f"Content-Type: {kind}"),
    )
    for kind in ("text/html; charset=iso-8859-1", "application/octet-stream", "nonsense")
)
FAULTS = (*COMPRESSED, *LARGE, *PAGES, *TEXTS, *TYPES)

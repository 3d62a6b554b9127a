"""Answers that are no HTTP, or HTTP at its edges."""

from __future__ import annotations

from tests.faults.fault import Exchange, Fault, body, close, flood, ok, status
from tests.whmcs.server import OK

_CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
_LONG = b"x" * 10_000


def _raw(name: str, reason: str, says: bytes) -> Fault:
    return Fault(name=name, reason=reason, says=says, end=close)


def _chunked(exchange: Exchange) -> bytes:
    good = exchange.good
    parts = (good[:7], good[7:])
    chunks = b"".join(b"%x;note=1\r\n%s\r\n" % (len(part), part) for part in parts)
    return _CHUNKED + chunks + b"0\r\nX-Trailer: 1\r\n\r\n"


def _wrong_length(difference: int) -> Fault:
    name = f"a length {abs(difference)} bytes too {'large' if difference > 0 else 'small'}"

    def says(exchange: Exchange) -> bytes:
        good = exchange.good
        return OK + b"Content-Length: %d\r\n\r\n" % (len(good) + difference) + good

    return Fault(name=name, reason="connect", says=says, end=close)


NOT_HTTP = (
    _raw("JSON without HTTP", "connect", b'{"result": "success"}'),
    _raw("an SSH banner", "connect", b"SSH-2.0-OpenSSH_9.2\r\n"),
    _raw("binary garbage", "connect", b"\x00\x01\x02\xff" * 64),
    _raw("a TLS alert", "connect", b"\x15\x03\x01\x00\x02\x02\x28"),
    _raw("HTTP/2 frames", "connect", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"\x00" * 18),
    _raw("a status line without a status", "connect", b"HTTP/1.1 abc\r\n\r\n"),
)
FIELDS = (
    _raw("a length that is no number", "connect", OK + b"Content-Length: abc\r\n\r\n{}"),
    _raw("a negative length", "connect", OK + b"Content-Length: -1\r\n\r\n{}"),
    _raw(
        "two different lengths",
        "connect",
        OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    ),
    _raw(
        "a length and chunks",
        "connect",
        OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ),
    _raw("a NUL in a field", "connect", OK + b"X: a\x00b\r\n\r\n{}"),
    _raw("a field without a colon", "connect", OK + b"nonsense\r\n\r\n{}"),
    _raw("a chunk's size that is none", "connect", _CHUNKED + b"zz\r\n{}"),
    _wrong_length(7),
    _wrong_length(-7),
)
TOO_LARGE = (
    _raw("a status line of 10 kB", "too_large", b"HTTP/1.1 200 " + _LONG + b"\r\n\r\n"),
    _raw("a field of 10 kB", "too_large", OK + b"X: " + _LONG + b"\r\n\r\n"),
    _raw("a thousand fields", "too_large", OK + b"X: 1\r\n" * 1000 + b"\r\n"),
    Fault(name="a head without end", reason="too_large", says=OK + b"X: ", end=flood(_LONG)),
    Fault(
        name="a trailer without end",
        reason="too_large",
        says=_CHUNKED + b"0\r\n",
        end=flood(b"X: 1\r\n" * 100),
    ),
)
STATUSES = tuple(
    Fault(name=f"{line} with a page", reason="http_status", says=status(line))
    for line in (
        *("201 Created", "206 Partial Content", "400 Bad Request", "403 Forbidden"),
        *("404 Not Found", "405 Method Not Allowed", "406 Not Acceptable", "408 Request Timeout"),
        *("500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable", "520 Odd"),
    )
)
SILENT = (
    Fault(
        name="204 without a body",
        reason="http_status",
        says=b"HTTP/1.1 204 No Content\r\n\r\n",
    ),
    Fault(
        name="101 to another protocol",
        reason="http_status",
        says=b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        end=close,
    ),
    Fault(name="403 without a body", reason="http_status", says=status("403 Forbidden", b"")),
    Fault(
        name="500 with good JSON",
        reason="http_status",
        says=body(lambda good: good, status_line="500 Internal Server Error"),
    ),
)
ODD = (
    Fault(name="chunks with extensions and a trailer", reason=None, says=_chunked),
    Fault(
        name="a body that ends with the connection",
        reason=None,
        says=lambda exchange: OK + b"\r\n" + exchange.good,
        end=close,
    ),
    Fault(
        name="HTTP/1.0",
        reason=None,
        says=lambda exchange: b"HTTP/1.0 200 OK\r\n\r\n" + exchange.good,
        end=close,
    ),
    Fault(
        name="interim answers before the answer",
        reason=None,
        says=lambda exchange: (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
            + ok(exchange.good)
        ),
    ),
    Fault(
        name="cookies that are none",
        reason=None,
        says=body(lambda good: good, 'Set-Cookie: (;=a"=b; Expires=never'),
    ),
)
FAULTS = (*NOT_HTTP, *FIELDS, *TOO_LARGE, *STATUSES, *SILENT, *ODD)

"""What happens to connections, before and while an answer comes."""

from __future__ import annotations

from tests.faults.fault import Fault, after_a_moment, body, close, drip, flood, ok, reset, wait
from tests.whmcs.server import OK

_HEAD = OK + b"Content-Length: 500\r\n\r\n"
_CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
_CHUNK = b'15\r\n{"result": "success"}\r\n'
_HALF = b'{"result": "succ'
_WRONG = b'{"result": "success", "allActive": 666, "awaitingReply": 666, "flaggedTickets": 666}'

DOORS = (
    Fault(name="nobody listens", reason="connect", door="refused"),
    Fault(name="the address answers nothing at all", reason="timeout", door="full"),
    Fault(name="accepts and closes", reason="connect", asked=False, end=close),
    Fault(name="accepts and resets", reason="connect", asked=False, end=reset),
    Fault(name="accepts and says nothing", reason="timeout", asked=False, end=wait),
)
ENDS = (
    Fault(name="closes instead of an answer", reason="connect", end=close),
    Fault(name="closes in the status line", reason="connect", says=b"HTTP/1.1 20", end=close),
    Fault(name="closes in the head", reason="connect", says=OK + b"X: 1\r\n", end=close),
    Fault(name="closes before the body", reason="connect", says=_HEAD, end=close),
    Fault(name="closes in the body", reason="connect", says=_HEAD + _HALF, end=close),
    Fault(name="closes in a chunk", reason="connect", says=_CHUNKED + b"99\r\n{", end=close),
    Fault(name="closes before the last chunk", reason="connect", says=_CHUNKED + _CHUNK, end=close),
    Fault(
        name="closes in a body without a length",
        reason="not_json",
        says=OK + b"\r\n" + _HALF,
        end=close,
    ),
)
RESETS = tuple(
    Fault(name=f"resets {when}", reason="connect", says=says, end=after_a_moment(reset))
    for when, says in (
        ("instead of an answer", b""),
        ("in the status line", b"HTTP/1.1 20"),
        ("in the head", OK + b"X: 1\r\n"),
        ("before the body", _HEAD),
        ("in the body", _HEAD + _HALF),
        ("in a chunk", _CHUNKED + b"99\r\n{"),
        ("in a body without a length", OK + b"\r\n" + _HALF),
    )
)
HANGS = (
    Fault(name="hangs before the answer", reason="timeout", end=wait),
    Fault(name="hangs in the status line", reason="timeout", says=b"HTTP/1.1 20", end=wait),
    Fault(name="hangs in the head", reason="timeout", says=OK + b"X: 1\r\n", end=wait),
    Fault(name="hangs before the body", reason="timeout", says=_HEAD, end=wait),
    Fault(name="hangs in the body", reason="timeout", says=_HEAD + _HALF, end=wait),
    Fault(name="hangs in a chunk", reason="timeout", says=_CHUNKED + b"99\r\n{", end=wait),
    Fault(name="hangs before the last chunk", reason="timeout", says=_CHUNKED + _CHUNK, end=wait),
    Fault(
        name="a whole body, promised longer, then silence",
        reason="timeout",
        says=lambda exchange: _HEAD + exchange.good[:400],
        end=wait,
    ),
)
TRICKLES = (
    Fault(name="a head byte by byte", reason="timeout", says=OK, end=drip(b"X: 1\r\n")),
    Fault(name="a body byte by byte", reason="timeout", says=_HEAD, end=drip(b" ")),
    Fault(name="chunks of one byte", reason="timeout", says=_CHUNKED, end=drip(b"1\r\n \r\n")),
    Fault(
        name="one interim answer after another",
        reason="too_large",
        end=flood(b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    ),
)
STRAYS = (
    Fault(
        name="a second answer with other numbers",
        reason=None,
        says=body(lambda good: good),
        stray=ok(_WRONG),
    ),
    Fault(
        name="half of a second answer",
        reason=None,
        says=body(lambda good: good),
        stray=ok(_WRONG)[:-10],
    ),
    Fault(
        name="closes the connection after each answer",
        reason=None,
        says=body(lambda good: good),
        end=close,
    ),
    Fault(
        name="resets the connection after each answer",
        reason=None,
        says=body(lambda good: good, "Connection: close"),
        end=reset,
    ),
)
FAULTS = (*DOORS, *ENDS, *RESETS, *HANGS, *TRICKLES, *STRAYS)

"""Refusals by WHMCS and by what stands in front of it, and how long the exporter then waits."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.faults.fault import Fault, ok, status
from tests.faults.truth import COUNTS

FORBIDDEN = "403 Forbidden"
MINUTES = 120.0
LONGEST = 900.0


def _json(message: str) -> bytes:
    return json.dumps({"result": "error", "message": message}).encode()


def _refused(reason: str, message: str, line: str = FORBIDDEN, waits: float = 0.0) -> Fault:
    name = f"{line.split(maxsplit=1)[0]} “{message}”"
    return Fault(name=name, reason=reason, says=status(line, _json(message)), waits=waits)


def _page(name: str, reason: str, says: bytes, waits: float = 0.0) -> Fault:
    return Fault(name=name, reason=reason, says=says, waits=waits)


def _limited(line: str, retry_after: str, waits: float = 0.0) -> Fault:
    name = f"{line.split(maxsplit=1)[0]} with `Retry-After: {retry_after}`"
    says = status(line, b"slow down", f"Retry-After: {retry_after}")
    return Fault(name=name, reason="rate_limited", says=says, waits=waits)


def _date(days: int) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(days=days), usegmt=True)


ADDRESSES = (
    _refused("ip_denied", "Invalid IP 192.0.2.7", waits=MINUTES),
    _refused("ip_denied", "Invalid IP 192.0.2.7", "200 OK", MINUTES),
    _page(
        "403 “Invalid IP” as text",
        "ip_denied",
        status(FORBIDDEN, b"result=error;message=Invalid IP 192.0.2.7"),
        MINUTES,
    ),
    _page(
        "a page of a forbidden address",
        "ip_denied",
        status(FORBIDDEN, b"<h1>Forbidden IP</h1>"),
        MINUTES,
    ),
    _page(
        "a page of a banned address",
        "ip_denied",
        ok(b"<p>Your IP has been banned for 15 minutes</p>"),
        MINUTES,
    ),
)
CREDENTIALS = (
    *(
        _refused("auth", message, waits=MINUTES)
        for message in (
            "Invalid or missing credentials",
            "Authentication Failed",
            "Invalid password provided",
            "Administrator Account Disabled",
        )
    ),
    _page("401 with a page", "auth", status("401 Unauthorized"), MINUTES),
    _page("401 with JSON", "auth", status("401 Unauthorized", _json("Go away")), MINUTES),
)
PERMISSIONS = (
    _refused("permission", "Access Denied", waits=MINUTES),
    _refused(
        "permission", 'Invalid Permissions: API action "getticketcounts" is not allowed', waits=120
    ),
    Fault(
        name="one action is not allowed",
        reason="permission",
        says=status(FORBIDDEN, _json('Invalid Permissions: API action "x" is not allowed')),
        sources=("ticket_counts",),
        actions=(COUNTS,),
        waits=MINUTES,
    ),
)
ACTIONS = (
    _refused("api_error", "An unexpected error occurred", "200 OK"),
    _refused("api_error", "Empty action request", "400 Bad Request"),
    _refused("api_error", "Command not found", "400 Bad Request"),
    _refused("api_error", "Something broke", "500 Internal Server Error"),
    _page("a refusal as text", "api_error", ok(b"result=error;message=Something broke")),
    _page("a refusal without a message", "api_error", ok(b'{"result": "error"}')),
)
LIMITS = (
    Fault(
        name="429 without `Retry-After`",
        reason="rate_limited",
        says=status("429 Too Many Requests", b"slow down"),
    ),
    _limited("429 Too Many Requests", "0"),
    _limited("429 Too Many Requests", "30", 30.0),
    _limited("429 Too Many Requests", "300", 300.0),
    _limited("429 Too Many Requests", "999999999999", LONGEST),
    _page(
        "429 with a number of 500 digits",
        "rate_limited",
        status("429 Too Many Requests", b"", f"Retry-After: {'9' * 500}"),
        LONGEST,
    ),
    *(
        _limited("429 Too Many Requests", text)
        for text in ("", "-5", "1.5", "soon", "Fri, 31 Dec 1999 23:59:59 GMT")
    ),
    _page(
        "429 with a date tomorrow",
        "rate_limited",
        status("429 Too Many Requests", b"", f"Retry-After: {_date(1)}"),
        LONGEST,
    ),
    _limited("503 Service Unavailable", "120", 120.0),
    _limited("503 Service Unavailable", "garbled"),
)
FAULTS = (*ADDRESSES, *CREDENTIALS, *PERMISSIONS, *ACTIONS, *LIMITS)

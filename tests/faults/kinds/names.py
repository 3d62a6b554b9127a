"""Names that do not resolve, or lead elsewhere, and proxies in between."""

from __future__ import annotations

from typing import Any

from tests.faults.fault import Fault, body, close, ok, reset, status, wait

_OTHER = "127.0.0.2"
_HOST = "127.0.0.1"


def _name(name: str, reason: str | None, *resolves: str, moved: str = "") -> Fault:
    return Fault(
        name=name,
        reason=reason,
        says=body(lambda good: good),
        site="named",
        resolves=resolves,
        moved=moved,
    )


def _proxy(name: str, reason: str, **keys: Any) -> Fault:  # noqa: ANN401 - any other attribute
    return Fault(name=name, reason=reason, site="proxied", **keys)


def _tunnel(name: str, reason: str, **keys: Any) -> Fault:  # noqa: ANN401 - any other attribute
    return Fault(name=name, reason=reason, site="tunnelled", **keys)


NAMES = (
    _name("the name does not exist", "connect", "EAI_NONAME"),
    _name("the resolver cannot say now", "connect", "EAI_AGAIN"),
    _name("the resolver fails", "connect", "EAI_FAIL"),
    _name("the resolver never answers", "timeout", "HANG"),
    _name("the name leads where nobody listens", "connect", _OTHER),
    _name("the name has several addresses, none of them good", "connect", _OTHER, "127.0.0.3"),
    _name("the first of two addresses is dead", None, _OTHER, _HOST),
    _name("the name has an IPv6 address too, which is dead", None, "::1", _HOST),
    _name("the site has moved to another address", None, _OTHER, moved=_OTHER),
)
PROXIES = (
    _proxy("no proxy listens", "connect", door="refused"),
    _proxy("a proxy that wants a login", "http_status", says=status("407 Proxy Login")),
    _proxy("a proxy that finds no server", "http_status", says=status("502 Bad Gateway")),
    _proxy("a proxy that hangs", "timeout", end=wait),
    _proxy("a proxy that resets", "connect", end=reset),
    _proxy("a proxy that speaks no HTTP", "connect", says=b"\x05\x00", end=close),
    _proxy("a proxy with a page of its own", "not_json", says=ok(b"<h1>Captive portal</h1>")),
    _tunnel("a tunnel refused with 407", "connect", says=status("407 Login", b""), end=close),
    _tunnel("a tunnel refused with 502", "connect", says=status("502 Bad", b""), end=close),
    _tunnel("a tunnel that leads elsewhere", "connect", says=status("302 Found", b""), end=close),
    _tunnel("a tunnel that is never dug", "timeout", end=wait),
    _tunnel("a tunnel that resets", "connect", end=reset),
    _tunnel(
        "a tunnel to something without TLS",
        "tls",
        says=b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 400 Bad Request\r\n\r\n",
        end=close,
    ),
)
FAULTS = (*NAMES, *PROXIES)

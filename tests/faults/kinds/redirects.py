"""Redirects: never followed, so that credentials reach nobody but the configured server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.fault import Exchange, Fault, Says, SiteKind, status

if TYPE_CHECKING:
    from collections.abc import Callable

_CODES = ("301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent")


def _leads(line: str, target: Callable[[Exchange], str]) -> Says:
    return lambda exchange: status(line, b"", f"Location: {target(exchange)}")


def _redirect(
    line: str, where: str, target: Callable[[Exchange], str], site: SiteKind = "plain"
) -> Fault:
    return Fault(
        name=f"{line.split(maxsplit=1)[0]} {where}",
        reason="redirect",
        says=_leads(line, target),
        site=site,
    )


def _elsewhere(exchange: Exchange) -> str:
    return f"{exchange.elsewhere}/includes/api.php"


def _own(exchange: Exchange) -> str:
    return f"{exchange.own}/includes/api.php"


def _by_path(_: Exchange) -> str:
    return "/clientarea.php"


def _by_host(exchange: Exchange) -> str:
    return exchange.elsewhere.removeprefix("http:")


EACH = tuple(
    _redirect(line, where, target)
    for line in _CODES
    for where, target in (
        ("to another host", _elsewhere),
        ("to itself, in a loop", _own),
        ("to another path", _by_path),
    )
)
OTHERS = (
    _redirect("307 Temporary", "to another host without a scheme", _by_host),
    _redirect("302 Found", "to no URL at all", lambda _: "\\\\?"),
    _redirect("300 Multiple", "with a choice elsewhere", _elsewhere),
    _redirect("304 Not Modified", "as to a browser", lambda _: "/"),
    Fault(name="302 without `Location`", reason="redirect", says=status("302 Found", b"")),
    Fault(
        name="307 with good JSON",
        reason="redirect",
        says=lambda exchange: status(
            "307 Temporary", exchange.good, f"Location: {exchange.elsewhere}/"
        ),
    ),
    _redirect("308 Permanent", "to another host, with a host header", _elsewhere, "fronted"),
    _redirect("307 Temporary", "from https to http", _elsewhere, "tls"),
    _redirect("307 Temporary", "to another host, through a proxy", _elsewhere, "proxied"),
    Fault(
        name="good JSON that names another host in its head",
        reason=None,
        says=lambda exchange: status(
            "200 OK",
            exchange.good,
            f"Location: {exchange.elsewhere}/",
            f"Refresh: 0; url={exchange.elsewhere}/",
            f'Alt-Svc: h2="{exchange.elsewhere.removeprefix("http://")}"; persist=1',
        ),
    ),
)
FAULTS = (*EACH, *OTHERS)

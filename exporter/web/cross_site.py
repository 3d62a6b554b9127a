"""Detection of requests that a browser sends for a page of another site."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import hdrs

if TYPE_CHECKING:
    from aiohttp import web

_FETCH_SITE = "Sec-Fetch-Site"
# The same origin, and a request that no page has caused, such as a typed address.
_TRUSTED = frozenset({"same-origin", "none"})


def is_cross_site(request: web.Request) -> bool:
    """Return whether the request's headers name another origin than the requested host.

    Clients other than browsers send neither header.
    """
    host = request.headers.get(hdrs.HOST, "").lower()
    sites = request.headers.getall(_FETCH_SITE, ())
    origins = request.headers.getall(hdrs.ORIGIN, ())
    return not _TRUSTED.issuperset(sites) or any(_host(origin) != host for origin in origins)


def _host(origin: str) -> str | None:
    """Return host and port of an origin; None if it has none, like ``null``."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None

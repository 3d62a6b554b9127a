"""Routes and their answers."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol, cast

from aiohttp import hdrs, web

from exporter import threads
from exporter.exposition.formats import negotiate
from exporter.web import paths, sites
from exporter.web.accept import accepts_gzip
from exporter.web.cross_site import is_cross_site
from exporter.web.landing import FILES, page_steps
from exporter.web.limits import Limits
from exporter.web.shared import Shared, in_slices
from exporter.web.status import Moment, json_steps

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from exporter.exposition.exposition import Exposition
    from exporter.exposition.formats import Format
    from exporter.snapshots import Snapshot
    from exporter.web.connection import Connection

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# Beside scrapes and probes, for pages, filtered scrapes, logins, and idle and slow clients.
_SPARE_CONNECTIONS = 160
# Nothing old may look alive.
_NEVER_KEPT = {"Cache-Control": "no-store"}
_RELOAD_METHODS = (hdrs.METH_POST, hdrs.METH_PUT)
_RELOAD_HINT = f"{paths.RELOAD}: method not allowed; use POST to reload the configuration\n"
_CROSS_SITE = (
    "cross-site request refused: the Origin or Sec-Fetch-Site header names another site; "
    "send the request from a command line, for example with curl -X POST\n"
)


class Exporter(Protocol):
    """What the pages show of the running exporter."""

    version: str

    def snapshots(self) -> Iterable[Snapshot]:
        """Return every site's snapshot."""

    def due(self) -> Mapping[tuple[str, str], float | None]:
        """Return when each source of each site is polled next; None where a poll is under way."""

    def monotonic(self) -> float:
        """Return the time by which ages are told."""

    def time(self) -> float:
        """Return Unix time."""

    async def probe(self, site: str, max_age: float | None, seconds: float) -> Snapshot | None:
        """Return the snapshot of one site, polled anew where its last poll is older.

        ``max_age`` is in seconds, None the site's interval; after ``seconds`` it is what is known
        then. None when there is no such site.
        """

    def healthy(self) -> bool:
        """Tell whether every poller makes progress; WHMCS being down changes nothing."""

    def ready(self) -> bool:
        """Tell whether the first poll of every source of every site has ended."""

    def http_request(self, handler: str, code: int) -> None:
        """Note one answered request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebOptions:
    """How the pages are served: where the metrics are, and how many scrapes at once.

    ``lifecycle`` lets everybody who gets in reload the configuration.
    """

    telemetry_path: str = "/metrics"
    max_requests: int = 40
    lifecycle: bool = False

    @property
    def max_connections(self) -> int:
        """How many connections may be open."""
        return 2 * self.max_requests + _SPARE_CONNECTIONS


class Pages:
    """The handlers."""

    def __init__(
        self,
        exporter: Exporter,
        exposition: Exposition,
        options: WebOptions,
        reload: Callable[[], Awaitable[str]],
    ) -> None:
        """Show ``exporter`` and ``exposition``.

        ``reload`` reads the configuration again and returns what is wrong with it.
        """
        self._exporter = exporter
        self._exposition = exposition
        self._options = options
        self._reload = reload
        self._limits = Limits(options.max_requests)
        self._landing = Shared(self._render_landing, exporter.monotonic)
        self._sites = Shared(self._render_sites, exporter.monotonic)
        self._sites_gzip = Shared(self._compress_sites, exporter.monotonic)
        self._targets = sites.Targets()

    def application(self) -> web.Application:
        """Return the routes, ready to be served."""
        application = web.Application(middlewares=[self._account])
        application.router.add_get(self._options.telemetry_path, self.metrics)
        application.router.add_get(paths.PROBE, self.probe)
        page = self._limits.pages
        application.router.add_get(paths.DISCOVERY, page(self.discovery))
        application.router.add_get(paths.LANDING, page(self.landing))
        application.router.add_get(paths.SITES, page(self.sites))
        for path in paths.HEALTHY:
            application.router.add_get(path, self.healthy)
        for path in paths.READY:
            application.router.add_get(path, self.ready)
        for path in FILES:
            application.router.add_get(path, self.static)
        for method in _RELOAD_METHODS:
            application.router.add_route(method, paths.RELOAD, self.reload)
        application.router.add_route(hdrs.METH_ANY, paths.RELOAD, self.reload_hint)
        return application

    async def metrics(self, request: web.Request) -> web.StreamResponse:
        """Return the metrics as of the last polls."""
        text_format = negotiate(request.headers.get("Accept", ""))
        compress = accepts_gzip(request.headers.get("Accept-Encoding", ""))
        if "name[]" in request.query or "site" in request.query:
            async with self._limits.filtered_scrapes.slot(request):
                return await self._filtered(request, text_format, compress=compress)
        async with self._limits.scrapes.slot(request):
            body = await self._exposition.scrape(text_format, compress=compress)
        response = _exposition(body, text_format, compress=compress)
        if not request.query:
            connection = cast("Connection", request.protocol)
            again = partial(self._again, text_format, compress=compress)
            # This completes the headers, which are repeated.
            await response.prepare(request)
            connection.repeats.learn(connection.asked, request, response, again)
        return response

    def _again(self, text_format: Format, *, compress: bool) -> bytes | None:
        """Return the body of a scrape like one before, if it takes no time."""
        body = self._exposition.at_once(text_format, compress=compress)
        if body is not None:
            self._exporter.http_request(self._options.telemetry_path, HTTPStatus.OK)
        return body

    async def _filtered(
        self, request: web.Request, text_format: Format, *, compress: bool
    ) -> web.Response:
        names, wanted = (request.query.getall(key, None) for key in ("name[]", "site"))
        unknown = [site for site in wanted or () if site not in self._exposition]
        if unknown:
            return web.Response(status=404, text=f"no site is called {unknown[0]!r}\n")
        body = await self._exposition.scrape_only(
            text_format,
            names=names,
            sites=None if wanted is None else frozenset(wanted),
            compress=compress,
        )
        return _exposition(body, text_format, compress=compress)

    async def probe(self, request: web.Request) -> web.StreamResponse:
        """Return the metrics of one site, which is polled if its last poll is too old."""
        return await sites.probe(self._exporter, request, self._limits)

    async def discovery(self, _request: web.Request) -> web.Response:
        """Return one target for each site, for Prometheus's HTTP service discovery."""
        body = self._targets.as_json(self._exporter.snapshots())
        return web.Response(body=body, content_type="application/json", charset="utf-8")

    async def landing(self, _request: web.Request) -> web.Response:
        """Return the table of all sites as a page for people."""
        body = await self._landing.get()
        headers = {"Content-Type": "text/html; charset=utf-8"} | _NEVER_KEPT
        return web.Response(body=body, headers=headers)

    async def _render_landing(self) -> bytes:
        page = page_steps(
            self._moment(),
            version=self._exporter.version,
            telemetry_path=self._options.telemetry_path,
        )
        return (await in_slices(page)).encode()

    async def sites(self, request: web.Request) -> web.StreamResponse:
        """Return the table of all sites as JSON."""
        headers = {"Content-Type": "application/json; charset=utf-8"} | _NEVER_KEPT
        headers["Vary"] = "Accept-Encoding"
        if not accepts_gzip(request.headers.get("Accept-Encoding", "")):
            return web.Response(body=await self._sites.get(), headers=headers)
        headers["Content-Encoding"] = "gzip"
        return web.Response(body=await self._sites_gzip.get(), headers=headers)

    async def _render_sites(self) -> bytes:
        return await in_slices(json_steps(self._moment()))

    async def _compress_sites(self) -> bytes:
        return await threads.compute(gzip.compress, await self._sites.get(), 1, mtime=0)

    async def static(self, request: web.Request) -> web.Response:
        """Send a file of the landing page."""
        file = FILES[request.path]
        headers = {"Content-Type": f"{file.content_type}; charset=utf-8"} | _NEVER_KEPT
        return web.Response(body=file.body, headers=headers)

    def _moment(self) -> Moment:
        exporter = self._exporter
        return Moment(
            snapshots=tuple(exporter.snapshots()),
            due=exporter.due(),
            monotonic=exporter.monotonic(),
            time=exporter.time(),
        )

    async def healthy(self, _request: web.Request) -> web.Response:
        """Say whether the exporter itself works."""
        return _probe(self._exporter.healthy(), "a poller makes no progress")

    async def ready(self, _request: web.Request) -> web.Response:
        """Say whether there is something to scrape."""
        return _probe(self._exporter.ready(), "first polls are under way")

    async def reload(self, request: web.Request) -> web.Response:
        """Read the configuration again, where that is allowed."""
        if not self._options.lifecycle:
            return web.Response(status=403, text="--web.enable-lifecycle is not given\n")
        if is_cross_site(request):
            return web.Response(status=403, text=_CROSS_SITE)
        problem = await self._reload()
        if problem:
            text = f"not reloaded, all goes on as before:\n{problem}\n"
            return web.Response(status=500, text=text)
        return web.Response(text="reloaded\n")

    async def reload_hint(self, request: web.Request) -> web.Response:
        """Refuse a method that must not reload, such as GET, and name one that does."""
        raise web.HTTPMethodNotAllowed(request.method, _RELOAD_METHODS, text=_RELOAD_HINT)

    @web.middleware
    async def _account(
        self,
        request: web.Request,
        handler: Handler,
    ) -> web.StreamResponse:
        """Count every answer under its route; paths that nobody serves are one label value."""
        resource = request.match_info.route.resource
        name = resource.canonical if resource else "other"
        try:
            response = await handler(request)
        except web.HTTPException as error:
            self._exporter.http_request(name, error.status)
            raise
        except Exception:
            # aiohttp logs it and answers so.
            self._exporter.http_request(name, HTTPStatus.INTERNAL_SERVER_ERROR)
            raise
        self._exporter.http_request(name, response.status)
        return response


def _exposition(body: bytes, text_format: Format, *, compress: bool) -> web.Response:
    headers = {"Content-Type": text_format.content_type, "Vary": "Accept, Accept-Encoding"}
    if compress:
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=body, headers=headers)


def _probe(good: bool, problem: str) -> web.Response:  # noqa: FBT001 - the answer itself
    return web.Response(text="ok\n") if good else web.Response(status=503, text=f"{problem}\n")

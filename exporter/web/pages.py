"""Routes and their answers."""

from __future__ import annotations

import gzip
from contextlib import suppress
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
from exporter.web.landing import FILES, as_page
from exporter.web.repeats import Turns
from exporter.web.status import Moment, as_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from exporter.exposition.exposition import Exposition
    from exporter.exposition.formats import Format
    from exporter.snapshots import Snapshot
    from exporter.web.connection import Connection

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_SPARE_CONNECTIONS = 200
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
        """How many connections may be open: beyond the scrapes, some that wait or look around."""
        return self.max_requests + _SPARE_CONNECTIONS


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
        self._turns = Turns(options.max_requests)

    def application(self) -> web.Application:
        """Return the routes, ready to be served."""
        application = web.Application(middlewares=[self._account])
        application.router.add_get(self._options.telemetry_path, self.metrics)
        application.router.add_get(paths.PROBE, self.probe)
        application.router.add_get(paths.DISCOVERY, self.discovery)
        application.router.add_get(paths.LANDING, self.landing)
        application.router.add_get(paths.SITES, self.sites)
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
        """Answer a scrape from what is in memory; WHMCS is not asked."""
        text_format = negotiate(request.headers.get("Accept", ""))
        compress = accepts_gzip(request.headers.get("Accept-Encoding", ""))
        scrape = partial(self._scrape, text_format, compress=compress)
        response = await self._in_turn(request, scrape)
        if response.status == HTTPStatus.OK and not request.query:
            connection = cast("Connection", request.protocol)
            again = partial(self._again, text_format, compress=compress)
            connection.repeats.learn(connection.asked, request, response, again, self._turns)
        return response

    def _again(self, text_format: Format, *, compress: bool) -> bytes | None:
        """Return the body of a scrape like one before, if that may be, and takes no time."""
        if not self._turns.is_free:
            return None
        body = self._exposition.at_once(text_format, compress=compress)
        if body is not None:
            self._exporter.http_request(self._options.telemetry_path, HTTPStatus.OK)
        return body

    async def probe(self, request: web.Request) -> web.StreamResponse:
        """Answer a scrape of one site, which is polled if its last poll is too old."""
        return await self._in_turn(request, partial(sites.probe, self._exporter))

    async def discovery(self, _request: web.Request) -> web.Response:
        """Tell Prometheus which sites there are."""
        return web.json_response(sites.targets(self._exporter.snapshots()))

    async def _in_turn(self, request: web.Request, answer: Handler) -> web.StreamResponse:
        """Answer unless so many are answered that one more would be too many."""
        if not self._turns.is_free:
            return web.Response(
                status=503, text=f"{self._turns.limit} scrapes are under way, which is the limit\n"
            )
        self._turns.begin()
        try:
            response = await answer(request)
            # Written in here, so that a slow reader counts until it has read everything.
            # A scraper that leaves halfway is no error, and no traceback.
            with suppress(ConnectionError):
                await response.prepare(request)
                await response.write_eof()
            return response
        finally:
            self._turns.end()

    async def _scrape(
        self, text_format: Format, request: web.Request, *, compress: bool
    ) -> web.Response:
        headers = {"Content-Type": text_format.content_type, "Vary": "Accept, Accept-Encoding"}
        if compress:
            headers["Content-Encoding"] = "gzip"
        names, wanted = (request.query.getall(key, None) for key in ("name[]", "site"))
        if names is None and wanted is None:
            body = await self._exposition.scrape(text_format, compress=compress)
            return web.Response(body=body, headers=headers)
        unknown = [site for site in wanted or () if site not in self._exposition]
        if unknown:
            return web.Response(status=404, text=f"no site is called {unknown[0]!r}\n")
        body = await self._exposition.scrape_only(
            text_format, names=names, sites=wanted, compress=compress
        )
        return web.Response(body=body, headers=headers)

    async def landing(self, _request: web.Request) -> web.Response:
        """Show all sites to a person."""
        # In a thread, as below: thousands of sites would hold up everybody else.
        page = await threads.compute(
            as_page,
            self._moment(),
            version=self._exporter.version,
            telemetry_path=self._options.telemetry_path,
        )
        return web.Response(text=page, content_type="text/html", headers=_NEVER_KEPT)

    async def sites(self, request: web.Request) -> web.StreamResponse:
        """Show all sites to a program; of thousands that is as large as a scrape."""
        return await self._in_turn(request, self._sites)

    async def _sites(self, request: web.Request) -> web.Response:
        body = await threads.compute(as_json, self._moment())
        headers = {"Content-Type": "application/json; charset=utf-8"} | _NEVER_KEPT
        headers["Vary"] = "Accept-Encoding"
        if accepts_gzip(request.headers.get("Accept-Encoding", "")):
            headers["Content-Encoding"] = "gzip"
            body = await threads.compute(gzip.compress, body, 1, mtime=0)
        return web.Response(body=body, headers=headers)

    async def static(self, request: web.Request) -> web.Response:
        """Send a file of the landing page."""
        file = FILES[request.path]
        headers = {"Content-Type": f"{file.content_type}; charset=utf-8"} | _NEVER_KEPT
        return web.Response(body=file.body, headers=headers)

    def _moment(self) -> Moment:
        exporter = self._exporter
        return Moment(
            snapshots=exporter.snapshots(),
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


def _probe(good: bool, problem: str) -> web.Response:  # noqa: FBT001 - the answer itself
    return web.Response(text="ok\n") if good else web.Response(status=503, text=f"{problem}\n")

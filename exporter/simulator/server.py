"""The simulator: many sites behind one port."""

import asyncio
import ssl
from collections import Counter
from collections.abc import Iterable
from socket import socket
from ssl import SSLContext
from types import TracebackType
from typing import Self
from urllib.parse import quote

from aiohttp import web

from exporter.simulator.answers import known_action
from exporter.simulator.clock import FastClock
from exporter.simulator.control import front_page, truth
from exporter.simulator.faults import find_fault
from exporter.simulator.mishaps import Exchange
from exporter.simulator.site import Site

# Thousands of exporter's connections may come at once.
_BACKLOG = 4096


class Simulator:
    """Simulated installations of WHMCS over real HTTP; an asynchronous context manager.

    Desks are moved on to the clock's time when they are asked, never in between.

    Attributes:
        sites: By name.
        calls: How often each (site, action) was called, refused and failed calls among them.
    """

    def __init__(
        self, sites: Iterable[Site], clock: FastClock, *, slow_seconds: float = 5.0
    ) -> None:
        """Take the sites and the time they live in.

        Args:
            sites: Their desks' names are the first part of their paths.
            clock: Its start should be the desks'.
            slow_seconds: How long the fault `slow` takes, in real time.
        """
        self.sites = {site.desk.name: site for site in sites}
        self.calls: Counter[tuple[str, str]] = Counter()
        self._clock = clock
        self._slow_seconds = slow_seconds
        self._stopping = asyncio.Event()
        self._host = ""
        self._port = 0
        self._scheme = "http"
        # A handler is cancelled when its client leaves: hanging ones do not pile up.
        self._runner = web.AppRunner(
            self._application(), access_log=None, handler_cancellation=True, shutdown_timeout=1.0
        )

    @property
    def port(self) -> int:
        """The port it listens on, once it is started."""
        return self._port

    @property
    def base(self) -> str:
        """Its own address, with a slash at its end."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{self._scheme}://{host}:{self._port}/"

    def url(self, site: str) -> str:
        """Tell the base URL of a site, as an exporter is configured with it."""
        return f"{self.base}{quote(site)}/"

    def fault(self, site: str, name: str | None) -> None:
        """Switch a site's fault, or all of them off with None.

        Raises:
            ValueError: There is no such fault.
            KeyError: There is no such site.
        """
        self.sites[site].fault = None if name is None else find_fault(name)

    async def start(
        self, host: str = "127.0.0.1", port: int = 0, *, tls: ssl.SSLContext | None = None
    ) -> None:
        """Listen, over TLS if it is given a context; port 0 picks a free one.

        Raises:
            OSError: The address cannot be listened on.
        """
        await self._runner.setup()
        listener = web.TCPSite(self._runner, host, port, backlog=_BACKLOG, ssl_context=tls)
        await listener.start()
        self._host, self._port = host, listener.port
        self._scheme = "https" if tls else "http"

    async def listen(self, listening: socket, tls: SSLContext) -> None:
        """Listen over TLS on a socket that is bound already, perhaps to many addresses."""
        await self._runner.setup()
        await web.SockSite(self._runner, listening, ssl_context=tls, backlog=_BACKLOG).start()

    async def stop(self) -> None:
        """Stop listening and end what is under way, hanging requests too."""
        self._stopping.set()
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        """Start on a free port of loopback."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        await self.stop()

    def _application(self) -> web.Application:
        application = web.Application()
        application.add_routes(
            [
                web.get("/", self._front_page),
                web.get("/{site}/state", self._state),
                web.get("/{site}/fault", self._show_fault),
                web.put("/{site}/fault", self._put_fault),
                web.delete("/{site}/fault", self._delete_fault),
                web.get("/{site}/includes/api.php", self._api),
                web.post("/{site}/includes/api.php", self._api),
            ]
        )
        return application

    def _site(self, request: web.Request) -> Site:
        name = request.match_info["site"]
        site = self.sites.get(name)
        if site is None:
            raise web.HTTPNotFound(text=f"no site {name!r}\n")
        site.desk.advance(self._clock.now())
        return site

    async def _api(self, request: web.Request) -> web.StreamResponse:
        site = self._site(request)
        # A POST with another body, or a GET, has no form: PHP finds no action in it either.
        fields = await request.post()
        form = {key: value for key, value in fields.items() if isinstance(value, str)}
        action = known_action(form.get("action", ""))
        self.calls[site.desk.name, action] += 1
        reply = site.reply(form, request.remote or "")
        if site.fault is None:
            return reply.response()
        exchange = Exchange(
            request=request,
            action=action,
            reply=reply,
            stopping=self._stopping,
            slow_seconds=self._slow_seconds,
        )
        return await site.fault.handler(exchange)

    async def _front_page(self, _: web.Request) -> web.Response:
        return web.Response(text=front_page(self.base, self.sites.values()))

    async def _state(self, request: web.Request) -> web.Response:
        return web.json_response(truth(self._site(request).desk.state()))

    async def _show_fault(self, request: web.Request) -> web.Response:
        fault = self._site(request).fault
        return web.Response(text=f"{fault.name}\n" if fault else "")

    async def _put_fault(self, request: web.Request) -> web.Response:
        site = self._site(request)
        try:
            site.fault = find_fault((await request.text()).strip())
        except ValueError as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        return web.Response(text=f"{site.fault.name}: {site.fault.description}\n")

    async def _delete_fault(self, request: web.Request) -> web.Response:
        self._site(request).fault = None
        return web.Response(status=204)

"""Stands between Prometheus and an exporter: sees what is sent, and can ask for another format."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_ASKED = ("Accept", "Accept-Encoding", "X-Prometheus-Scrape-Timeout-Seconds")


class Relay:
    """Forwards scrapes byte by byte; an asynchronous context manager.

    ``text`` and ``content_type`` are those of the last answer.
    """

    def __init__(self, exporter: str, accept: str | None) -> None:
        """Forward to the URL of an exporter; ``accept`` replaces what Prometheus accepts."""
        self.text = ""
        self.content_type = ""
        self.address = ""
        self._exporter = exporter
        self._accept = accept
        application = web.Application()
        application.router.add_get("/metrics", self._forward)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        self._session = aiohttp.ClientSession(auto_decompress=False)

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        await self._runner.setup()
        listener = web.TCPSite(self._runner, "127.0.0.1", 0)
        await listener.start()
        self.address = f"127.0.0.1:{listener.port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        await self._runner.cleanup()
        await self._session.close()

    async def _forward(self, request: web.Request) -> web.Response:
        headers = {name: request.headers[name] for name in _ASKED if name in request.headers}
        if self._accept is not None:
            headers["Accept"] = self._accept
        async with self._session.get(f"{self._exporter}/metrics", headers=headers) as response:
            body = await response.read()
        self.content_type = response.headers["Content-Type"]
        self.text = gzip.decompress(body).decode()
        kept = {name: response.headers[name] for name in ("Content-Type", "Content-Encoding")}
        return web.Response(status=response.status, body=body, headers=kept)

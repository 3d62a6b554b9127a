"""Pages of a running exporter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp

from tests.process.program import Program, eventually

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Page:
    """An HTTP answer, read whole."""

    status: int
    content_type: str
    text: str


async def get(url: str, *, accept: str = "*/*", path: Path | None = None) -> Page:
    """Get a page, over a Unix socket when its path is given."""
    connector = aiohttp.UnixConnector(str(path)) if path else aiohttp.TCPConnector()
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.get(url, headers={"Accept": accept}) as response,
    ):
        return Page(response.status, response.headers["Content-Type"], await response.text())


async def base(program: Program) -> str:
    """Wait until an exporter listens on TCP and return the URL of its first address."""
    listening = await program.said(r"msg=listening address=(\S+:\d+)\n")
    return f"http://{listening[1]}"


async def ready(program: Program) -> str:
    """Wait until the first polls of an exporter have ended and return its URL."""
    url = await base(program)

    async def look() -> str:
        assert 200 == (await get(f"{url}/-/ready")).status
        return url

    return await eventually(look)


async def metrics(url: str) -> str:
    """Scrape an exporter in the plain text format."""
    return (await get(f"{url}/metrics")).text

"""A file's bytes from aiohttp, without anything of ours: ``static_aiohttp.py PORT FILE``."""

from __future__ import annotations

import sys
from pathlib import Path

from aiohttp import web


def main(port: int, path: Path) -> None:
    """Serve until the process is ended."""
    body = path.read_bytes()
    headers = {"Content-Type": "text/plain", "Content-Encoding": "gzip"}

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=body, headers=headers)

    application = web.Application()
    application.router.add_get("/metrics", metrics)
    web.run_app(application, host="127.0.0.1", port=port, access_log=None, print=None)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))

"""As much of Kubernetes's API as it takes to find pods: one list of them that never changes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.test_utils import TestServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

# Seconds that a watch lasts.
_WATCH = 0.5


def pod(
    name: str,
    address: str,
    *,
    container: str = "whmcs-exporter",
    port_name: str = "metrics",
    annotations: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Describe a pod of the namespace `billing` with one container, at HOST:PORT."""
    host, port = address.split(":")
    ports = [{"name": port_name, "containerPort": int(port), "protocol": "TCP"}]
    return {
        "metadata": {
            "name": name,
            "namespace": "billing",
            "uid": name,
            "annotations": annotations or {},
        },
        "spec": {
            "nodeName": "node",
            "containers": [{"name": container, "image": container, "ports": ports}],
        },
        "status": {"phase": "Running", "podIP": host, "hostIP": host},
    }


@asynccontextmanager
async def cluster(pods: Sequence[dict[str, Any]]) -> AsyncIterator[str]:
    """Serve the pods and hand out the API's address."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if "sendInitialEvents" in request.query:
            # As an API without that feature; a list is asked for then.
            return web.json_response({"kind": "Status", "reason": "Invalid"}, status=422)
        if "watch" in request.query:
            stream = web.StreamResponse(headers={"Content-Type": "application/json"})
            await stream.prepare(request)
            # Nothing changes; Prometheus asks again.
            await asyncio.sleep(_WATCH)
            return stream
        found = {"metadata": {"resourceVersion": "1"}, "items": pods}
        return web.json_response({"kind": "PodList", "apiVersion": "v1", **found})

    application = web.Application()
    application.router.add_get("/api/v1/pods", answer)
    async with TestServer(application) as server:
        yield f"http://127.0.0.1:{server.port}"

"""The demo with Prometheus beside it."""

from __future__ import annotations

import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tests.process.program import eventually
from tests.tools import tool

if TYPE_CHECKING:
    from tests.process.program import Launcher

ROOT = Path(__file__).parents[2]
ENOUGH = 30.0


def free_addresses() -> tuple[str, str]:
    """Return two addresses on loopback that nobody listens on now."""
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        first, second = (f"127.0.0.1:{found.getsockname()[1]}" for found in (one, two))
    return first, second


async def ask(address: str, path: str) -> Any:  # noqa: ANN401 - as Prometheus has it
    """Return what Prometheus's API answers."""
    async with aiohttp.ClientSession() as session, session.get(f"http://{address}{path}") as answer:
        return (await answer.json())["data"]


@pytest.mark.slow
async def test_prometheus_knows_the_demo_and_the_rules(launcher: Launcher) -> None:
    """Within seconds it has three sites and every alert; Ctrl-C ends all programs."""
    tool("prometheus")
    exporter, prometheus = free_addresses()
    stack = launcher.start(
        str(ROOT / "deploy" / "demo" / "stack"),
        exporter,
        prometheus,
        environment={"PYTHON": sys.executable},
    )

    async def look() -> None:
        found = await ask(prometheus, "/api/v1/query?query=count(whmcs_up)")
        assert ["3"] == [row["value"][1] for row in found["result"]]

    await eventually(look, ENOUGH)
    groups = (await ask(prometheus, "/api/v1/rules?type=alert"))["groups"]
    assert 12 == sum(len(group["rules"]) for group in groups)
    stack.interrupt(signal.SIGINT)
    assert 0 == await stack.ended()
    for address in (exporter, prometheus):
        host, _, port = address.partition(":")
        with socket.socket() as probe:
            assert 0 != probe.connect_ex((host, int(port)))

"""The README's sample: what the exporter publishes of one simulated site at one moment.

``python -m tests.docs.sample`` writes it into the README, and the log's hints about each reason; a
test holds that they are there.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from exporter import app, config
from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site
from exporter.whmcs.errors import HINTS
from tests.docs.pages import renew

README = Path(__file__).parents[2] / "README.md"

_MOMENT = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
_SHOWN = re.compile(
    r"""
    (?:\#\ TYPE\ )?
    whmcs_(?:
        tickets | tickets_awaiting_reply | department_tickets_awaiting_reply | up | source_success
    )[{\ ]
    | (?:\#\ TYPE\ )?whmcs_department_tickets(?:\ |{.*status="(?:Open|Customer-Reply)")
    | (?:\#\ TYPE\ )?whmcs_api_failures_total(?:\ |{.*reason="auth")
    """,
    re.VERBOSE,
)
# No busy machine shall cut a call short.
_CONFIGURATION = """\
sites: [{{name: acme, url: {url}, identifier: simulated, secret: simulated, timeout: 50s}}]
"""


async def sample() -> str:
    """Return the chosen lines of a real exposition."""
    desk = HelpDesk("acme", seed=7, start=_MOMENT, departments=["Sales", "Billing & Abuse"])
    async with Simulator([Site(desk=desk)], FastClock(0, _MOMENT)) as simulator:
        exposition, _ = await app.collect(_configuration(simulator.url("acme")))
    lines = exposition.decode().splitlines()
    return "\n".join(line for line in lines if _SHOWN.match(line))


def _configuration(url: str) -> config.Config:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sample.yml")
        path.write_text(_CONFIGURATION.format(url=url), encoding="utf-8")
        return config.load(path, {})


def parts() -> dict[str, str]:
    """Return what is generated, by the name of its place in the README."""
    return {"sample": f"```\n{asyncio.run(sample())}\n```", "reasons": _reasons()}


def _reasons() -> str:
    rows = (f"| `{reason}` | {hint} |" for reason, hint in HINTS.items())
    return "\n".join(["| reason | what to do first |", "|---|---|", *rows])


if __name__ == "__main__":
    renew(README, parts())

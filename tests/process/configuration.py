"""Configuration files for the tests of the whole program."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from exporter.simulator.access import DEFAULT_CREDENTIAL

if TYPE_CHECKING:
    from pathlib import Path

# Time enough for a busy machine: the simulator is in the test's own process, and waits with it. A
# first poll that hangs lasts longer than any test.
UNHURRIED = {"interval": "60s", "timeout": "50s", "stale_after": "180s"}


def site(url: str, **keys: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever a key may hold
    """Return a site that is polled as often as is allowed, with the simulator's credential."""
    name = keys.pop("name", "acme")
    pace = {"interval": "1s", "timeout": "800ms", "stale_after": "3s"}
    login = {"identifier": DEFAULT_CREDENTIAL, "secret": DEFAULT_CREDENTIAL}
    return {"name": name, "url": url, **pace, **({} if "username" in keys else login), **keys}


def write(path: Path, *sites: dict[str, Any]) -> str:
    """Write a configuration file and return its path; JSON is YAML."""
    path.write_text(json.dumps({"sites": sites}, ensure_ascii=False), encoding="utf-8")
    return str(path)

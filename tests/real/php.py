"""PHP's own web server with a WHMCS in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.process import configuration
from tests.real.desk import IDENTIFIER, SECRET, Desk
from tests.tools import tool

if TYPE_CHECKING:
    from tests.process.program import Launcher

_SCRIPT = Path(__file__).with_name("whmcs.php")


class PHPWhmcs:
    """A WHMCS whose state is a file that the test writes."""

    def __init__(self, url: str, state: Path) -> None:
        """Take the base URL, and where the state is read from for each request."""
        self.url = url
        self._state = state

    @classmethod
    async def start(cls, launcher: Launcher, folder: Path) -> PHPWhmcs:
        """Start PHP on a free port."""
        state = folder / "whmcs.json"
        environment = {"WHMCS_STATE": str(state)}
        php = launcher.start(
            tool("php"), "-S", "127.0.0.1:0", str(_SCRIPT), environment=environment
        )
        started = await php.said(r"\((http://127\.0\.0\.1:[1-9]\d*)\) started")
        return cls(f"{started[1]}/whmcs", state)

    def hold(self, desk: Desk) -> None:
        """Hold these tickets from now on."""
        new = self._state.with_suffix(".new")
        new.write_text(json.dumps(desk.state()), encoding="utf-8")
        new.replace(self._state)

    def configured(self, **keys: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever a key may hold
        """Return the configuration of the site ``acme``."""
        login = {"identifier": IDENTIFIER, "secret": SECRET}
        return configuration.site(self.url, **{**login, **keys})

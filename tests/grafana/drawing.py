"""Boards as Grafana's own components draw them, in a headless browser.

The page is ``viewer/``, which ``make viewer`` builds; it needs npm. What it can not show as Grafana
does is said in its pictures: state timelines and heatmaps are in none of Grafana's packages.
"""

from __future__ import annotations

import json
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser import FLAGS
from tests.grafana import boards
from tests.grafana.interpolation import All, interpolate
from tests.tools import tool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import timedelta

    from tests.grafana.boards import JSON, Query
    from tests.grafana.interpolation import Choice
    from tests.history.prometheus import HistoryPrometheus

PAGE = Path(__file__).parents[2] / "build" / "viewer" / "page"
_PATIENCE = 60
# Of the page's own time: animations and timers pass in no time at all.
_SETTLED = "--virtual-time-budget=6000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The window of the browser, in pixels, and Grafana's theme, ``dark`` or ``light``."""

    width: int = 1366
    height: int = 3000
    theme: str = "dark"


def shown(
    prometheus: HistoryPrometheus,
    uid: str,
    choice: Mapping[str, Choice],
    scraped_every: timedelta,
) -> JSON:
    """Return a board, and what Prometheus answers to each of its queries."""
    board = boards.BOARDS[uid]
    answers: dict[str, JSON] = {}
    for query in boards.queries(board):
        expression = interpolate(query.expression, choice, query.span, scraped_every)
        answer = _answer(prometheus, query, expression)
        if query.number is None:
            answers["annotation"] = answer
        else:
            answers.setdefault(str(query.number), {})[query.ref] = answer
    span = boards.span(board)
    return {
        "json": board,
        "answers": answers,
        "chosen": {name: _text(value) for name, value in choice.items()},
        "begin": span.begin.timestamp(),
        "end": span.end.timestamp(),
    }


def picture(what: JSON, window: Window, file: Path, profile: Path) -> None:
    """Draw into a PNG; ``profile`` is a folder for the browser."""
    _browse(what, window, profile, f"--screenshot={file}")


def text(what: JSON, window: Window, profile: Path) -> str:
    """Draw, and return the page as HTML."""
    return _browse(what, window, profile, "--dump-dom")


def _answer(prometheus: HistoryPrometheus, query: Query, expression: str) -> JSON:
    if query.instant:
        return {"result": prometheus.answer_now(expression, query.span.end)["result"]}
    result = prometheus.answer_over(expression, query.span)["result"]
    return {"result": result, "step": query.span.step.total_seconds()}


def _text(choice: Choice) -> str:
    if isinstance(choice, All):
        return "All"
    return choice if isinstance(choice, str) else " + ".join(choice)


class _Handler(SimpleHTTPRequestHandler):
    """Answers with the page's files, and with what it is to show."""

    def __init__(self, what: bytes, *arguments: object, **keys: object) -> None:
        """Take what is to be shown, as JSON."""
        self._what = what
        super().__init__(*arguments, directory=str(PAGE), **keys)  # type: ignore[arg-type]  # what the server passes

    def do_GET(self) -> None:
        """Answer a request."""
        if self.path != "/shown.json":
            return super().do_GET()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self._what)
        return None

    def log_message(self, *_: object) -> None:
        """Keep silent."""


@contextmanager
def _served(what: JSON) -> Iterator[str]:
    handler = partial(_Handler, json.dumps(what).encode())
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            # Before the socket is closed: at that its thread would go on, as fast as it can.
            server.shutdown()


def _browse(what: JSON, window: Window, profile: Path, output: str) -> str:
    with _served(what | {"theme": window.theme}) as url:
        size = f"--window-size={window.width},{window.height}"
        options = ("--hide-scrollbars", f"--user-data-dir={profile}", _SETTLED, size, output)
        done = subprocess.run(
            [tool("chromium"), *FLAGS, *options, url],
            capture_output=True,
            text=True,
            check=True,
            timeout=_PATIENCE,
        )
    return done.stdout

"""A real Prometheus on a backfilled storage, asked at moments of the history."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from pathlib import Path

    from tests.process.program import Launcher

_PATIENCE = 60.0


class QueryError(Exception):
    """Prometheus refuses a query."""


@dataclass(frozen=True, slots=True)
class Found:
    """One series of an answer: its labels, and its values in the order of time."""

    labels: dict[str, str]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What a board shows: a range of time, and a point in each ``step`` of it."""

    begin: datetime
    end: datetime
    step: timedelta


class HistoryPrometheus:
    """Answers about what has been; it scrapes nothing."""

    def __init__(self, address: str) -> None:
        """Take the address where it answers, as HOST:PORT."""
        self._connection = HTTPConnection(address, timeout=_PATIENCE)

    @classmethod
    def start(
        cls, program: str, launcher: Launcher, folder: Path, storage: Path, scraped_every: timedelta
    ) -> HistoryPrometheus:
        """Start ``program`` on a copy of ``storage`` in ``folder``, which it would change."""
        configuration, copy = folder / "prometheus.yml", folder / "storage"
        configuration.write_text("{}", encoding="utf-8")
        shutil.copytree(storage, copy)
        # The usual five minutes are ten scrapes; here a scrape is as rare as the plan says.
        lookback = int(scraped_every.total_seconds()) + 60
        started = launcher.start(
            program,
            f"--config.file={configuration}",
            f"--storage.tsdb.path={copy}",
            "--storage.tsdb.retention.time=30y",
            f"--query.lookback-delta={lookback}s",
            "--web.listen-address=127.0.0.1:0",
        )
        found = asyncio.run(started.said(r'Listening on"? (?:component=web )?address=(\S+)'))
        asyncio.run(started.said("Server is ready"))
        return cls(found[1])

    def close(self) -> None:
        """Close the connection; the launcher ends the program."""
        self._connection.close()

    def now(self, expression: str, at: datetime) -> list[Found]:
        """Evaluate at one moment."""
        answer = self.answer_now(expression, at)
        if answer["resultType"] == "scalar":
            return [Found({}, (float(answer["result"][1]),))]
        return [Found(row["metric"], (float(row["value"][1]),)) for row in answer["result"]]

    def over(self, expression: str, span: Span) -> list[Found]:
        """Evaluate over a range."""
        return [
            Found(row["metric"], tuple(float(value) for _, value in row["values"]))
            for row in self.answer_over(expression, span)["result"]
        ]

    def answer_now(self, expression: str, at: datetime) -> Any:  # noqa: ANN401 - any JSON
        """Evaluate at one moment; return what Prometheus answers."""
        return self._ask("query", query=expression, time=str(at.timestamp()))

    def answer_over(self, expression: str, span: Span) -> Any:  # noqa: ANN401 - any JSON
        """Evaluate over a range; return what Prometheus answers."""
        return self._ask(
            "query_range",
            query=expression,
            start=str(span.begin.timestamp()),
            end=str(span.end.timestamp()),
            step=str(span.step.total_seconds()),
        )

    def label_values(self, label: str, selector: str, span: Span) -> list[str]:
        """Return the values of a label among the series that were there in a range."""
        times = {"start": str(span.begin.timestamp()), "end": str(span.end.timestamp())}
        found: list[str] = self._ask(f"label/{label}/values", **times, **{"match[]": selector})
        return found

    def _ask(self, what: str, **parameters: str) -> Any:  # noqa: ANN401 - any JSON
        self._connection.request("GET", f"/api/v1/{what}?{urlencode(parameters)}")
        answer = json.loads(self._connection.getresponse().read())
        if answer["status"] != "success":
            raise QueryError(answer["error"])
        return answer["data"]

"""Prometheus itself, scraping every second, and its HTTP API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.process.truth import series
from tests.tools import tool

if TYPE_CHECKING:
    from pathlib import Path

    from tests.exposition_check import Series
    from tests.process.program import Launcher, Program

TICKETS = '{__name__=~"whmcs_tickets.*|whmcs_department.*"}'
UP = series("up")
# Prometheus takes none that is longer than the interval.
_SCRAPE_TIMEOUT = 1.0
# What Prometheus adds to a series: where it was scraped.
_ORIGIN = {"job", "instance"}


class Prometheus:
    """A Prometheus with a storage of its own."""

    def __init__(self, program: Program, url: str) -> None:
        """Take the running program and where it answers."""
        self._program = program
        self.url = url

    @classmethod
    async def start(
        cls,
        launcher: Launcher,
        folder: Path,
        target: str,
        *rules: Path,
        **keys: Any,  # noqa: ANN401 - whatever a key may hold
    ) -> Prometheus:
        """Scrape ``target`` (HOST:PORT) and evaluate ``rules`` every second from now on.

        It listens on a free port, and stores in ``folder``. ``keys`` go into the scrape's part of
        its configuration.
        """
        scrape = {"job_name": "whmcs", "static_configs": [{"targets": [target]}], **keys}
        config = {
            "global": {"scrape_interval": "1s"},
            "rule_files": [str(path) for path in rules],
            "scrape_configs": [scrape],
        }
        return await cls.configured(launcher, folder, json.dumps(config))

    @classmethod
    async def configured(cls, launcher: Launcher, folder: Path, config: str) -> Prometheus:
        """Start with the text of a configuration."""
        path = folder / "prometheus.yml"
        path.write_text(config, encoding="utf-8")
        return await cls.run(launcher, folder, path)

    @classmethod
    async def run(
        cls,
        launcher: Launcher,
        folder: Path,
        config: Path,
        *flags: str,
        executable: str | None = None,
    ) -> Prometheus:
        """Start with a configuration file; it listens on a free port, and stores in ``folder``.

        Another ``executable`` than the installed one may be given.
        """
        program = launcher.start(
            executable or tool("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'prometheus'}",
            # A test may have put weeks there.
            "--storage.tsdb.retention.time=30d",
            "--web.listen-address=127.0.0.1:0",
            *flags,
        )
        found = await program.said(r'Listening on"?(?: component=web)? address=(\S+)')
        await program.said("Server is ready")
        return cls(program, f"http://{found[1]}")

    @property
    def complaints(self) -> list[str]:
        """What it has logged that is not merely news: duplicates, samples out of order."""
        bad = ("level=warn", "level=error")
        return [line for line in self._program.stderr.splitlines() if any(b in line for b in bad)]

    async def query(self, expression: str) -> dict[Series, float]:
        """Evaluate an instant query; return the values by series, without their origin."""
        return {
            _identity(row["metric"]): float(row["value"][1]) for row in await self._ask(expression)
        }

    async def history(self, selector: str) -> list[tuple[float, float]]:
        """Return the samples of one series so far: Unix times and values."""
        (row,) = await self._ask(f"{selector}[1h]")
        return [(float(moment), float(value)) for moment, value in row["values"]]

    async def refused_scrapes(self) -> list[float]:
        """Return when scrapes of the one target failed, but for those that took too long.

        Any of the processes may be held up for longer than a second on a busy machine: that tells
        nothing of what was scraped.
        """
        up = await self.history("up")
        lasted = dict(await self.history("scrape_duration_seconds"))
        return [moment for moment, value in up if not value and lasted[moment] < _SCRAPE_TIMEOUT]

    async def targets(self) -> list[dict[str, str]]:
        """Return the labels of everything that is scraped."""
        return [target["labels"] for target in (await self._get("targets"))["activeTargets"]]

    async def last_error(self) -> str:
        """Return why the last scrape of the one target failed; empty when it did not."""
        found = (await self._get("targets"))["activeTargets"]
        return "".join(str(target["lastError"]) for target in found)

    async def _ask(self, expression: str) -> list[Any]:
        result: list[Any] = (await self._get("query", query=expression))["result"]
        return result

    async def _get(self, path: str, **parameters: str) -> dict[str, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.url}/api/v1/{path}", params=parameters) as response,
        ):
            answer = await response.json()
        assert answer["status"] == "success", answer
        data: dict[str, Any] = answer["data"]
        return data


def _identity(metric: dict[str, str]) -> Series:
    labels = {name: value for name, value in metric.items() if name not in _ORIGIN}
    return series(labels.pop("__name__", ""), **labels)

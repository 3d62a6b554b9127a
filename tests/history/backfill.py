"""Weeks of history in a real Prometheus's storage, and the truth that they were made from.

The exposition of each poll gets what a scrape adds (``job``, ``instance``, a timestamp) and goes
through ``promtool tsdb create-blocks-from openmetrics``.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.history.exporting import Exporting
from tests.history.scenes import DEAD_SITE, DIED, END, scenes
from tests.tools import tool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from exporter.simulator.state import DeskState

JOB = "whmcs"
MODELLED_SITES = 5
"""So many sites live lives of their own; further ones are copies of the first."""
_REPLICA_DOWN = (END - timedelta(hours=8), END - timedelta(hours=7))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much history there is to be: of how many ``sites``, up to ``scenes.END``.

    ``departments`` is how many the second site has; ``step`` is both the interval of the polls and
    that of the scrapes. The exporter runs once for each of the ``replicas``.
    """

    sites: int = MODELLED_SITES
    departments: int = 4
    days: int = 22
    step: timedelta = timedelta(minutes=15)
    replicas: tuple[str, ...] = ("exporter-a:9942", "exporter-b:9942")

    @property
    def start(self) -> datetime:
        """When it begins."""
        return END - timedelta(days=self.days)

    def moments(self) -> Iterator[datetime]:
        """Yield when polls and scrapes happen, the last one at the end."""
        count = timedelta(days=self.days) // self.step
        yield from (END - number * self.step for number in range(count, -1, -1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What one site truly held at a moment, all of them numbers of tickets."""

    awaiting: int
    active: int
    flagged: int
    statuses: Mapping[str, int]
    departments: Mapping[str, int]
    """Awaiting a reply, by id and name, as in ``1 Sales``."""


@dataclass(frozen=True, slots=True)
class History:
    """A storage, and the truth by site for each poll that succeeded, by Unix time."""

    storage: Path
    truth: Mapping[str, Mapping[int, Moment]]

    def at(self, moment: datetime) -> dict[str, Moment]:
        """Return the truth of all sites that answered at a moment of a poll."""
        key = int(moment.timestamp())
        return {site: moments[key] for site, moments in self.truth.items() if key in moments}


def make(plan: Plan, folder: Path) -> History:
    """Write the history into ``folder``; the text on the way there is removed."""
    text, storage, truth = folder / "text", folder / "storage", folder / "truth.json"
    if not truth.exists():
        with text.open("wb") as file:
            found = _write(plan, file)
        blocks(text, storage)
        text.unlink()
        truth.write_text(json.dumps(found), encoding="utf-8")
    return History(storage, _read(json.loads(truth.read_text(encoding="utf-8"))))


def _read(truth: Mapping[str, Mapping[str, Mapping[str, object]]]) -> dict[str, dict[int, Moment]]:
    return {
        site: {int(key): Moment(**fields) for key, fields in moments.items()}  # type: ignore[arg-type]  # from JSON, as written below
        for site, moments in truth.items()
    }


def blocks(text: Path, storage: Path) -> None:
    """Turn a file of OpenMetrics into blocks of a Prometheus's storage."""
    # Blocks of two hours each would make promtool read the file once for every one of them.
    create = ("tsdb", "create-blocks-from", "--max-block-duration=768h", "--quiet", "openmetrics")
    subprocess.run(
        [tool("promtool"), *create, text, storage], check=True, capture_output=True, text=True
    )


def _write(plan: Plan, file: BinaryIO) -> dict[str, dict[int, dict[str, object]]]:
    modelled = scenes(plan.start, min(plan.sites, MODELLED_SITES), plan.departments)
    exporting = Exporting(modelled, plan.start, plan.step.total_seconds())
    truth: dict[str, dict[int, dict[str, object]]] = {scene.name: {} for scene in modelled}
    for at in plan.moments():
        for site, state in exporting.poll(at).items():
            truth[site][int(at.timestamp())] = _facts(state)
        lines = list(_copied(exporting.samples(), plan.sites - MODELLED_SITES))
        file.write(_alerts(plan, at))
        for instance in plan.replicas:
            down = instance != plan.replicas[0] and _REPLICA_DOWN[0] <= at < _REPLICA_DOWN[1]
            scraped = [b"up 0"] if down else [*lines, *_scrape(len(lines))]
            file.write(_stamped(scraped, instance, at))
    file.write(b"# EOF\n")
    return truth


def _facts(state: DeskState) -> dict[str, object]:
    awaiting = state.awaiting_by_department
    return {
        "awaiting": state.awaiting,
        "active": state.active,
        "flagged": state.flagged,
        "statuses": state.by_status,
        "departments": {
            f"{number} {name}": awaiting[number] for number, name in state.departments.items()
        },
    }


def _copied(lines: list[bytes], copies: int) -> Iterator[bytes]:
    """Add copies of the first site under other names."""
    yield from lines
    original = b'site="acme"'
    of_original = [line for line in lines if original in line]
    for number in range(copies):
        name = b'site="copy-%03d"' % number
        yield from (line.replace(original, name) for line in of_original)


def _alerts(plan: Plan, at: datetime) -> bytes:
    """Return what Prometheus writes for an alert, here of the site that died: of no instance."""
    if at < DIED or plan.sites < MODELLED_SITES:
        return b""
    labels = f'alertname="WHMCSSiteDown",alertstate="firing",severity="warning",site="{DEAD_SITE}"'
    return f"ALERTS{{{labels}}} 1 {at.timestamp():.0f}\n".encode()


def _scrape(samples: int) -> list[bytes]:
    """Return what Prometheus adds of its own to each scrape."""
    return [b"up 1", b"scrape_duration_seconds 0.004", b"scrape_samples_scraped %d" % samples]


def _stamped(lines: list[bytes], instance: str, at: datetime) -> bytes:
    origin = f'job="{JOB}",instance="{instance}"'.encode()
    end = b" %d\n" % at.timestamp()
    return b"".join([_placed(line, origin) + end for line in lines])


def _placed(line: bytes, origin: bytes) -> bytes:
    name, brace, rest = line.partition(b"{")
    if brace:
        return b"%b{%b,%b" % (name, origin, rest)
    name, _, value = line.partition(b" ")
    return b"%b{%b} %b" % (name, origin, value)

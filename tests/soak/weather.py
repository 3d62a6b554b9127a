"""Faults that come and go at random, the same ones at the same seed."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

from exporter.simulator.faults import FAULTS

if TYPE_CHECKING:
    from exporter.simulator.server import Simulator
    from tests.soak.history import WatchedDesk

# Answers that reach the exporter as they are: late, or with a mark in front.
HONEST = frozenset({None, "slow", "bom"})
GOOD_SHARE = 0.5
GOOD_SECONDS = (2.0, 20.0)
BAD_SECONDS = (0.5, 10.0)
# After these the exporter does not call for minutes: seldom, so that there is something to see.
_SILENCING = frozenset(
    {
        *("invalid-ip", "invalid-ip-text", "bad-credentials", "disabled-admin", "no-api-access"),
        *("no-permission", "maintenance", "rate-limit", "banned"),
    }
)
_NAMES = ("Support", "Sales", 'Sales "EU"', "VPS\\Cloud", "Two\nlines", "Domains 🌍", "Ärger")


class Weather:
    """The weather over one site.

    Attributes:
        faults: How often each fault was switched on.
    """

    def __init__(self, simulator: Simulator, desk: WatchedDesk, seed: int) -> None:
        """Draw everything from ``seed`` and the desk's name."""
        self.faults: Counter[str] = Counter()
        self._simulator = simulator
        self._desk = desk
        # Random hashes a text by SHA-512: the same in every process.
        self._random = Random(f"{seed}/{desk.name}")  # noqa: S311 - chance, not a secret

    async def run(self) -> None:
        """Change until cancelled."""
        while True:  # noqa: ASYNC110 - nothing is waited for: time is to pass
            await asyncio.sleep(self.change())

    def change(self) -> float:
        """Switch to the next fault, or to none; return for how many seconds."""
        fault = self._fault()
        self._desk.honest = fault in HONEST
        self._simulator.fault(self._desk.name, fault)
        if fault is None:
            self._reorganise()
            return self._random.uniform(*GOOD_SECONDS)
        self.faults[fault] += 1
        return self._random.uniform(*BAD_SECONDS)

    def _fault(self) -> str | None:
        if self._random.random() < GOOD_SHARE:
            return None
        weights = [0.1 if name in _SILENCING else 1.0 for name in FAULTS]
        return self._random.choices(list(FAULTS), weights)[0]

    def _reorganise(self) -> None:
        """Let the desk's owner rename a department, and add or remove a status."""
        number = self._random.choice(sorted(self._desk.department_ids))
        self._desk.rename_department(number, self._random.choice(_NAMES))
        title = self._random.choice(("Escalated", "Waiting for parts 🚚"))
        there = {status.title for status in self._desk.plain_state().statuses}
        if title in there:
            self._desk.remove_status(title)
        else:
            self._desk.add_status(title)

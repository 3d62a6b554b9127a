"""What the simulated desks held, and when: the truth that each scrape is compared with."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from exporter.simulator.desk import HelpDesk
from tests.process import truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from exporter.simulator.state import DeskState
    from tests.exposition_check import Series

Answer: TypeAlias = str
"""What one call of WHMCS answers: ``tickets``, ``departments``, or one department's id."""

Answers: TypeAlias = "Mapping[Answer, Mapping[tuple[str, ...], float]]"
"""Whole answers: each sample of one by what tells it from the others."""

KEPT_SECONDS = 30.0
_BY_STATUS = "whmcs_department_tickets"


@dataclass(frozen=True, slots=True)
class Moment:
    """One answer of a desk, at a monotonic time."""

    at: float
    state: DeskState


class WatchedDesk(HelpDesk):
    """A help desk that remembers for a while which states it was asked for.

    Attributes:
        honest: Whether what is asked now reaches the exporter as it is; other states are not
            remembered, for nobody may ever show them.
    """

    def __init__(
        self,
        name: str,
        *,
        seed: int,
        start: datetime,
        departments: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open the desk, whose answers are dated by ``monotonic``."""
        super().__init__(name, seed=seed, start=start, departments=departments)
        self.honest = True
        self._monotonic = monotonic
        self._moments: deque[Moment] = deque()

    def plain_state(self) -> DeskState:
        """Count the tickets for the test itself: nobody was told."""
        return super().state()

    def state(self) -> DeskState:
        """Count the tickets, and remember them with the time."""
        state = super().state()
        now = self._monotonic()
        if self.honest:
            self._moments.append(Moment(now, state))
        while self._moments and self._moments[0].at < now - KEPT_SECONDS:
            self._moments.popleft()
        return state

    def between(self, first: float, last: float) -> Iterator[DeskState]:
        """Yield the states that were answered within two monotonic times."""
        for moment in self._moments:
            if first <= moment.at <= last:
                yield moment.state


def told(site: str, state: DeskState) -> Answers:
    """Return what each call of WHMCS tells when a site is in this state."""
    return answers(truth.expected(site, state))


def answers(shown: Mapping[Series, float]) -> Answers:
    """Split a site's ticket series into the answers that they come from.

    A poll of departments makes a call for each, and the desk lives on meanwhile: numbers of one
    answer belong together, those of two need not.
    """
    found: dict[Answer, dict[tuple[str, ...], float]] = defaultdict(dict)
    for (name, pairs), value in shown.items():
        labels = dict(pairs)
        number = labels.get("department_id", "")
        if name == _BY_STATUS:
            # The department's name is another answer's.
            found[number][labels["status"],] = value
        elif number:
            found["departments"][name, number, labels["department"]] = value
        else:
            found["tickets"][name, labels.get("status", "")] = value
    return found


def names(shown: Mapping[Series, float], *, by_status: bool) -> set[tuple[str, str]]:
    """Return the departments, id and name, that have series by status, or the other ones."""
    return {
        (labels["department_id"], labels["department"])
        for (name, pairs) in shown
        if "department_id" in (labels := dict(pairs)) and by_status == (name == _BY_STATUS)
    }

"""The history that the boards are looked at with: made once, for all workers of a test run."""

from __future__ import annotations

import fcntl
import os
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.history.backfill import History, Plan, make
from tests.history.prometheus import HistoryPrometheus
from tests.process.program import launched
from tests.tools import prometheus3, tool

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAN = Plan()


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Return 22 days of five sites, by two replicas of the exporter."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    shared = folder / "history"
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return make(PLAN, shared)


@pytest.fixture(scope="session", params=[tool, prometheus3], ids=["prometheus", "prometheus3"])
def prometheus(
    request: pytest.FixtureRequest, history: History, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HistoryPrometheus]:
    """Start a Prometheus that has seen the history: Debian's and, where it is built, 3."""
    program = request.param("prometheus")
    folder = tmp_path_factory.mktemp("prometheus")
    with (
        launched(folder) as launcher,
        closing(
            HistoryPrometheus.start(program, launcher, folder, history.storage, PLAN.step)
        ) as started,
    ):
        yield started

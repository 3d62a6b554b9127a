"""What a service manager hears, on a real socket."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from exporter.notify import Notifier
from tests.fake_clock import FakeClock
from tests.service_manager import ServiceManager, listening

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PING = {"WATCHDOG": "1"}
ANOTHER = str(os.getpid() + 1)
NO_WATCHDOG: dict[str, dict[str, str]] = {
    "none": {},
    "no number": {"WATCHDOG_USEC": "soon"},
    "never": {"WATCHDOG_USEC": "0"},
    "too many digits": {"WATCHDOG_USEC": "9" * 400},
    "more digits than Python reads": {"WATCHDOG_USEC": "9" * 5000},
    "digits of another script": {"WATCHDOG_USEC": "٣٠٠٠٠٠٠٠"},
    "of another process": {"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": ANOTHER},
}


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServiceManager]:
    """Listen as systemd does for the system, on a path, and as containers do, without one."""
    address = str(tmp_path / "notify") if request.param == "path" else f"@{uuid4()}"
    with listening(address) as manager:
        yield manager


def told_by(manager: ServiceManager) -> Notifier:
    """Return a notifier that talks to this service manager."""
    return Notifier({"NOTIFY_SOCKET": manager.address})


def test_ready_comes_with_a_status(manager: ServiceManager) -> None:
    """`systemctl start` returns, and `systemctl status` has a line to show."""
    with closing(told_by(manager)) as notifier:
        notifier.ready("sites polled: 3")
    assert [{"READY": "1", "STATUS": "sites polled: 3"}] == manager.messages


def test_reloading_comes_with_the_time(manager: ServiceManager) -> None:
    """Systemd tells one reload from another by the monotonic clock, in microseconds."""
    before = time.monotonic_ns() // 1000
    with closing(told_by(manager)) as notifier:
        notifier.reloading()
    (message,) = manager.messages
    assert {"RELOADING", "MONOTONIC_USEC"} == message.keys()
    assert "1" == message["RELOADING"]
    assert before <= int(message["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000


def test_stopping_is_told(manager: ServiceManager) -> None:
    """The end was asked for, so that systemd shows no failure."""
    with closing(told_by(manager)) as notifier:
        notifier.stopping()
    assert [{"STOPPING": "1", "STATUS": "stopping"}] == manager.messages


def test_without_a_service_manager_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """In a terminal or a container nobody listens, and that is no fault."""
    with closing(Notifier({})) as notifier:
        notifier.ready("")
        notifier.reloading()
        notifier.stopping()
    assert [] == caplog.records


@pytest.mark.parametrize("name", ["nobody", "x" * 200])
def test_service_manager_that_cannot_be_told_is_a_warning(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The exporter goes on when the socket is gone, or its name no name of a socket."""
    with closing(Notifier({"NOTIFY_SOCKET": str(tmp_path / name)})) as notifier:
        notifier.ready("")
    ((_, level, message),) = caplog.record_tuples
    assert (logging.WARNING, "service manager not told") == (level, message)


def test_service_manager_that_reads_nothing_blocks_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A full queue loses messages; it does not stop the event loop."""
    with listening(str(tmp_path / "notify")) as manager, closing(told_by(manager)) as notifier:
        while not caplog.records:
            notifier.ready("")
        assert manager.messages


@pytest.fixture(name="clock")
def make_clock() -> FakeClock:
    """Hold the watchdog's time."""
    return FakeClock()


def watched(manager: ServiceManager, clock: FakeClock, variables: Mapping[str, str]) -> Notifier:
    """Return a notifier whose watchdog these variables describe."""
    return Notifier({"NOTIFY_SOCKET": manager.address, **variables}, sleep=clock.sleep)


@pytest.mark.parametrize("process", [{}, {"WATCHDOG_PID": str(os.getpid())}])
async def test_watchdog_is_told_twice_in_the_time_it_waits(
    process: dict[str, str], manager: ServiceManager, clock: FakeClock
) -> None:
    """At once, then at each half of ``WATCHDOG_USEC``."""
    variables = {"WATCHDOG_USEC": "30000000", **process}
    with closing(watched(manager, clock, variables)) as notifier:
        task = asyncio.create_task(notifier.watch(lambda: True))
        await clock.advance(14.9)
        assert [PING] == manager.messages
        await clock.advance(0.2)
        assert [PING] * 2 == manager.messages
        await clock.advance(30)
        assert [PING] * 4 == manager.messages
        task.cancel()


async def test_watchdog_is_not_told_while_nothing_makes_progress(
    manager: ServiceManager, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A poller that hangs ends in a restart, and the log says why; one that recovers does not."""
    health = iter([True, False, True])
    with closing(watched(manager, clock, {"WATCHDOG_USEC": "2000000"})) as notifier:
        task = asyncio.create_task(notifier.watch(lambda: next(health)))
        await clock.advance(1.5)
        assert [PING] == manager.messages
        assert ["no progress, so the watchdog is not told"] == caplog.messages
        await clock.advance(1)
        assert [PING] * 2 == manager.messages
        task.cancel()


@pytest.mark.parametrize("variables", NO_WATCHDOG.values(), ids=NO_WATCHDOG)
async def test_without_a_watchdog_watching_ends(
    variables: dict[str, str], manager: ServiceManager, clock: FakeClock
) -> None:
    """Nothing is told to a watchdog that is not there, or that waits for another process."""
    with closing(watched(manager, clock, variables)) as notifier:
        task = asyncio.create_task(notifier.watch(lambda: True))
        await clock.settle()
        assert task.done()
    assert [] == manager.messages


async def test_a_watchdog_of_a_microsecond_costs_little(
    manager: ServiceManager, clock: FakeClock
) -> None:
    """A time that is too short to be meant does not keep a CPU busy."""
    with closing(watched(manager, clock, {"WATCHDOG_USEC": "1"})) as notifier:
        task = asyncio.create_task(notifier.watch(lambda: True))
        await clock.advance(1)
        assert 10 <= len(manager.messages) <= 25
        task.cancel()


async def test_a_watchdog_without_a_service_manager_ends(clock: FakeClock) -> None:
    """Without a socket nothing can be told, so that nothing is done."""
    with closing(Notifier({"WATCHDOG_USEC": "1"}, sleep=clock.sleep)) as notifier:
        task = asyncio.create_task(notifier.watch(lambda: True))
        await clock.settle()
        assert task.done()

"""A configuration that is read again: asked for, or because its site files are others."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from exporter import config
from exporter.reload import LOOK_SECONDS, Reloader
from tests.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

SITE = "{{name: {}, url: https://whmcs.example/, identifier: a, secret: s3ntinel}}\n"
ACME = f"sites: [{SITE.format('acme')}]"


class Configured:
    """Notes what it is told to go on with, and can be a while about it."""

    def __init__(self) -> None:
        """Begin without anything."""
        self.given: list[list[str]] = []
        self.in_vain = 0
        self.error: OSError | None = None
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def configure(self, sites: Iterable[config.Site]) -> None:
        """Go on with these."""
        await self.may_end.wait()
        if self.error is not None:
            raise self.error
        self.given.append([site.name for site in sites])

    def not_configured(self) -> None:
        """Count it."""
        self.in_vain += 1


class Told:
    """Notes what a service manager is told."""

    def __init__(self) -> None:
        """Begin without anything."""
        self.messages: list[str] = []

    def reloading(self) -> None:
        """Hear that a reload begins."""
        self.messages.append("reloading")

    def ready(self, status: str) -> None:
        """Hear that it has ended."""
        self.messages.append(status)


class Bench:
    """A reloader with its files and its clock."""

    def __init__(self, folder: Path) -> None:
        """Write a configuration of two sites, one of them in a file of its own."""
        self.folder = folder
        self.main = folder / "whmcs.yml"
        self.main.write_text(
            f"sites: [{SITE.format('acme')}]\nsite_files: [sites-*.yml]\n", "utf-8"
        )
        self.write("sites-1.yml", "globex")
        self.clock = FakeClock()
        self.configured = Configured()
        self.told = Told()
        self.reloader = Reloader(self.load, self.load(), self.configured, self.told, self.clock)

    def load(self) -> config.Config:
        """Read the configuration."""
        return config.load(self.main, {})

    def write(self, file: str, *names: str) -> None:
        """Write a file of sites."""
        lines = "".join(f"- {SITE.format(name)}" for name in names)
        (self.folder / file).write_text(lines, "utf-8")

    async def look(self) -> None:
        """Let the site files be looked at once, and what follows from it happen."""
        await self.clock.advance(LOOK_SECONDS)
        # The files are read in a thread, which does not follow the clock.
        while not self.clock.sleepers:  # noqa: ASYNC110 - the clock stands still: there is no event
            await asyncio.sleep(0)


@pytest.fixture(name="bench")
async def make_bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """Return a bench whose reloader runs."""
    bench = Bench(tmp_path)
    async with running(bench.reloader):
        yield bench


@asynccontextmanager
async def running(reloader: Reloader) -> AsyncIterator[None]:
    """Let a reloader serve and watch."""
    tasks = [asyncio.create_task(part()) for part in (reloader.serve, reloader.watch)]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_good_configuration_runs(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """What was read is handed on, and the log says so."""
    caplog.set_level(logging.INFO)
    bench.write("sites-1.yml", "globex", "initech")
    assert "" == await bench.reloader.reload()
    assert [["acme", "globex", "initech"]] == bench.configured.given
    assert ["reloading", "sites polled: 3"] == bench.told.messages
    (record,) = caplog.records
    assert ("configuration reloaded", 3) == (record.message, record.__dict__["sites"])


async def test_bad_configuration_changes_nothing(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """Every problem is told at once, to who asked and to the log, without a secret; then mended."""
    bench.main.write_text(f"{ACME}\nsits: 1\nsecret: s3ntinel\n", "utf-8")
    problem = await bench.reloader.reload()
    assert [f"{bench.main}:{line}:1" for line in (3, 4)] == [
        line.partition(": ")[0] for line in problem.splitlines()
    ]
    assert ([], 1) == (bench.configured.given, bench.configured.in_vain)
    assert ["reloading", "not reloaded: the log has the reason"] == bench.told.messages
    (record,) = caplog.records
    assert "configuration not reloaded" == record.message
    assert problem.replace("\n", "; ") == record.__dict__["error"]
    assert "s3ntinel" not in problem

    bench.main.write_text(ACME, "utf-8")
    assert "" == await bench.reloader.reload()
    assert [["acme"]] == bench.configured.given


async def test_what_cannot_be_configured_is_told(bench: Bench) -> None:
    """A file that vanished between the check and its use is a problem like any other."""
    bench.configured.error = FileNotFoundError(2, "No such file or directory")
    assert "[Errno 2] No such file or directory" == await bench.reloader.reload()
    assert 1 == bench.configured.in_vain


async def test_one_reload_answers_all_who_asked_before_it(bench: Bench) -> None:
    """Five who ask while a reload is under way get one more, together."""
    bench.configured.may_end.clear()
    first = asyncio.create_task(bench.reloader.reload())
    await bench.clock.settle()
    others = [asyncio.create_task(bench.reloader.reload()) for _ in range(5)]
    await bench.clock.settle()
    bench.configured.may_end.set()
    assert [""] * 6 == await asyncio.gather(first, *others)
    assert 2 == len(bench.configured.given)


async def test_who_leaves_takes_no_answer_along(bench: Bench) -> None:
    """One of two who wait for the same reload gives up; the other is answered."""
    bench.configured.may_end.clear()
    leaves = asyncio.create_task(bench.reloader.reload())
    stays = asyncio.create_task(bench.reloader.reload())
    await bench.clock.settle()
    leaves.cancel()
    bench.configured.may_end.set()
    assert "" == await stays


async def test_changed_site_files_are_read(bench: Bench) -> None:
    """A file that is written, added or removed is noticed by itself."""
    bench.write("sites-1.yml", "initech")
    await bench.look()
    bench.write("sites-2.yml", "hooli")
    await bench.look()
    (bench.folder / "sites-1.yml").unlink()
    await bench.look()
    assert [["acme", "initech"], ["acme", "initech", "hooli"], ["acme", "hooli"]] == (
        bench.configured.given
    )


async def test_files_that_stay_are_left_alone(bench: Bench) -> None:
    """Without a change nothing is read; a bad file is read, and told, once."""
    await bench.look()
    assert [] == bench.configured.given
    bench.write("sites-1.yml", "acme")
    for _ in range(3):
        await bench.look()
    assert ([], 1) == (bench.configured.given, bench.configured.in_vain)


async def test_files_are_checked_again_when_threads_can_be_started(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a thread the check fails, which is logged once; a later check finds the change."""
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", _refuse)
        bench.write("sites-1.yml", "initech")
        for _ in range(3):
            await bench.look()
    assert [] == bench.configured.given
    (record,) = caplog.records
    assert "site files not checked" == record.message
    await bench.look()
    assert [["acme", "initech"]] == bench.configured.given


def _refuse(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


async def test_new_patterns_are_followed(bench: Bench) -> None:
    """After a reload the files are those of the configuration that runs."""
    bench.main.write_text("site_files: [other-*.yml]\n", "utf-8")
    bench.write("other-1.yml", "hooli")
    await bench.reloader.reload()
    await bench.look()
    assert [["hooli"]] == bench.configured.given
    bench.write("other-1.yml", "umbrella")
    await bench.look()
    assert [["hooli"], ["umbrella"]] == bench.configured.given

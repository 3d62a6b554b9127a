"""Programs as processes of their own, and the one place where tests wait for them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

T = TypeVar("T")

EXPORTER = (sys.executable, "-m", "exporter")
ANYWHERE = "--web.listen-address=127.0.0.1:0"
_STEP = 0.05
# Help is wrapped at it.
_WIDTH = "100"


async def eventually(check: Callable[[], Awaitable[T]], seconds: float = 60.0) -> T:
    """Return what ``check`` returns once nothing in it is refused any more.

    A process of its own has no clock that a test could hold, so here, and nowhere else, time
    passes: in short steps, until the condition is seen or the deadline shows why it is not.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return await check()
        except (AssertionError, aiohttp.ClientError):
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(_STEP)


def clean_environment() -> dict[str, str]:
    """Return the environment of this process without what an exporter would follow."""
    followed = ("WHMCS_", "NO_COLOR", "NOTIFY_SOCKET", "WATCHDOG_")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(followed)}
    return kept | {"COLUMNS": _WIDTH}


class Program:
    """A running process, leader of a group; its output is kept in files, so it never blocks."""

    def __init__(
        self, command: tuple[str, ...], folder: Path, environment: Mapping[str, str]
    ) -> None:
        """Start ``command`` in ``folder``; ``environment`` is added to the cleaned one."""
        self._out, self._err = folder / "stdout", folder / "stderr"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env={**clean_environment(), **environment},
                start_new_session=True,
            )
        self.pid = self._process.pid

    @property
    def stdout(self) -> str:
        """What it has written to standard output so far."""
        return self._out.read_text(encoding="utf-8")

    @property
    def stderr(self) -> str:
        """What it has written to standard error so far."""
        return self._err.read_text(encoding="utf-8")

    @property
    def command_line(self) -> str:
        """What everybody on this machine may read about it."""
        return Path(f"/proc/{self.pid}/cmdline").read_text(encoding="utf-8")

    async def said(self, pattern: str) -> re.Match[str]:
        """Wait until a pattern is found in its output."""

        async def look() -> re.Match[str]:
            output = self.stdout + self.stderr
            match = re.search(pattern, output)
            assert match, f"{pattern!r} was not said: {output}"
            return match

        return await eventually(look)

    async def ended(self, seconds: float = 60.0) -> int:
        """Wait for its end and return the exit code."""

        async def look() -> int:
            code = self._process.poll()
            assert code is not None, f"still runs: {self.stderr}"
            return code

        return await eventually(look, seconds)

    def interrupt(self, number: int = signal.SIGTERM) -> None:
        """Send a signal to the process and its children, as a terminal does with Ctrl-C."""
        os.killpg(self.pid, number)

    def kill(self) -> None:
        """End the whole group; it may have ended already."""
        with contextlib.suppress(ProcessLookupError):
            self.interrupt(signal.SIGKILL)
        self._process.wait()


class Launcher:
    """Starts programs, each in a folder of its own, and ends them all."""

    def __init__(self, folder: Path) -> None:
        """Keep the programs' folders in ``folder``."""
        self._folder = folder
        self._programs: list[Program] = []

    def start(self, *command: str, environment: Mapping[str, str] | None = None) -> Program:
        """Start any program."""
        folder = self._folder / f"program-{len(self._programs)}"
        folder.mkdir()
        program = Program(command, folder, environment or {})
        self._programs.append(program)
        return program

    def exporter(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Program:
        """Start the exporter with these arguments."""
        return self.start(*EXPORTER, *arguments, environment=environment)

    def kill(self) -> None:
        """End every program that still runs."""
        for program in self._programs:
            program.kill()


@contextlib.contextmanager
def launched(folder: Path) -> Iterator[Launcher]:
    """Hand out a launcher whose programs all end with the context."""
    launcher = Launcher(folder)
    try:
        yield launcher
    finally:
        launcher.kill()

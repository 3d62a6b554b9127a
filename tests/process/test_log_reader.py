"""A reader of the log that stops reading, and a log that cannot be written, stop nothing else."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tests.exposition_check import value
from tests.process import configuration
from tests.process.page import get
from tests.process.program import EXPORTER, Launcher, Program, eventually
from tests.process.test_logs import logfmt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from exporter.simulator.server import Simulator

DROPPED = "whmcs_exporter_log_lines_dropped_total"
REJECTED = "configuration not reloaded"
URL = "http://exporter"
# The line of a rejected reload names each unknown key: several of them exceed every queue.
UNKNOWN_KEYS = 4_000
RELOADS = 8
# Seconds: more than a busy machine needs for a response.
PATIENCE = 60.0
_PIPE_BYTES = 4096
_END = b"\0"
_WITH_STDERR = ("bash", "-c", 'exec 2>"$0"; exec "$@"')
FORMATS: list[tuple[str, Callable[[str], dict[str, Any]]]] = [
    ("json", json.loads),
    ("logfmt", logfmt),
]


class Reader:
    """The reader of a small pipe; it does not read before it is told to."""

    def __init__(self, path: Path) -> None:
        """Make the pipe."""
        os.mkfifo(path)
        self.path = path
        # Opened for both, so that neither this nor the reading waits for a writer.
        self._pipe = os.open(path, os.O_RDWR)
        fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._text = bytearray()
        self._thread = threading.Thread(target=self._read)

    def start(self) -> None:
        """Read from now on."""
        self._thread.start()

    @property
    def lines(self) -> list[str]:
        """Return the whole lines that were read so far."""
        return bytes(self._text).decode().split("\n")[:-1]

    async def has(self, text: str, count: int = 1) -> None:
        """Wait until so many lines with a text were read."""

        async def look() -> None:
            assert sum(text in line for line in self.lines) >= count

        await eventually(look)

    def _read(self) -> None:
        while not self._text.endswith(_END):
            self._text += os.read(self._pipe, 1 << 20)

    def close(self) -> None:
        """Close the pipe."""
        if self._thread.is_alive():
            os.write(self._pipe, _END)
            self._thread.join()
        os.close(self._pipe)


class Stalled:
    """An exporter whose log nobody reads."""

    def __init__(self, program: Program, reader: Reader, socket: Path, config: Path) -> None:
        """Reach it over a Unix socket."""
        self.program = program
        self.reader = reader
        self._socket = socket
        self._config = config

    async def page(self, path: str) -> str:
        """Return a page once it is served."""

        async def look() -> str:
            async with asyncio.timeout(PATIENCE):
                page = await get(f"{URL}{path}", path=self._socket)
            assert 200 == page.status
            return page.text

        return await eventually(look)

    async def fill(self) -> None:
        """Write lines until the pipe and the queue are full."""
        await self.page("/-/healthy")
        self._config.write_text("\n".join(f"unknown_{n}: 1" for n in range(UNKNOWN_KEYS)), "utf-8")
        for _ in range(RELOADS):
            await self.reload()

    async def reload(self) -> None:
        """Request a reload, which is rejected."""
        connector = aiohttp.UnixConnector(str(self._socket))
        async with (
            asyncio.timeout(PATIENCE),
            aiohttp.ClientSession(connector=connector) as session,
            session.post(f"{URL}/-/reload") as response,
        ):
            assert 500 == response.status

    async def dropped(self) -> float:
        """Return how many lines were dropped, once there are some."""

        async def look() -> float:
            number = value(await self.page("/metrics"), DROPPED)
            assert number
            return number

        return await eventually(look)


@pytest.fixture(name="reader")
def make_reader(tmp_path: Path) -> Iterator[Reader]:
    """Return a reader that has not read anything."""
    reader = Reader(tmp_path / "log")
    yield reader
    reader.close()


@pytest.fixture(name="stalled")
async def make_stalled(
    launcher: Launcher, simulator: Simulator, reader: Reader, tmp_path: Path, log_format: str
) -> Stalled:
    """Return a running exporter."""
    # The simulator cannot be slow enough to fail a poll.
    site = configuration.site(simulator.url("acme"), **configuration.UNHURRIED)
    config, socket = tmp_path / "config.yml", tmp_path / "socket"
    configuration.write(config, site)
    program = launcher.start(
        *(*_WITH_STDERR, str(reader.path), *EXPORTER, f"--config.file={config}"),
        *(f"--web.listen-address=unix:{socket}", "--web.enable-lifecycle"),
        f"--log.format={log_format}",
    )
    return Stalled(program, reader, socket, config)


@pytest.mark.parametrize(("log_format", "read"), FORMATS)
async def test_lines_are_dropped_until_the_reader_reads_again(
    stalled: Stalled, read: Callable[[str], dict[str, Any]]
) -> None:
    """Pages are served; afterwards one line says how many lines were dropped."""
    await stalled.fill()
    assert "ok\n" == await stalled.page("/-/healthy")
    dropped = await stalled.dropped()
    stalled.reader.start()
    await stalled.reader.has("log lines dropped")
    await stalled.reload()
    await stalled.reader.has(REJECTED, RELOADS - int(dropped) + 1)
    stalled.program.interrupt()
    await stalled.reader.has("stopping")
    assert 0 == await stalled.program.ended()

    lines = [read(line) for line in stalled.reader.lines]
    messages = [line["msg"] for line in lines]
    (report,) = (line for line in lines if line["msg"] == "log lines dropped")
    assert ("warn", dropped) == (report["level"], float(report["lines"]))
    assert RELOADS + 1 == messages.count(REJECTED) + dropped
    assert ["log lines dropped", REJECTED, "stopping"] == messages[-3:]


@pytest.mark.parametrize("log_format", ["logfmt"])
async def test_reader_that_never_reads_does_not_delay_the_end(stalled: Stalled) -> None:
    """The process ends although its last lines cannot be written."""
    await stalled.fill()
    await stalled.dropped()
    stalled.program.interrupt()
    assert 0 == await stalled.program.ended(20)


@pytest.mark.parametrize(
    "redirection", ["exec 2>/dev/full", "exec 2>&-", "exec 2> >(true); wait $!"]
)
async def test_log_that_cannot_be_written_stops_nothing(
    redirection: str, launcher: Launcher, config_file: str, tmp_path: Path
) -> None:
    """The exporter serves and counts every line, also without standard error."""
    socket = tmp_path / "socket"
    program = launcher.start(
        *("bash", "-c", f'{redirection}; exec "$@"', "bash", *EXPORTER),
        *(f"--config.file={config_file}", f"--web.listen-address=unix:{socket}"),
    )

    async def look() -> None:
        assert socket.exists()
        page = await get(f"{URL}/metrics", path=socket)
        assert (value(page.text, DROPPED) or 0) > 0

    await eventually(look)
    program.interrupt()
    assert 0 == await program.ended()


async def test_line_after_an_incomplete_one_begins_a_new_line(
    launcher: Launcher, config_file: str, tmp_path: Path
) -> None:
    """A disk that was full in the middle of a line does not spoil the lines after it."""
    log, socket = tmp_path / "log", tmp_path / "socket"
    program = launcher.start(
        # The limit of a file's size is 1,024 bytes.
        *("bash", "-c", 'exec 2>>"$0"; ulimit -f 1; exec "$@"', str(log), *EXPORTER),
        *(f"--config.file={config_file}", f"--web.listen-address=unix:{socket}"),
        "--log.level=debug",
    )

    async def is_full() -> None:
        assert socket.exists()
        # Each request writes a line.
        await get(f"{URL}/probe?target=acme&max_age=0s", path=socket)
        assert 1024 == log.stat().st_size
        assert (value((await get(f"{URL}/metrics", path=socket)).text, DROPPED) or 0) > 0

    await eventually(is_full)
    os.truncate(log, 0)
    program.interrupt()
    assert 0 == await program.ended()
    lines = [logfmt(line)["msg"] for line in log.read_text("utf-8").splitlines() if line]
    assert ["log lines dropped"] == [line for line in lines if line == "log lines dropped"]
    assert "stopping" in lines


@pytest.mark.parametrize("command", ["collect", "check"])
async def test_commands_wait_for_the_reader(
    command: str, launcher: Launcher, reader: Reader, tmp_path: Path
) -> None:
    """Commands that serve nobody lose no line, however late it is read."""
    url = "http://127.0.0.1:1/"
    sites = [configuration.site(url, name=f"{n:0200}", timeout="900ms") for n in range(20)]
    secret = tmp_path / "secret"
    secret.write_text("s", "utf-8")
    secret.chmod(0o644)
    sites[0] |= {"secret_file": str(secret)}
    del sites[0]["secret"]
    config = configuration.write(tmp_path / "config.yml", *sites)
    program = launcher.start(
        *(*_WITH_STDERR, str(reader.path), *EXPORTER, command, f"--config.file={config}")
    )
    count = 21 if command == "collect" else 1
    reader.start()
    await reader.has("level=warn", count)
    await program.ended()
    assert "every user may read" in reader.lines[0]


PROGRAM = """\
import logging, sys, warnings
from exporter import logs
logs.configure_queue("info", sys.argv[1])
class Raises:
    def __del__(self):
        raise ValueError("in a destructor")
try:
    raise KeyError("reason")
except KeyError:
    logging.getLogger("exporter.x").exception("failed\\ntwice", extra={"site": "acme"})
warnings.warn("old", UserWarning)
logging.getLogger("asyncio").warning("slow callback")
Raises()
logging.getLogger("exporter.x").info("\\udce9 last")
"""


@pytest.mark.parametrize(("log_format", "read"), FORMATS)
async def test_everything_python_reports_becomes_a_line(
    log_format: str, read: Callable[[str], dict[str, Any]], launcher: Launcher
) -> None:
    """Tracebacks, warnings and ignored exceptions are lines; the last line is written."""
    program = launcher.start(sys.executable, "-c", PROGRAM, log_format)
    assert 0 == await program.ended()
    failed, warning, slow, ignored, last = map(read, program.stderr.splitlines())
    assert ("failed\ntwice", "acme") == (failed["msg"], failed["site"])
    assert "KeyError: 'reason'" in failed["exc_info"]
    assert "UserWarning: old" in warning["msg"]
    assert ("asyncio", "slow callback") == (slow["logger"], slow["msg"])
    assert "in a destructor" in ignored["exc_info"]
    assert last["msg"].endswith(" last")

"""Ten thousand connections that sit there, and others that are worse: scrapes go on."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.process import crowd
from tests.process.program import ANYWHERE, Launcher, Program, eventually
from tests.process.test_web_config import (
    authorization,
    certificate,
    listening,
    status,
    trusting,
    users,
    write,
)
from tests.slow import some_slow
from tests.whmcs.authority import Authority

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

CROWDS = {
    "silent": (10_000, ""),
    "half a head": (2_000, "GET /metrics HTTP/1.1\r\nX-Slow: " + "a" * 4_000),
    "an answer that nobody reads": (2_000, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "garbage": (2_000, "\x16\x03\x01" + "x" * 500),
}
# What Prometheus gives a scrape by default.
SCRAPE_TIMEOUT = 10.0
# What --web.max-requests and the connections beside it come to, and the exporter's own.
MOST_DESCRIPTORS = 40 + 200 + 60
MOST_GROWTH_MIB = 30


def rss(program: Program) -> float:
    """Return the memory of a program in MiB."""
    text = Path(f"/proc/{program.pid}/status").read_text(encoding="utf-8")
    return int(re.findall(r"VmRSS:\s+(\d+) kB", text)[0]) / 1024


def descriptors(program: Program) -> int:
    """Return how many files and sockets a program has open."""
    return len(list(Path(f"/proc/{program.pid}/fd").iterdir()))


def said_of_the_web(program: Program) -> list[str]:
    """Return what a program has logged but for its polls."""
    return [line for line in program.stderr.splitlines() if "exporter.polling" not in line]


async def assert_served_meanwhile(program: Program, scrape: Callable[[], Awaitable[int]]) -> None:
    """Scrape until all of a crowd is there, and once more: no scrape fails or takes too long."""
    there = False
    while not there:
        assert "Traceback" not in program.stderr
        there = "all there" in program.stdout
        async with asyncio.timeout(SCRAPE_TIMEOUT):
            assert 200 == await scrape()


@pytest.mark.parametrize("crowd_of", some_slow(CROWDS, quick=["half a head"]))
async def test_a_crowd_is_borne(
    crowd_of: tuple[int, str], launcher: Launcher, config_file: str
) -> None:
    """Memory and descriptors stay bounded, scrapes go on, and the log says nothing of it."""
    size, said = crowd_of
    program = launcher.exporter(f"--config.file={config_file}", ANYWHERE)
    port = await listening(program)
    assert 200 == await status(port)
    memory, said_before = rss(program), said_of_the_web(program)
    many = launcher.start(sys.executable, crowd.__file__, port, str(size), said)
    await assert_served_meanwhile(many, lambda: status(port))
    assert rss(program) - memory < MOST_GROWTH_MIB
    assert descriptors(program) < MOST_DESCRIPTORS
    many.kill()

    async def all_gone() -> None:
        assert descriptors(program) < MOST_DESCRIPTORS / 5

    await eventually(all_gone)
    assert said_before == said_of_the_web(program)


@pytest.mark.slow
@pytest.mark.parametrize("said", ["", "GET / HTTP/1.1\r\n\r\n"])
async def test_a_crowd_before_tls_is_borne(
    said: str, launcher: Launcher, config_file: str, tmp_path: Path
) -> None:
    """Handshakes that come to nothing cost 256 KiB each, and no more of them than may be open."""
    folder = tmp_path / "authority"
    folder.mkdir()
    authority = Authority(folder)
    web_file = write(tmp_path, certificate(authority))
    program = launcher.exporter(
        f"--config.file={config_file}", ANYWHERE, f"--web.config.file={web_file}"
    )
    port, tls = await listening(program), trusting(authority)
    assert 200 == await status(port, tls=tls)
    many = launcher.start(sys.executable, crowd.__file__, port, "2000", said)
    await assert_served_meanwhile(many, lambda: status(port, tls=tls))
    assert rss(program) < 200
    assert descriptors(program) < MOST_DESCRIPTORS


async def test_a_flood_of_wrong_passwords_is_borne(
    launcher: Launcher, config_file: str, tmp_path: Path
) -> None:
    """While bcrypt is busy, those who are known are served at once, others a little later."""
    web_file = write(tmp_path, users(known="secret", late="secret", cost=8))
    program = launcher.exporter(
        f"--config.file={config_file}", ANYWHERE, f"--web.config.file={web_file}"
    )
    port = await listening(program)
    known = authorization("known", "secret")
    assert 200 == await status(port, known)
    # Where this process is held up, the flood is over before it looks.
    await eventually(lambda: _served_in_a_flood(port, known))
    assert 200 == await status(port, authorization("late", "secret"))


async def _served_in_a_flood(port: str, known: dict[str, str]) -> None:
    flood = [
        asyncio.create_task(status(port, authorization("known", f"wrong {number}")))
        for number in range(100)
    ]
    meanwhile = 0
    while not all(each.done() for each in flood):
        assert 200 == await status(port, known)
        meanwhile += 1
    # Behind the flood there would have been one.
    assert meanwhile > 2
    found = await asyncio.gather(*flood)
    assert {401, 503} >= set(found)
    assert 401 in found

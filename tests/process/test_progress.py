"""Long work counts on a terminal, and is silent where nobody watches."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING

from tests.process.terminal import shown

if TYPE_CHECKING:
    from tests.process.program import Launcher

_COUNT = re.compile(r"\r\x1b\[K([^\r]*)\r")
_SIMULATE = ("simulate", "--sites=acme,globex")


async def test_collect_counts_sources(config_file: str) -> None:
    """One after the other is done, and the line is wiped out before the metrics come."""
    text = await shown("collect", f"--config.file={config_file}")
    assert ["1 of 2 sources", "2 of 2 sources", ""] == _COUNT.findall(text)
    assert text.index("\x1b[K\r") < text.index("# HELP")


async def test_simulate_counts_sites() -> None:
    """The sites are made before it listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"--web.listen-address=127.0.0.1:{taken.getsockname()[1]}"
        text = await shown(*_SIMULATE, address)
    assert ["1 of 2 sites", "2 of 2 sites", ""] == _COUNT.findall(text)
    assert "cannot listen" in text


async def test_no_count_on_a_terminal_that_cannot_wipe(config_file: str) -> None:
    """``TERM=dumb`` knows no way back to the line's begin."""
    text = await shown("collect", f"--config.file={config_file}", environment={"TERM": "dumb"})
    assert "\x1b" not in text


async def test_no_count_in_a_pipe(launcher: Launcher, config_file: str) -> None:
    """A timer's log gets no control characters."""
    program = launcher.exporter("collect", f"--config.file={config_file}")
    assert 0 == await program.ended()
    assert "\x1b" not in program.stdout + program.stderr

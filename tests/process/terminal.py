"""A terminal for programs that look whether they have one."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
from typing import TYPE_CHECKING

from tests.process.program import clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

_READ = 65536


async def shown(*arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """Run the exporter to its end on a terminal of its own; return what that was sent."""
    surroundings = {**clean_environment(), "TERM": "xterm", **(environment or {})}
    master, terminal = pty.openpty()
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "exporter", *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=terminal,
            stderr=terminal,
            env=surroundings,
        )
        os.close(terminal)
        text = await asyncio.to_thread(_read_all, master)
        await process.wait()
    finally:
        os.close(master)
    return text


def _read_all(master: int) -> str:
    parts = []
    # Linux ends the reading of a terminal that nobody writes to any more with an error.
    while part := _read(master):
        parts.append(part)
    return b"".join(parts).decode()


def _read(master: int) -> bytes:
    try:
        return os.read(master, _READ)
    except OSError:
        return b""

"""What a process uses, from one quarter of the run to another."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

_TICKS = os.sysconf("SC_CLK_TCK")
_ALLOWED_GROWTH = 1.05
# Connections come and go with the faults.
_ALLOWED_DESCRIPTORS = 2.0


@dataclass(frozen=True, slots=True)
class Usage:
    """A process at one moment: bytes in memory, open descriptors, threads, seconds of CPU."""

    memory: float
    descriptors: int
    threads: int
    cpu: float

    @classmethod
    def of(cls, pid: int) -> Usage:
        """Look at a process (proc(5))."""
        folder = Path(f"/proc/{pid}")
        lines = (folder / "status").read_text().splitlines()
        status = dict(line.split(":", 1) for line in lines)
        _, _, stat = (folder / "stat").read_text().rpartition(") ")
        user, system = stat.split()[11:13]
        return cls(
            memory=int(status["VmRSS"].split()[0]) * 1024,
            descriptors=sum(1 for _ in (folder / "fd").iterdir()),
            threads=int(status["Threads"]),
            cpu=(int(user) + int(system)) / _TICKS,
        )


@dataclass(frozen=True, slots=True)
class Trend:
    """The means of the second and of the last quarter of a run, and the most of all of it."""

    second: float
    last: float
    most: float

    @classmethod
    def of(cls, values: list[float]) -> Trend:
        """Look at values that were taken at equal steps."""
        quarter = max(1, len(values) // 4)
        second = values[quarter : 2 * quarter] or values
        return cls(fmean(second), fmean(values[-quarter:]), max(values))

    @property
    def change(self) -> float:
        """By which share the last quarter is above the second."""
        return self.last / self.second - 1


def grown(memory: Trend, descriptors: Trend, threads: Trend) -> list[str]:
    """Say what has grown though it should not."""
    limits = {
        "memory": (memory, memory.second * _ALLOWED_GROWTH),
        "descriptors": (descriptors, descriptors.second * _ALLOWED_GROWTH + _ALLOWED_DESCRIPTORS),
        "threads": (threads, threads.second * _ALLOWED_GROWTH),
    }
    return [
        f"{name} grew from {trend.second:.1f} to {trend.last:.1f}"
        for name, (trend, limit) in limits.items()
        if trend.last > limit
    ]

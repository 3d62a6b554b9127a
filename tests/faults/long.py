"""The long campaign: faults in random order, time and again, at many sites of one exporter.

``python -m tests.faults.long --minutes 5 --seed 1`` starts an exporter as a program, lets faults
come and go at its sites, and watches what it exposes all the while. It fails at the first number
that is wrong, at the first fault that is not told or not recovered from in time, and when memory
or descriptors grow.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults.hosts import Hosts
from tests.faults.kinds import FAULTS
from tests.faults.scene import Scene, Watch
from tests.faults.stage import CALM, NAME, site_keys
from tests.faults.stand import HOST, Stand
from tests.faults.truth import Truth
from tests.process import configuration
from tests.process.page import ready
from tests.process.program import ANYWHERE, Program, launched
from tests.whmcs.authority import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.fault import Fault, SiteKind

MIB = 1024 * 1024
MEMORY = 30 * MIB
# Connections that are kept, or just now replaced.
DESCRIPTORS = 60
# Most faults are met by a plain site, so there are several.
KINDS: tuple[SiteKind, ...] = (
    *("plain", "plain", "plain", "plain", "plain"),
    *("fronted", "tls", "named", "proxied", "tunnelled"),
)
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process holds: bytes of memory, now and at most so far, and descriptors."""

    memory: int
    peak: int
    descriptors: int

    @classmethod
    def of(cls, program: Program) -> Cost:
        """Ask the kernel."""
        process = Path(f"/proc/{program.pid}")
        lines = (process / "status").read_text(encoding="utf-8").splitlines()
        sizes = {line.split()[0]: line.split()[1] for line in lines if line.endswith(" kB")}
        return cls(
            1024 * int(sizes["VmRSS:"]),
            1024 * int(sizes["VmHWM:"]),
            len(list((process / "fd").iterdir())),
        )


class Campaign:
    """Sites, an exporter that polls them, and a watch on it."""

    def __init__(self, folder: Path, seed: int) -> None:
        """Keep files in ``folder``; the faults' order depends on ``seed`` alone."""
        self._folder = folder
        self._seed = seed
        self._authority = Authority(folder)
        self._hosts = Hosts(folder / "hosts.json")
        self._hosts.write({NAME: (HOST,)})
        self._watch = Watch()
        self._scenes: list[Scene] = []
        self._sites: list[dict[str, Any]] = []
        self._stack = AsyncExitStack()

    async def run(self, seconds: float) -> str:
        """Run it, and return its figures."""
        async with self._stack:
            self._elsewhere = await self._stack.enter_async_context(Stand(Truth("elsewhere")))
            calm = await self._stack.enter_async_context(Stand(Truth(CALM)))
            # It must be calm on a busy machine too.
            pace = {"interval": "2s", "timeout": "1900ms", "stale_after": "10s"}
            self._sites = [configuration.site(calm.own, name=CALM, **pace)]
            for number, kind in enumerate(KINDS):
                await self._add(kind, f"{kind}-{number}")
            program = self._start()
            await self._watch.open(await ready(program))
            before = Cost.of(program)
            await self._play(seconds)
            after = Cost.of(program)
            assert self._elsewhere.connections == 0
            assert after.peak - before.memory <= MEMORY
            assert after.descriptors - before.descriptors <= DESCRIPTORS
            return self._figures(before, after)

    async def _add(self, kind: SiteKind, name: str) -> None:
        encrypted, tunnelled = kind == "tls", kind == "tunnelled"
        inner = await self._stack.enter_async_context(Stand(Truth(name), self._authority))
        stand = await self._stack.enter_async_context(
            Stand(
                Truth(name),
                self._authority if encrypted else None,
                elsewhere=self._elsewhere.own,
                inner=inner.port if tunnelled else None,
            )
        )
        secret = self._folder / f"{name}.secret"
        secret.write_text("secret", encoding="utf-8")
        site = configuration.site(**site_keys(kind, stand, inner, self._authority), name=name)
        del site["secret"]
        self._sites.append(site | {"secret_file": str(secret)})
        chance = random.Random(f"{self._seed} {name}")  # noqa: S311 - to be repeated, not secret
        self._scenes.append(
            Scene(
                name=name,
                stand=stand,
                inner=inner,
                faults=_endless(_fitting(kind), chance),
                watch=self._watch,
                hosts=self._hosts if kind == "named" else None,
                secret=secret,
                chance=chance,
            )
        )

    def _start(self) -> Program:
        path = configuration.write(self._folder / "whmcs.yml", *self._sites)
        return self._stack.enter_context(launched(self._folder)).start(
            *(sys.executable, "-m", "tests.faults.hosts", ANYWHERE, "--config.file", path),
            environment={"HOSTS": str(self._folder / "hosts.json"), "PYTHONPATH": str(_ROOT)},
        )

    async def _play(self, seconds: float) -> None:
        """Let every scene play; the end of the time ends them, the first error all."""
        try:
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                group.create_task(self._watch.scrape())
                for scene in self._scenes:
                    group.create_task(scene.play())
        except TimeoutError:
            return

    def _figures(self, before: Cost, after: Cost) -> str:
        times = [seconds for scene in self._scenes for seconds in scene.times]
        return (
            f"{len(times) // 2} faults, {self._watch.scrapes} scrapes; told or recovered from"
            f" within {max(times):.2f} s, {sum(times) / len(times):.2f} s on average; memory"
            f" {before.memory / MIB:.1f} MiB before, {after.memory / MIB:.1f} after,"
            f" {after.peak / MIB:.1f} at most; descriptors {before.descriptors} before,"
            f" {after.descriptors} after"
        )


def _endless(faults: list[Fault], chance: random.Random) -> Iterator[Fault]:
    while True:
        yield from chance.sample(faults, len(faults))


def _fitting(kind: SiteKind) -> list[Fault]:
    """Return the faults of a kind of site, but those whose end or moment cannot be chosen."""
    return [
        fault
        for fault in FAULTS
        if fault.site == kind
        and not fault.stray
        and not (fault.waits and fault.reason == "rate_limited")
    ]


def main() -> None:
    """Run the campaign and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(asyncio.run(Campaign(Path(folder), asked.seed).run(60 * asked.minutes)))  # noqa: T201 - its output


if __name__ == "__main__":
    main()

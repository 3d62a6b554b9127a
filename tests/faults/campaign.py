"""One fault after another against the exporter's real parts: what comes of each is measured.

What must hold whatever happens is asserted here: no wrong number, an exposition that Prometheus
takes, the site beside it untouched, nobody else spoken to, no descriptor and no memory kept. What
differs from fault to fault is the outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.exposition_check import check, samples
from tests.faults.stage import CALM, FAULTY, INTERVAL, STALE_AFTER, Stage
from tests.faults.truth import SOURCES
from tests.process.truth import series

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.exposition_check import Series
    from tests.faults.fault import Fault
    from tests.faults.truth import Truth
    from tests.whmcs.authority import Authority

MIB = 1024 * 1024
MEMORY = 30 * MIB
_TICKETS = ("whmcs_tickets", "whmcs_department")
_UPS = {"whmcs_up", "whmcs_source_success"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a fault led to.

    Attributes:
        reasons: Why each source failed; those that did not are not in it.
        lines: How often the log spoke of it, its end included.
        waited: For how many seconds nothing was asked.
    """

    reasons: dict[str, str]
    lines: int
    waited: float


async def outcome(fault: Fault, folder: Path, authority: Authority) -> Outcome:
    """Let a fault come and go, and return what it led to."""
    descriptors, memory = _descriptors(), _memory()
    async with Stage(fault, folder, authority) as stage:
        found = await _Course(stage).run()
        assert (0, []) == (stage.elsewhere.connections, stage.elsewhere.requests)
    assert descriptors == _descriptors()
    assert _peak() - memory < MEMORY
    return found


class _Course:
    """What happens on a stage, step by step, with a look at the exposition after each."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._fault = stage.fault
        self._before = stage.stand.truth
        self._reasons: dict[str, str] = {}
        self._lines: list[tuple[str, str]] = []

    async def run(self) -> Outcome:
        await self._begin()
        await self._fail()
        await self._fail_again()
        await self._grow_old()
        waited = await self._wait()
        await self._recover()
        return Outcome(reasons=self._reasons, lines=len(self._lines), waited=waited)

    async def _begin(self) -> None:
        """Poll a site that answers rightly."""
        await self._stage.poll()
        self._look({}, self._before.tickets() | self._before.departments())
        self._stage.lines()

    async def _fail(self) -> None:
        """Meet the fault: what fails keeps its last numbers."""
        await self._stage.play(self._fault)
        self._stage.move_on()
        await self._pass(INTERVAL)
        states = self._stage.snapshot().sources
        self._reasons = {name: state.reason for name, state in states.items() if state.reason}
        self._look(self._reasons, self._shown(self._before))
        check(self._stage.page())
        self._lines += self._stage.lines()

    async def _fail_again(self) -> None:
        """Meet it for longer: nothing changes, nothing more is said, nor asked while it waits."""
        asked = len(self._stage.stand.requests)
        await self._pass(INTERVAL)
        self._look(self._reasons, self._shown(self._before))
        assert [] == self._stage.lines()
        if self._fault.waits > INTERVAL and self._fault.sources == SOURCES:
            assert asked == len(self._stage.stand.requests)

    async def _grow_old(self) -> None:
        """Let the last numbers go stale: they are withheld."""
        await self._stage.clock.advance(STALE_AFTER - 2 * INTERVAL + 1)
        self._look(self._reasons, self._shown(None))
        assert [] == self._stage.lines()

    async def _wait(self) -> float:
        """End the fault, and sit out what is left of the exporter's patience."""
        await self._stage.play(None)
        self._stage.move_on()
        left = INTERVAL + self._fault.waits - STALE_AFTER - 1
        if left > 0:
            await self._pass(left - 1)
            self._look(self._reasons, self._shown(None))
            await self._stage.clock.advance(1)
        # Backoffs are up to 5 % longer.
        await self._stage.clock.advance(self._fault.waits / 20)
        return self._fault.waits

    async def _recover(self) -> None:
        """Poll once more: everything is as if nothing had been."""
        await self._stage.poll()
        now = self._stage.stand.truth
        self._look({}, now.tickets() | now.departments())
        self._lines += self._stage.lines()

    async def _pass(self, seconds: float) -> None:
        await self._stage.clock.advance(seconds)
        await self._stage.poll()

    def _shown(self, kept: Truth | None) -> dict[Series, float]:
        """Return what must be shown: of what failed, what was ``kept``; of the rest, the news."""
        now = self._stage.stand.truth
        tickets = {} if self._fault.withheld else now.tickets(self._fault.shows)
        departments = now.departments()
        if "ticket_counts" in self._reasons:
            tickets = kept.tickets() if kept else {}
        if "departments" in self._reasons:
            departments = kept.departments() if kept else {}
        return tickets | departments

    def _look(self, reasons: Mapping[str, str], expected: dict[Series, float]) -> None:
        """See what is exposed: the right numbers, the right state, and a calm site in peace."""
        found = samples(self._stage.page())
        calm = self._stage.calm.truth
        tickets = {key: number for key, number in found.items() if key[0].startswith(_TICKETS)}
        assert expected | calm.tickets() | calm.departments() == tickets
        ups = {key: number for key, number in found.items() if key[0] in _UPS}
        assert _ups(FAULTY, reasons) | _ups(CALM, {}) == ups
        failed = {
            key for key, number in found.items() if key[0] == "whmcs_api_failures_total" and number
        }
        assert failed == {
            series("whmcs_api_failures_total", site=FAULTY, reason=reason)
            for reason in self._reasons.values()
        }


def _ups(site: str, reasons: Mapping[str, str]) -> dict[Series, float]:
    """Return the samples that say whether a site is up."""
    success = {
        series("whmcs_source_success", site=site, source=source): float(source not in reasons)
        for source in SOURCES
    }
    return {series("whmcs_up", site=site): float("ticket_counts" not in reasons), **success}


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _memory() -> int:
    """Return this process's memory in bytes, and let its peak begin anew."""
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    return _peak()


def _peak() -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return 1024 * int(kilobytes)

"""Each fault once: it is told rightly, harms nobody else, and leaves nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.campaign import Outcome, outcome
from tests.faults.kinds import FAULTS, GROUPS
from tests.faults.table import PAGE, page, row
from tests.slow import some_slow

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.fault import Fault
    from tests.whmcs.authority import Authority


# One of each group and reason: the first, as groups begin with the simplest.
QUICK = {(group, fault.reason): fault.name for group, of in GROUPS.items() for fault in of[::-1]}


@pytest.mark.parametrize(
    "fault", some_slow({fault.name: fault for fault in FAULTS}, quick=QUICK.values())
)
async def test_fault(fault: Fault, tmp_path: Path, authority: Authority) -> None:
    """A fault has its reason, its lines in the log, its end, and its row in the documents."""
    found = await outcome(fault, tmp_path, authority)
    reasons = dict.fromkeys(fault.sources, fault.reason) if fault.reason else {}
    lines = 2 * len(reasons) + fault.noted
    assert Outcome(reasons=reasons, lines=lines, waited=fault.waits) == found
    assert row(fault, found) in PAGE.read_text(encoding="utf-8").splitlines()


def test_the_table_is_whole() -> None:
    """The page has these faults in this order, and what else it says is what is written today.

    ``python -m tests.faults.table`` writes it anew.
    """
    expected = {
        fault.name: Outcome(
            reasons=dict.fromkeys(fault.sources, fault.reason) if fault.reason else {},
            lines=0,
            waited=fault.waits,
        )
        for fault in FAULTS
    }
    assert page(expected) == PAGE.read_text(encoding="utf-8")

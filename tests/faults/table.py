"""The table of faults and what they lead to, for people: measured, never written by hand.

``python -m tests.faults.table`` runs the campaign and writes ``docs/faults.md``.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.campaign import Outcome, outcome
from tests.faults.kinds import GROUPS
from tests.faults.truth import SOURCES
from tests.whmcs.authority import Authority

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.faults.fault import Fault

PAGE = Path(__file__).parents[2] / "docs/faults.md"

_INTRODUCTION = """\
# Faults, and what the exporter makes of them

`python -m tests.faults.table` writes this page: it lets each fault happen to one of two sites,
looks at the exposition, the log and the other site, ends the fault, and looks again. `make test`
does the same and fails when a row is another one.

For every row it holds that

- no number is shown that the site did not have, and the exposition is one that Prometheus takes;
- what fails is 0 in `whmcs_source_success` (`ticket_counts` in `whmcs_up` too) from the next poll
  on, keeps its last numbers until they are `stale_after` old, and is withheld then;
- the log has one line at the beginning and one at the end, and none in between;
- the other site is polled and shown as ever; no other server is spoken to;
- the first poll after the fault's end, or after the wait, shows everything as it is then;
- neither descriptors nor more than 30 MB of memory are held.

*Reason* is the label of `whmcs_api_failures_total`; without one the answer is accepted. *Wait* is
how long nothing is asked afterwards, in seconds.
"""
_HEADER = "| fault | reason | fails | wait |\n|---|---|---|---|\n"


def row(fault: Fault, found: Outcome) -> str:
    """Return the line of one fault."""
    reasons = " ".join(f"`{reason}`" for reason in sorted(set(found.reasons.values())))
    name = fault.name.replace("|", "\\|")
    sources = "everything" if set(found.reasons) == set(SOURCES) else " ".join(found.reasons)
    wait = f"{found.waited:.0f}" if found.waited else ""
    return f"| {name} | {reasons or _accepted(fault)} | {sources} | {wait} |"


def page(outcomes: Mapping[str, Outcome]) -> str:
    """Return the whole page; ``outcomes`` are by the faults' names."""
    tables = (
        f"\n## {group}\n\n{_HEADER}"
        + "".join(f"{row(fault, outcomes[fault.name])}\n" for fault in faults)
        for group, faults in GROUPS.items()
    )
    return _INTRODUCTION + "".join(tables)


def _accepted(fault: Fault) -> str:
    if fault.withheld:
        return "withheld: beyond `limits`"
    return "accepted; the log notes it" if fault.noted else "accepted"


async def _campaign(folder: Path) -> dict[str, Outcome]:
    authority = Authority(folder)
    return {
        fault.name: await outcome(fault, folder, authority)
        for faults in GROUPS.values()
        for fault in faults
    }


def main() -> None:
    """Run the campaign and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        outcomes = asyncio.run(_campaign(Path(folder)))
    PAGE.write_text(page(outcomes), encoding="utf-8")


if __name__ == "__main__":
    main()

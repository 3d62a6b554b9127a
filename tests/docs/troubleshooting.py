"""The tables of docs/troubleshooting.md: the doctor's own.

``python -m tests.docs.troubleshooting`` writes them into the page; a test holds that they stand.
"""

from __future__ import annotations

from exporter.doctor.cases import CASES, warnings
from exporter.doctor.checkup import Advice
from tests.docs.pages import renew
from tests.docs.sample import README
from tests.doctor.clinic import golden

PAGE = README.parent / "docs" / "troubleshooting.md"


def parts() -> dict[str, str]:
    """Return what is generated, by the name of its place in the page."""
    return {"example": _example(), "cases": _cases(), "warnings": _warnings()}


def _example() -> str:
    told = golden("one-permission-missing").replace("PORT", "8080").replace("N ms", "12 ms")
    return f"```\n{told}```"


def _cases() -> str:
    rows = ["| reason | the message has | cause | what to do |", "|---|---|---|---|"]
    for case in CASES:
        said = ", ".join(f"`{words}`" for words in case.said)
        rows.append(f"| `{case.reason}` | {said} | {case.cause} | {case.remedy} |")
    return "\n".join(rows)


def _warnings() -> str:
    rows = ["| cause | what to do |", "|---|---|"]
    found = (row for row in vars(warnings).values() if isinstance(row, Advice))
    return "\n".join([*rows, *(f"| {row.cause} | {row.remedy} |" for row in found)])


if __name__ == "__main__":
    renew(PAGE, parts())

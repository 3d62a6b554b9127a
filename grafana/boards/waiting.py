"""How long customers have been waiting: panels that stay empty where `waiting` is not polled."""

from __future__ import annotations

from panels import (
    Panel,
    falling,
    heatmap,
    lines,
    merged,
    query,
    renamed,
    rows_of,
    table,
)
from promql import SITE, by_department

_OLDEST = "whmcs_oldest_awaiting_reply_timestamp_seconds"
_BUCKET = "whmcs_awaiting_reply_age_seconds_bucket"
_DEPARTMENT = "department=~`${department:regex}`"
_LABELS = "site, department_id, department, le"
_HOUR, _DAY = 3600.0, 86_400.0
_LONG = {"4 h": 4 * _HOUR, "1 d": _DAY, "3 d": 3 * _DAY, "7 d": 7 * _DAY}


def panels() -> list[Panel]:
    """Return the panels, for a row of their own."""
    return [_departments(), _shares(), _ages()]


def _buckets(more: str = "") -> str:
    """Return the buckets of each chosen department; what is equal from two replicas counts once."""
    return f"max by ({_LABELS}) ({_BUCKET}{{{SITE}, {_DEPARTMENT}{more}}})"


def _within(bound: str) -> str:
    return _buckets(f', le="{bound}"')


def _departments() -> Panel:
    names = {
        "department": "Department",
        "department_id": "Id",
        "Value #A": "Oldest waits",
        "Value #B": "Half wait longer than",
    }
    seconds = {"unit": "s", "decimals": 1}
    return table(
        "Longest waiting by department",
        "How long the ticket that has waited longest has done so, and the age that half of the "
        "waiting tickets have passed. Departments where nobody waits are not listed.",
        rows_of(f"time() - {by_department(_OLDEST, _DEPARTMENT)}", "A"),
        rows_of(f"histogram_quantile(0.5, {_buckets()}) >= 0", "B"),
        transformations=[merged(), renamed(names, hidden=("site",))],
        sort=[falling("Oldest waits")],
        columns={
            "Id": {"custom.width": 60},
            "Oldest waits": seconds,
            "Half wait longer than": seconds,
        },
    )


def _shares() -> Panel:
    every = f"(sum({_within('+Inf')}) > 0)"
    targets = [
        query(f"1 - sum({_within(str(seconds))}) / {every}", f"over {name}", ref=ref)
        for ref, (name, seconds) in zip("ABCD", _LONG.items(), strict=True)
    ]
    return lines(
        "Share that waits longer",
        "Of the waiting tickets of the chosen departments, how many have waited for longer than "
        "4 hours, a day, three days and a week. They overlap.",
        *targets,
        unit="percentunit",
        max=1,
    )


def _ages() -> Panel:
    return heatmap(
        "Ages of waiting tickets",
        "Waiting tickets of the chosen departments by how long they have waited.",
        query(f"sum by (le) ({_buckets()})", "{{le}}"),
        unit="s",
    )

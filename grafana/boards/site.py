"""The board of one site: is this usual, in which department, and is anybody on it?"""

from __future__ import annotations

from dashboard import SITE, chosen, dashboard, statuses_left_out
from layout import heading, placed, repeated, row
from panels import (
    BLUE,
    FEW_POINTS,
    GREEN,
    ORANGE,
    RED,
    Panel,
    dashed,
    falling,
    lines,
    merged,
    missing,
    now,
    query,
    renamed,
    rows_of,
    stat,
    table,
    thresholds,
    values,
)
from promql import (
    LAST_WEEK_SAME_HOUR,
    SHOWN_STATUSES,
    average,
    by_department,
    by_site,
    change_in_a_day,
    data_age,
    highest,
    usual,
)
from promql import SITE as CHOSEN

from boards import waiting

_AWAITING, _ACTIVE = "whmcs_tickets_awaiting_reply", "whmcs_tickets_active"
_DEPARTMENT_AWAITING = "whmcs_department_tickets_awaiting_reply"
_DEPARTMENT = "department=~`${department:regex}`"
_STATUS = f"status=~`${{status:regex}}`, {SHOWN_STATUSES}"
_TICKET_COUNTS = 'source="ticket_counts"'
_WINDOW = "4h"


def board() -> Panel:
    """Return the board."""
    return dashboard(
        SITE,
        "WHMCS / Site",
        "One help desk: what waits, whether that is usual, and which department is on it.",
        shown="7d",
        variables=_variables(),
        panels=placed(
            heading("Right now, the whole site"),
            (4, list(zip((3, 3, 4, 4, 3, 4, 3), _now(), strict=True))),
            heading("Trend"),
            (9, [(12, _awaiting_against_usual()), (12, _active_against_last_week())]),
            (9, [(12, _statuses()), (12, _awaiting_by_department())]),
            heading("Departments"),
            (11, [(14, _matrix()), (10, _attention())]),
            (1, [(24, row("Department by department", hidden=[_one_department()]))]),
            (1, [(24, row("Waiting times, with the source waiting", hidden=waiting.panels()))]),
        ),
    )


def _variables() -> list[Panel]:
    site = f"{{{CHOSEN}}}"
    return [
        chosen("site", "Site", "label_values(whmcs_source_interval_seconds, site)", multi=False),
        chosen(
            "department",
            "Department",
            f"label_values({_DEPARTMENT_AWAITING}{site}, department)",
            all_value=".+",
        ),
        chosen("status", "Status", f"label_values(whmcs_tickets{site}, status)", all_value=".+"),
        statuses_left_out(),
    ]


def _now() -> list[Panel]:
    return [
        stat(
            "Poll",
            "Whether the last poll of GetTicketCounts succeeded. No data: no exporter tells.",
            now(by_site("whmcs_up")),
            background=True,
            mappings=values(_1=("ok", GREEN), _0=("failing", RED)),
        ),
        stat(
            "Data age",
            "Time since the last poll of GetTicketCounts that succeeded.",
            now(f"max by (site) ({data_age(_TICKET_COUNTS)})"),
            unit="s",
            decimals=1,
            thresholds=thresholds(GREEN, (300, ORANGE), (900, RED)),
        ),
        stat(
            "Awaiting reply",
            "Tickets in a status that counts as awaiting a reply.",
            now(by_site(_AWAITING)),
            color={"mode": "fixed", "fixedColor": BLUE},
        ),
        stat(
            "Usual for this hour",
            "Median of the tickets awaiting a reply in the hour around this time, in each of the "
            "last three weeks; of fewer weeks while there are not so many.",
            now(f"{usual(_AWAITING)} and {by_site(_AWAITING)}"),
        ),
        stat(
            "Active tickets",
            "Tickets in a status that counts as active. Those awaiting a reply are among them.",
            now(by_site(_ACTIVE)),
        ),
        stat(
            "Active, 24 h change",
            "How many more tickets are active than 24 hours ago.",
            now(change_in_a_day(_ACTIVE)),
            thresholds=thresholds(GREEN, (1, ORANGE), (20, RED)),
        ),
        stat(
            "Flagged",
            "Tickets flagged to the user of the API credential, not to anybody else.",
            now(by_site("whmcs_tickets_flagged")),
        ),
    ]


def _awaiting_against_usual() -> Panel:
    made = lines(
        "Awaiting reply against usual",
        "Tickets awaiting a reply; dashed, the median of the same hour in the three weeks before.",
        query(by_site(_AWAITING), "awaiting reply"),
        query(usual(_AWAITING), "usual", ref="B"),
    )
    made["fieldConfig"]["overrides"] = [dashed("B")]
    return made


def _active_against_last_week() -> Panel:
    made = lines(
        "Active tickets against last week",
        "Active tickets; dashed, the mean of the same hour one week before.",
        query(by_site(_ACTIVE), "active"),
        query(average(_ACTIVE, LAST_WEEK_SAME_HOUR), "last week", ref="B"),
    )
    made["fieldConfig"]["overrides"] = [dashed("B")]
    return made


def _statuses() -> Panel:
    return lines(
        "Tickets by status",
        "All tickets of the site by status, but for the statuses left out above. A renamed status "
        "ends under its old name and begins under its new one.",
        query(f"max by (status) (whmcs_tickets{{{CHOSEN}, {_STATUS}}})", "{{status}}"),
        stacked=True,
    )


def _awaiting_by_department() -> Panel:
    waiting = by_department(_DEPARTMENT_AWAITING, _DEPARTMENT)
    peak = by_department(
        f"max_over_time({_DEPARTMENT_AWAITING}", _DEPARTMENT, "[$__range] @ end())"
    )
    return lines(
        "Awaiting reply by department",
        "The ten of the chosen departments with the highest peak in the shown time.",
        query(highest(waiting, peak, "site, department_id, department"), "{{department}}"),
    )


def _matrix() -> Panel:
    labels = "site, department_id, department, status"
    each = f"max by ({labels}) (whmcs_department_tickets{{{CHOSEN}, {_DEPARTMENT}, {_STATUS}}})"
    corner = "department\\status"
    matrix = {"columnField": "status", "rowField": "department", "valueField": "Value"}
    made = table(
        "Department and status",
        "Tickets now. Departments of one name are added up in one row.",
        rows_of(f"sum by (department, status) ({each})"),
        transformations=[
            {"id": "groupingToMatrix", "options": matrix | {"emptyValue": "null"}},
            {"id": "organize", "options": {"renameByName": {corner: "Department"}}},
        ],
        columns={"Department": {"custom.width": 160, "custom.cellOptions": {"type": "auto"}}},
    )
    # The more, the darker; the least of all is the panel's own background.
    made["fieldConfig"]["defaults"] |= {"min": 0, "color": {"mode": "continuous-blues"}}
    made["fieldConfig"]["defaults"]["custom"] |= {
        "cellOptions": {"type": "color-background", "mode": "basic"},
        "minWidth": 70,
    }
    return made


def _attention() -> Panel:
    waiting = by_department(_DEPARTMENT_AWAITING, _DEPARTMENT)
    least = by_department(f"min_over_time({_DEPARTMENT_AWAITING}", _DEPARTMENT, f"[{_WINDOW}])")
    decreases = by_department(f"resets({_DEPARTMENT_AWAITING}", _DEPARTMENT, f"[{_WINDOW}])")
    names = {
        "department": "Department",
        "department_id": "Id",
        "Value #A": "Awaiting",
        "Value #B": "Least waiting",
        "Value #C": "Decreases",
    }
    return table(
        "Attention by department, last 4 h",
        "Where nobody works on what waits: something waited all the time (least waiting above 0) "
        "and the number never went down (decreases 0). Where nothing waited for a while, "
        "decreases tell nothing.",
        rows_of(waiting, "A"),
        # A window would go on telling of a site that is not reporting any more.
        rows_of(f"{least} and {waiting}", "B"),
        rows_of(f"{decreases} and {least} > 0 and {waiting}", "C"),
        transformations=[merged(), renamed(names, hidden=("site",))],
        sort=[falling("Awaiting")],
        columns={
            "Department": {"custom.width": 160},
            "Id": {"custom.width": 60},
            "Decreases": {
                "thresholds": thresholds(RED, (1, GREEN)),
                "mappings": missing("was empty"),
                "custom.cellOptions": {"type": "color-text"},
            },
        },
    )


def _one_department() -> Panel:
    each = f"whmcs_department_tickets{{{CHOSEN}, {_DEPARTMENT}, {_STATUS}}}"
    by_status = lines(
        "$department by status",
        "The department's tickets by status, but for the statuses left out above. Choose "
        "departments above to see fewer of these.",
        query(f"sum by (status) (max by (site, department_id, status) ({each}))", "{{status}}"),
        stacked=True,
        points=FEW_POINTS,
    )
    return repeated(by_status, "department")

"""The board of all sites: how many customers wait, where, and whether the numbers are whole."""

from __future__ import annotations

from dashboard import FLEET, SITE, chosen, dashboard, link, statuses_left_out
from layout import heading, placed
from panels import (
    BLUE,
    FEW_POINTS,
    GREEN,
    ORANGE,
    RED,
    Panel,
    bars,
    falling,
    lines,
    merged,
    missing,
    now,
    query,
    renamed,
    rising,
    rows_of,
    stat,
    table,
    thresholds,
    values,
)
from promql import (
    SHOWN_STATUSES,
    by_department,
    by_site,
    change_in_a_day,
    count_or_zero,
    data_age,
    highest,
    known_sites,
    not_reporting,
    since_last_week,
)
from promql import SITE as CHOSEN

_AWAITING, _ACTIVE, _FLAGGED = (
    "whmcs_tickets_awaiting_reply",
    "whmcs_tickets_active",
    "whmcs_tickets_flagged",
)
_MISSING = "Sites that are not reporting are not in it: their number stands beside it."
_MORE_IS_WORSE = thresholds(GREEN, (0.25, ORANGE), (0.5, RED))
_AGE = thresholds(GREEN, (300, ORANGE), (900, RED))


def board() -> Panel:
    """Return the board."""
    return dashboard(
        FLEET,
        "WHMCS / Fleet",
        "All help desks: how many customers wait for a reply, and where.",
        shown="24h",
        variables=[
            chosen(
                "site",
                "Site",
                "label_values(whmcs_source_interval_seconds, site)",
                all_value=".+",
            ),
            statuses_left_out(),
        ],
        panels=placed(
            heading("Right now"),
            (4, [(4, panel) for panel in _totals()]),
            heading("Site by site"),
            (10, [(24, _sites())]),
            heading("Where customers wait"),
            (10, [(12, _departments()), (12, _statuses())]),
            heading("Trend: the ten highest sites"),
            (
                9,
                [
                    (12, _by_site("Awaiting reply by site", _AWAITING)),
                    (12, _by_site("Active tickets by site", _ACTIVE)),
                ],
            ),
            heading("Alerts"),
            (8, [(24, _alerts())]),
        ),
    )


def _totals() -> list[Panel]:
    return [
        stat(
            "Awaiting reply",
            f"Tickets in a status that counts as awaiting a reply, of all chosen sites. {_MISSING}",
            now(f"sum({by_site(_AWAITING)})"),
            color={"mode": "fixed", "fixedColor": BLUE},
        ),
        stat(
            "Active tickets",
            "Tickets in a status that counts as active. Those awaiting a reply are among them: "
            f"never add the two. {_MISSING}",
            now(f"sum({by_site(_ACTIVE)})"),
        ),
        stat(
            "Flagged",
            "Tickets flagged to the user of the API credential, not to anybody else. " + _MISSING,
            now(f"sum({by_site(_FLAGGED)})"),
        ),
        stat(
            "Active vs. last week",
            "Active tickets against the mean of the same hour one week ago. Only sites with a "
            "number at both times are compared.",
            now(since_last_week(_ACTIVE, total=True)),
            unit="percentunit",
            thresholds=_MORE_IS_WORSE,
        ),
        stat(
            "Sites not reporting",
            "Sites without a fresh number of tickets: WHMCS fails for longer than the exporter "
            "keeps numbers, or the exporter itself is gone. The totals lack them. A site that was "
            "removed from the configuration counts for one more day.",
            now(count_or_zero(not_reporting(), known_sites())),
            background=True,
            thresholds=thresholds(GREEN, (1, RED)),
        ),
        stat(
            "Oldest data",
            "The longest time since any source of any chosen site was last polled with success.",
            now(f"max({data_age()})"),
            unit="s",
            decimals=1,
            thresholds=_AGE,
        ),
    ]


def _sites() -> Panel:
    names = {
        "site": "Site",
        "Value #B": "Poll",
        "Value #C": "Data age",
        "Value #D": "Awaiting reply",
        "Value #E": "Flagged",
        "Value #F": "Active",
        "Value #G": "24 h change",
        "Value #H": "vs. last week",
    }
    age = data_age('source="ticket_counts"')
    return table(
        "Sites",
        "One row for each site that is, or in the last day was, configured: those that fail come "
        "first, for they show no numbers of tickets. The last two columns are about active "
        "tickets. A click on a name leads to the site's own board.",
        rows_of(known_sites(), "A"),
        rows_of(by_site("whmcs_up"), "B"),
        rows_of(f"max by (site) ({age})", "C"),
        rows_of(by_site(_AWAITING), "D"),
        rows_of(by_site(_FLAGGED), "E"),
        rows_of(by_site(_ACTIVE), "F"),
        rows_of(change_in_a_day(_ACTIVE), "G"),
        rows_of(since_last_week(_ACTIVE, total=False), "H"),
        transformations=[merged(), renamed(names, hidden=("Value #A",))],
        # A site that is not reporting would be the last one of all by what is awaiting.
        sort=[rising("Poll"), falling("Awaiting reply")],
        columns=_columns(),
    )


def _columns() -> dict[str, Panel]:
    colored_text = {"type": "color-text"}
    return {
        "Site": {
            "custom.width": 180,
            "links": [link("Open the site", SITE, site='__data.fields["Site"]')],
        },
        "Poll": {
            "mappings": [
                *values(_1=("ok", "transparent"), _0=("failing", RED)),
                *missing(),
            ],
            "custom.cellOptions": {"type": "color-background", "mode": "basic"},
        },
        "Data age": {
            "unit": "s",
            "decimals": 1,
            "thresholds": _AGE,
            "custom.cellOptions": colored_text,
        },
        "vs. last week": {
            "unit": "percentunit",
            "thresholds": _MORE_IS_WORSE,
            "custom.cellOptions": colored_text,
        },
    }


def _by_site(title: str, metric: str) -> Panel:
    peak = by_site(f"max_over_time({metric}", window="[$__range] @ end())")
    return lines(
        title,
        "The ten sites with the highest peak in the shown time. A line that ends is a site that "
        "stopped reporting.",
        query(highest(by_site(metric), peak, "site"), "{{site}}"),
    )


def _departments() -> Panel:
    waiting = by_department("whmcs_department_tickets_awaiting_reply")
    return bars(
        "Departments with most tickets awaiting reply",
        "The ten highest of all chosen sites, now. Two departments of one name are two bars. A "
        "click leads to the department on its site's board.",
        now(f"sort_desc(topk(10, {waiting}))", "{{site}} / {{department}}"),
        [
            link(
                "Open the department",
                SITE,
                site="__field.labels.site",
                department="__field.labels.department",
            )
        ],
    )


def _statuses() -> Panel:
    each = f"max by (site, status) (whmcs_tickets{{{CHOSEN}, {SHOWN_STATUSES}}})"
    return lines(
        "Tickets by status",
        "All tickets of the chosen sites by status, but for the statuses left out above. A step "
        "down may be a site that stopped reporting: see the red marks.",
        query(f"sum by (status) ({each})", "{{status}}"),
        stacked=True,
        points=FEW_POINTS,
    )


def _alerts() -> Panel:
    labels = "alertname, severity, site, department, source, instance"
    mine = f"alertname=~`WHMCS.+`, alertstate=`firing`, {CHOSEN.removesuffix('`')}|`"
    names = {
        "severity": "Severity",
        "alertname": "Alert",
        "site": "Site",
        "department": "Department",
        "source": "Source",
        "instance": "Exporter",
    }
    made = table(
        "Firing alerts",
        "Alerts of this exporter's rules that fire now. Without those rules in Prometheus it stays "
        "empty.",
        rows_of(f"max by ({labels}) (ALERTS{{{mine}}})"),
        transformations=[renamed(names, hidden=("Value",))],
        columns={
            "Severity": {
                "mappings": values(critical=("critical", RED), warning=("warning", ORANGE)),
                "custom.cellOptions": {"type": "color-text"},
            }
        },
    )
    made["fieldConfig"]["defaults"] |= {"mappings": [], "noValue": "no alert fires"}
    return made

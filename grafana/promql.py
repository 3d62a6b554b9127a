"""PromQL that several boards share.

A variable stands in backticks and in the format ``regex``: Grafana's own escaping for double
quotes leaves a double quote within a name as it is, and the query of such a name is an error.
"""

from __future__ import annotations

SITE = "site=~`${site:regex}`"
SCRAPED = "job=~`${job:regex}`, instance=~`${instance:regex}`"
POLLED = f"{SCRAPED}, {SITE}"
RATE = "[$__rate_interval]"
SHOWN_STATUSES = "status!~`${without:raw}`"
LAST_WEEK_SAME_HOUR = "offset 167h30m"
"""With a range of one hour: half an hour before and after this time last week."""

# How long a site that vanished with its exporter is missed before it counts as removed.
_REMEMBERED = "1d"
_WEEKS = ("167h30m", "335h30m", "503h30m")


def by_site(metric: str, more: str = "", window: str = "") -> str:
    """Return one number for each site: what is equal from two replicas counts once."""
    return f"max by (site) ({metric}{{{_selector(SITE, more)}}}{window})"


def by_department(metric: str, more: str = "", window: str = "") -> str:
    """Return one number for each department of each site."""
    return f"max by (site, department_id, department) ({metric}{{{_selector(SITE, more)}}}{window})"


def known_sites(remembered: str = _REMEMBERED) -> str:
    """Return a positive number for each site that is or was configured not long ago."""
    interval = f'whmcs_source_interval_seconds{{{SITE}, source="ticket_counts"}}'
    return f"max by (site) (last_over_time({interval}[{remembered}]))"


def not_reporting(remembered: str = _REMEMBERED) -> str:
    """Return a positive number for each known site whose tickets are not known now."""
    return f"{known_sites(remembered)} unless {by_site('whmcs_tickets_active')}"


def count_or_zero(what: str, among: str) -> str:
    """Count series: 0 when there is none among some, and nothing when there is nothing at all."""
    return f"count({what}) or 0 * count({among})"


def data_age(more: str = "") -> str:
    """Return the seconds since the last success for each site and source."""
    selector = _selector(SITE, more)
    last = f"whmcs_source_last_success_timestamp_seconds{{{selector}}}[{_REMEMBERED}]"
    return f"time() - max by (site, source) (last_over_time({last}))"


def average(metric: str, offset: str) -> str:
    """Return each site's mean over one hour that ended ``offset`` ago."""
    return f"max by (site) (avg_over_time({metric}{{{SITE}}}[1h] {offset}))"


def usual(metric: str) -> str:
    """Return the median of this hour in the last three weeks, for each site."""
    weeks = " or ".join(
        f'label_replace({average(metric, f"offset {offset}")}, "week", "{number}", "", "")'
        for number, offset in enumerate(_WEEKS, start=1)
    )
    return f"quantile by (site) (0.5, {weeks})"


def since_last_week(metric: str, *, total: bool) -> str:
    """Return the change against the same hour last week, as a share of what was then.

    Only sites with a number on both sides are compared: a site that is missing on one of them
    would look like a rise or a fall of all the rest.
    """
    now, then = by_site(metric), average(metric, LAST_WEEK_SAME_HOUR)
    if total:
        return f"sum({now} and {then}) / (sum({then} and {now}) > 0) - 1"
    return f"{now} / ({then} > 0) - 1"


def change_in_a_day(metric: str) -> str:
    """Return how many more there are than 24 hours ago, for each site known at both times."""
    return f"{by_site(metric)} - {by_site(metric, window=' offset 1d')}"


def highest(expression: str, over: str, labels: str, count: int = 10) -> str:
    """Return the series whose highest value in the shown range is among the highest ``count``."""
    return f"{expression} and on ({labels}) topk({count}, {over})"


def _selector(first: str, more: str) -> str:
    return f"{first}, {more}" if more else first

"""The board of the exporter itself: is each site polled, why not, how slowly, how certain?"""

from __future__ import annotations

from dashboard import EXPORTER, chosen, dashboard
from layout import heading, placed
from panels import (
    FEW_POINTS,
    GREEN,
    ORANGE,
    RED,
    Panel,
    colored,
    heatmap,
    lines,
    now,
    query,
    stat,
    thresholds,
    timeline,
    values,
)
from promql import POLLED, RATE, SCRAPED, count_or_zero, data_age, highest

from boards import process

_OF_ONE = "Of one exporter: each replica makes as many."


def board() -> Panel:
    """Return the board."""
    return dashboard(
        EXPORTER,
        "WHMCS / Exporter",
        "Whether every site is polled, why not, and how the exporter itself does.",
        shown="6h",
        variables=_variables(),
        panels=placed(
            heading("Right now"),
            (4, [(4, panel) for panel in _now()]),
            heading("Polls"),
            (12, [(12, _success()), (12, _age())]),
            (9, [(12, _durations()), (12, _failures())]),
            (9, [(12, _requests()), (12, _lateness())]),
            heading("Calls of WHMCS's API"),
            (9, [(12, _latency()), (12, _latency_distribution())]),
            heading("Exporter"),
            (8, [(8, panel) for panel in process.resources()]),
            (8, [(8, panel) for panel in process.output()]),
            (8, [(8, panel) for panel in process.mishaps()]),
        ),
    )


def _variables() -> list[Panel]:
    # Without a value of its own for "All": any job and instance would be those of others, too.
    of_job = "{job=~`${job:regex}`}"
    return [
        chosen("job", "Job", "label_values(whmcs_exporter_build_info, job)"),
        chosen(
            "instance", "Instance", f"label_values(whmcs_exporter_build_info{of_job}, instance)"
        ),
        chosen(
            "site",
            "Site",
            f"label_values(whmcs_source_interval_seconds{of_job}, site)",
            all_value=".+",
        ),
    ]


def _now() -> list[Panel]:
    up = f"up{{{SCRAPED}}}"
    per_site = f"max by (site) (whmcs_up{{{POLLED}}})"
    exporters = stat(
        "Exporters",
        "Exporters that Prometheus can scrape, and those that it should but can not.",
        now(f"sum({up})", "up", "A"),
        now(count_or_zero(f"{up} == 0", up), "down", "B"),
    )
    exporters["fieldConfig"]["overrides"] = [colored("B", thresholds(GREEN, (1, RED)))]
    return [
        exporters,
        stat(
            "Sites failing",
            "Sites whose last poll of GetTicketCounts failed. Their last numbers are still shown "
            "until they are stale.",
            now(count_or_zero(f"{per_site} == 0", per_site)),
            background=True,
            thresholds=thresholds(GREEN, (1, RED)),
        ),
        stat(
            "Oldest data",
            "The longest time since any source of a chosen site was last polled with success.",
            now(f"max({data_age(SCRAPED)})"),
            unit="s",
            decimals=1,
            thresholds=thresholds(GREEN, (300, ORANGE), (900, RED)),
        ),
        stat(
            "Version",
            "What runs: more than one version only while an update is under way.",
            now(f"count by (version) (whmcs_exporter_build_info{{{SCRAPED}}})", "{{version}}"),
            text="name",
        ),
        stat(
            "Sites configured",
            "The most that one exporter has.",
            now(f"max(whmcs_exporter_sites{{{SCRAPED}}})"),
        ),
        stat(
            "Last reload",
            "Whether the configuration was last read without a problem, by all exporters.",
            now(f"min(whmcs_exporter_config_last_reload_successful{{{SCRAPED}}})"),
            background=True,
            mappings=values(_1=("ok", GREEN), _0=("refused", RED)),
        ),
    ]


def _by_source(metric: str) -> str:
    return f"max by (site, source) ({metric}{{{POLLED}}})"


def _worst(count: int) -> str:
    share = f"avg_over_time(whmcs_source_success{{{POLLED}}}[$__range] @ end())"
    return f"bottomk({count}, max by (site, source) ({share}))"


def _success() -> Panel:
    success = _by_source("whmcs_source_success")
    return timeline(
        "Success by source",
        "A lane for each source: green while its polls succeed. The 20 that failed most.",
        query(f"{success} and on (site, source) {_worst(20)}", "{{site}} {{source}}"),
        values(_1=("succeeds", GREEN), _0=("fails", RED)),
    )


def _age() -> Panel:
    last = _by_source("whmcs_source_last_success_timestamp_seconds")
    interval = _by_source("whmcs_source_interval_seconds")
    made = lines(
        "Age of the data, in intervals",
        "Time since the last success, as a multiple of the source's interval: about 1 is as it "
        "should be; numbers are withheld from 3 on, unless configured otherwise; the alert fires "
        "at 5. The line ends at 10. The five sources that failed most.",
        query(
            f"clamp_max((time() - {last}) / {interval}, 10) and on (site, source) {_worst(5)}",
            "{{site}} {{source}}",
        ),
        unit="suffix:x",
        points=FEW_POINTS,
        thresholds=thresholds(GREEN, (3, ORANGE), (5, RED)),
    )
    made["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"] = {"mode": "line"}
    return made


def _durations() -> Panel:
    metric = "whmcs_source_duration_seconds"
    over = f"max by (site, source) (max_over_time({metric}{{{POLLED}}}[$__range] @ end()))"
    return lines(
        "Duration of polls",
        "How long the last poll of a source took, all its calls together. The five with the "
        "longest one.",
        query(highest(_by_source(metric), over, "site, source", 5), "{{site}} {{source}}"),
        unit="s",
    )


def _failures() -> Panel:
    increase = f"increase(whmcs_api_failures_total{{{POLLED}}}{RATE})"
    return lines(
        "Failed calls by reason",
        "Calls that failed, by the first reason that fits. While calls are held back after a "
        f"refusal, none fails. {_OF_ONE}",
        query(f"topk(10, max by (site, reason) ({increase}) > 0)", "{{site}} {{reason}}"),
        points=FEW_POINTS,
        noValue="no call failed",
    )


def _requests() -> Panel:
    rate = f"rate(whmcs_api_requests_total{{{POLLED}}}{RATE})"
    return lines(
        "Calls per minute",
        f"Calls of WHMCS's API by action, of all chosen sites. {_OF_ONE}",
        query(f"60 * sum by (action) (max by (site, action) ({rate}))", "{{action}}"),
    )


def _lateness() -> Panel:
    within = f'rate(whmcs_exporter_poll_lateness_seconds_bucket{{{SCRAPED}, le="1.0"}}{RATE})'
    every = f"rate(whmcs_exporter_poll_lateness_seconds_count{{{SCRAPED}}}{RATE})"
    late = f"1 - sum by (instance) ({within}) / (sum by (instance) ({every}) > 0)"
    return process.by_instance(
        "Polls that began over 1 s late",
        "Share of the polls that began more than one second late: the sign that the exporter has "
        "too much to do.",
        late,
        unit="percentunit",
    )


def _latency() -> Panel:
    seconds = f"rate(whmcs_api_request_duration_seconds_sum{{{SCRAPED}}}{RATE})"
    calls = f"rate(whmcs_api_request_duration_seconds_count{{{SCRAPED}}}{RATE})"
    return lines(
        "Mean latency by action",
        "Mean length of the calls of WHMCS's API, of all sites together, failed ones included.",
        query(f"sum by (action) ({seconds}) / (sum by (action) ({calls}) > 0)", "{{action}}"),
        unit="s",
    )


def _latency_distribution() -> Panel:
    bucket = f"increase(whmcs_api_request_duration_seconds_bucket{{{SCRAPED}}}{RATE})"
    return heatmap(
        "Distribution of latency",
        "Calls by their length: a few slow ones do not show in a mean. All sites and actions.",
        query(f"sum by (le) ({bucket})", "{{le}}"),
        unit="s",
    )

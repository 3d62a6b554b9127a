"""The part of the exporter's board that is about its process."""

from __future__ import annotations

from panels import COUNT, Panel, lines, query
from promql import POLLED, RATE, SCRAPED


def resources() -> list[Panel]:
    """Return what it needs."""
    return [
        by_instance(
            "Memory",
            "Resident memory. No data: the exporter runs with --web.disable-exporter-metrics.",
            f"process_resident_memory_bytes{{{SCRAPED}}}",
            unit="bytes",
        ),
        by_instance(
            "CPU",
            "Share of one core.",
            f"rate(process_cpu_seconds_total{{{SCRAPED}}}{RATE})",
            unit="percentunit",
        ),
        by_instance(
            "Scrape duration",
            "How long Prometheus waited for the exposition.",
            f"scrape_duration_seconds{{{SCRAPED}}}",
            unit="s",
        ),
    ]


def output() -> list[Panel]:
    """Return what it puts out."""
    requests = f"rate(whmcs_exporter_http_requests_total{{{SCRAPED}}}{RATE})"
    return [
        by_instance(
            "Ticket series",
            "Series of tickets that are exposed, of all sites of one exporter.",
            f"whmcs_exporter_series{{{SCRAPED}}}",
        ),
        by_instance(
            "Samples per scrape",
            "Everything that one scrape brings.",
            f"scrape_samples_scraped{{{SCRAPED}}}",
        ),
        lines(
            "HTTP requests per minute",
            "Requests answered, by page and status code.",
            query(f"60 * sum by (handler, code) ({requests})", "{{handler}} {{code}}"),
        ),
    ]


def mishaps() -> list[Panel]:
    """Return what ought to be empty, and the age of the configuration."""
    loaded = f"whmcs_exporter_config_last_reload_success_timestamp_seconds{{{SCRAPED}}}"
    return [
        lines(
            "Statuses added up",
            "Statuses that shared one label value with another one, by site. Rename one in WHMCS.",
            query(_grown("whmcs_exporter_label_collisions_total"), "{{site}}"),
            noValue="none",
        ),
        lines(
            "Series withheld",
            "Series not published because a reading was beyond the site's limits, by site.",
            query(_grown("whmcs_exporter_series_dropped_total"), "{{site}}"),
            noValue="none",
        ),
        by_instance(
            "Configuration in use since",
            "Age of the configuration that runs: it falls to 0 with a restart or a reload.",
            f"(time() - {loaded}) / 86400",
            unit="suffix:d",
        ),
    ]


def by_instance(title: str, description: str, expression: str, unit: str = COUNT) -> Panel:
    """Return a line for each exporter."""
    made = lines(title, description, query(expression, "{{instance}}"), unit=unit)
    if unit == "percentunit":
        # An axis of nothing but zeros would go up to 10,000 %.
        made["fieldConfig"]["defaults"]["custom"]["axisSoftMax"] = 0.05
    return made


def _grown(metric: str) -> str:
    return f"topk(10, max by (site) (increase({metric}{{{POLLED}}}{RATE})) > 0)"

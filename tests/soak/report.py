"""The figures of a soak, as a table."""

from __future__ import annotations

from statistics import quantiles
from typing import TYPE_CHECKING

from tests.exposition_check import samples
from tests.soak.figures import Trend, grown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.soak.soak import Findings, Plan

_MEGA = 1e6


def violations(findings: Findings) -> list[str]:
    """Return everything that must not be; none when the soak is passed."""
    counted = [f"{what}: {times} times" for what, times in findings.violations.items()]
    if not findings.judged:
        counted.append("no scrape was judged")
    return [*counted, *grown(*_trends(findings))]


def table(plan: Plan, findings: Findings) -> str:
    """Return the figures, one a line."""
    return "".join(f"{name:<28}{value}\n" for name, value in _figures(plan, findings))


def _trends(findings: Findings) -> tuple[Trend, Trend, Trend]:
    usages = findings.usages
    return (
        Trend.of([usage.memory for usage in usages]),
        Trend.of([float(usage.descriptors) for usage in usages]),
        Trend.of([float(usage.threads) for usage in usages]),
    )


def _figures(plan: Plan, findings: Findings) -> Iterator[tuple[str, str]]:
    first, last = findings.usages[0], findings.usages[-1]
    seconds = (len(findings.usages) - 1) * plan.looked_every
    took = quantiles(findings.took, n=100)
    memory, descriptors, threads = _trends(findings)
    yield "seconds", f"{seconds:.0f} of {plan.seconds:.0f}"
    yield "seed, sites, scrapers", f"{plan.seed}, {plan.sites}, {plan.scrapers}"
    yield "scrapes by code", ", ".join(f"{code}: {n}" for code, n in findings.codes.items())
    yield "scrapes compared", str(findings.judged)
    yield "scrape p50, p99, max", f"{took[49]:.4f} {took[98]:.4f} {max(findings.took):.4f} s"
    yield "faults switched on", f"{findings.faults.total()} of {len(findings.faults)} kinds"
    yield "calls of WHMCS", str(findings.calls)
    yield "failed calls by reason", _failures(findings.last_page)
    yield "memory, 2nd quarter", f"{memory.second / _MEGA:.2f} MB"
    yield "memory, last quarter", f"{memory.last / _MEGA:.2f} MB ({memory.change:+.2%})"
    yield "memory, most", f"{memory.most / _MEGA:.2f} MB"
    yield "descriptors", f"{descriptors.second:.1f} -> {descriptors.last:.1f}"
    yield "threads", f"{threads.second:.1f} -> {threads.last:.1f}"
    yield "CPU of the exporter", f"{(last.cpu - first.cpu) / max(seconds, 1):.1%} of a core"
    own = findings.own[-1].cpu - findings.own[0].cpu
    yield "CPU of the soak itself", f"{own / max(seconds, 1):.1%} of a core"
    yield "violations", str(findings.violations.total())


def _failures(text: str) -> str:
    totals: dict[str, float] = {}
    for (name, labels), value in samples(text).items():
        if name == "whmcs_api_failures_total":
            reason = dict(labels)["reason"]
            totals[reason] = totals.get(reason, 0) + value
    return ", ".join(f"{reason} {number:.0f}" for reason, number in totals.items() if number)

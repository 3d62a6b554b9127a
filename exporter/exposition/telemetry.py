"""The exporter's own metrics, in a registry that belongs to one exporter alone."""

from __future__ import annotations

import platform
from functools import cache
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_CALL_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LATENESS_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class _DroppedLogLines(Collector):
    """The counter of dropped log lines, which the log itself keeps."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count

    def collect(self) -> Iterable[CounterMetricFamily]:
        """Return the counter with its current value."""
        yield CounterMetricFamily(
            "whmcs_exporter_log_lines_dropped_total",
            "Total number of log lines that were not written, because the reader of the log was "
            "too slow or because of an error.",
            value=self._count(),
        )

    describe = collect  # The registry needs the names to select metrics by them.


class Telemetry:
    """What the exporter tells about itself."""

    def __init__(
        self,
        version: str,
        revision: str,
        *,
        process_metrics: bool = True,
        dropped_log_lines: Callable[[], int] = lambda: 0,
    ) -> None:
        """Make a registry; ``process_metrics`` adds the client library's own about the process.

        ``dropped_log_lines`` returns the number of log lines that were dropped so far.
        """
        # Otherwise every counter and histogram has a second series: when it was made.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's lack
        self.registry = CollectorRegistry()
        self._add_calls()
        self._add_exporter()
        self.registry.register(_DroppedLogLines(dropped_log_lines))
        self._build_info(version, revision)
        if process_metrics:
            ProcessCollector(registry=self.registry)
            PlatformCollector(registry=self.registry)
            GCCollector(registry=self.registry)

    def _add_calls(self) -> None:
        self._requests = Histogram(
            "whmcs_api_request_duration_seconds",
            "Length of the calls of WHMCS's API, of all sites together, failed ones included.",
            ["action"],
            registry=self.registry,
            buckets=_CALL_BUCKETS,
        )
        self._lateness = Histogram(
            "whmcs_exporter_poll_lateness_seconds",
            "How late polls began, the first of each source apart: the sign of lacking capacity.",
            registry=self.registry,
            buckets=_LATENESS_BUCKETS,
        )

    def _add_exporter(self) -> None:
        self.sites = Gauge(
            "whmcs_exporter_sites", "Sites that are configured.", registry=self.registry
        )
        self.series = Gauge(
            "whmcs_exporter_series",
            "Ticket series exposed now, of all sites together.",
            registry=self.registry,
        )
        self._reloaded = Gauge(
            "whmcs_exporter_config_last_reload_successful",
            "1 when the configuration was last read without a problem.",
            registry=self.registry,
        )
        self._reloaded_at = Gauge(
            "whmcs_exporter_config_last_reload_success_timestamp_seconds",
            "Unix time at which the configuration that runs was read.",
            registry=self.registry,
        )
        http_requests = Counter(
            "whmcs_exporter_http_requests_total",
            "Requests answered, by handler and status code.",
            ["handler", "code"],
            registry=self.registry,
        )
        # There are few pairs of them, and to find a counter by its labels takes 3 us of 70.
        self._http_requests = cache(http_requests.labels)

    def _build_info(self, version: str, revision: str) -> None:
        Gauge(
            "whmcs_exporter_build_info",
            "1, labelled with what runs.",
            ["version", "revision", "python_version"],
            registry=self.registry,
        ).labels(version, revision, platform.python_version()).set(1)

    def request(self, action: str, seconds: float) -> None:
        """Note the length of one call."""
        self._requests.labels(action).observe(seconds)

    def lateness(self, seconds: float) -> None:
        """Note how late a poll began."""
        self._lateness.observe(seconds)

    def configured(self, sites: int, unix_time: float) -> None:
        """Note that a configuration of so many sites runs from now on."""
        self.sites.set(sites)
        self._reloaded.set(1)
        self._reloaded_at.set(unix_time)

    def not_configured(self) -> None:
        """Note that the configuration was read in vain; what ran before goes on."""
        self._reloaded.set(0)

    def http_request(self, handler: str, code: int) -> None:
        """Note one answered request; ``handler`` is one of a few fixed names."""
        self._http_requests(handler, code).inc()

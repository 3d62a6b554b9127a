"""The two text formats, as the client library writes them.

Text 0.0.4 for everybody, OpenMetrics 1.0 for whoever asks. Every name here is a plain one, so the
formats' escaping schemes all give the same bytes, and none has to be announced.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from prometheus_client import exposition
from prometheus_client.openmetrics import exposition as openmetrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from prometheus_client.core import Metric
    from prometheus_client.registry import Collector

# A newline in a label value is escaped, so a line that begins with "#" is never a sample.
_HEADER = re.compile(rb"^# HELP [^\n]*\n# TYPE [^\n]*\n|^# EOF\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Metrics:
    """Families as the client library's encoders take them: something to collect."""

    metrics: Sequence[Metric]

    def collect(self) -> Iterable[Metric]:
        """Return the families."""
        return self.metrics


@dataclass(frozen=True, slots=True)
class Format:
    """One text format: what it is called over HTTP, and how it is written."""

    content_type: str
    encode: Callable[[Collector], bytes]

    def headers(self, metrics: Sequence[Metric]) -> tuple[bytes, ...]:
        """Return the HELP and TYPE lines of each family."""
        return tuple(_HEADER.findall(self.encode(Metrics(metrics))))[: len(metrics)]

    def samples(self, metrics: Sequence[Metric]) -> tuple[bytes, ...]:
        """Return the sample lines of each family, without its header."""
        return tuple(_HEADER.split(self.encode(Metrics(metrics)))[1 : len(metrics) + 1])


TEXT = Format(exposition.CONTENT_TYPE_PLAIN_0_0_4, exposition.generate_latest)
OPENMETRICS = Format(openmetrics.CONTENT_TYPE_LATEST, openmetrics.generate_latest)


@lru_cache
def negotiate(accept: str) -> Format:
    """Return the format for an ``Accept`` header: the client library's choice, of two."""
    try:
        _, content_type = exposition.choose_encoder(accept)
    except TypeError:
        # The library compares the version with numbers, whatever stands there.
        return TEXT
    return OPENMETRICS if content_type.startswith("application/openmetrics-text") else TEXT

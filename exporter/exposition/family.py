"""What a family is: its name, its labels, and how its rows become the client library's samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

from prometheus_client.core import Metric
from prometheus_client.samples import Sample

from exporter.exposition.formats import OPENMETRICS, TEXT, Format

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from exporter.exposition.view import Part, View

Row: TypeAlias = "tuple[tuple[str, ...], float]"
"""The values of a sample's labels but ``site``, and its value."""

_BUCKET, _TOTALS = "_bucket", ("_gcount", "_gsum")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One family: how it is called and what its samples are. ``labels`` come after ``site``.

    ``rows`` look at one part of a view only, which ``reads`` names: while it stays, so do they.
    ``only`` is the one format that it is written in; None stands for both.
    """

    name: str
    type: Literal["gauge", "counter", "histogram", "gaugehistogram"] = "gauge"
    help: str
    labels: tuple[str, ...] = ()
    reads: Part
    rows: Callable[[View], Iterable[Row]]
    only: Format | None = None

    def is_in(self, text_format: Format) -> bool:
        """Tell whether a format has it."""
        return self.only in {None, text_format}

    def is_among(self, names: Collection[str] | None) -> bool:
        """Tell whether any of its samples has one of these names; None stands for all."""
        return names is None or any(name in names for name in self.sample_names())

    def sample_names(self) -> tuple[str, ...]:
        """Return the names of its samples."""
        return (self.name,)

    def header(self) -> Metric:
        """Return the family as the client library has it, without samples."""
        return Metric(self.name.removesuffix("_total"), self.help, self.type)

    def metric(self, site: str | None, rows: Iterable[Row]) -> Metric:
        """Return the family with the samples of one site; None leaves its label out."""
        metric = self.header()
        beside = {} if site is None else {"site": site}
        metric.samples = [self._sample(beside, values, value) for values, value in rows]
        return metric

    def _sample(self, beside: Mapping[str, str], values: tuple[str, ...], value: float) -> Sample:
        return Sample(self.name, {**beside, **dict(zip(self.labels, values, strict=True))}, value)

    def blocks(self) -> Iterable[Family]:
        """Return what stands beneath a header of its own, in one format or the other."""
        return (self,)


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugeHistogram(Family):
    """A histogram of what is there now, not of what has happened: its numbers may fall.

    A row's last value is the upper bound of a bucket, or the suffix of a total. OpenMetrics has
    such a type, and wants all samples of one set of labels together. Text 0.0.4 has not: there the
    buckets are a histogram, and each total is a gauge of its own.
    """

    type: Literal["gauge", "counter", "histogram", "gaugehistogram"] = "gaugehistogram"

    def sample_names(self) -> tuple[str, ...]:
        """Return the names of its samples."""
        totals = _TOTALS if self.type == "gaugehistogram" else ()
        return tuple(self.name + suffix for suffix in (_BUCKET, *totals))

    def _sample(self, beside: Mapping[str, str], values: tuple[str, ...], value: float) -> Sample:
        *others, part = values
        labels = {**beside, **dict(zip(self.labels, others, strict=True))}
        if part in _TOTALS:
            return Sample(self.name + part, labels, value)
        return Sample(self.name + _BUCKET, labels | {"le": part}, value)

    def blocks(self) -> Iterable[Family]:
        """Return the family for OpenMetrics, and its three parts for text."""
        yield replace(self, only=OPENMETRICS)
        yield replace(self, type="histogram", only=TEXT, rows=self._buckets)
        for suffix in _TOTALS:
            yield Family(
                name=self.name + suffix,
                help=self.help,
                labels=self.labels,
                reads=self.reads,
                rows=partial(self._total, suffix),
                only=TEXT,
            )

    def _buckets(self, view: View) -> Iterator[Row]:
        return (row for row in self.rows(view) if row[0][-1] not in _TOTALS)

    def _total(self, suffix: str, view: View) -> Iterator[Row]:
        return ((values[:-1], value) for values, value in self.rows(view) if values[-1] == suffix)

"""The sample lines of one family of one site: labels are encoded once, then only values change."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from prometheus_client.utils import floatToGoString

from exporter.exposition.formats import TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exporter.exposition.family import Family, Row

# Most values are counts, and most counts are small.
_written = lru_cache(maxsize=4096)(floatToGoString)
# What ends a line that the library wrote of a sample whose value is 0.
_ZERO = "0.0"


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines, and what they were made of: a template of them with a gap for each value.

    Both text formats have the same ones, for they have neither timestamps nor exemplars.
    """

    text: bytes = b""
    _labels: tuple[tuple[str, ...], ...] = ()
    _values: tuple[float, ...] = ()
    _template: str = ""

    def after(self, family: Family, site: str, rows: Iterable[Row]) -> Lines:
        """Return the lines of other rows of the same family and site; ``self`` if they are equal.

        Labels that changed are encoded by the client library, values as it writes them.
        """
        labels, values = tuple(zip(*rows, strict=True)) or ((), ())
        if labels != self._labels:
            template = _template(family, site, labels)
        elif values != self._values:
            template = self._template
        else:
            return self
        text = (template % tuple(map(_written, values))).encode()
        return Lines(text, labels, values, template)


def _template(family: Family, site: str, labels: Iterable[tuple[str, ...]]) -> str:
    metric = family.metric(site, ((values, 0) for values in labels))
    zeros = (family.only or TEXT).samples([metric])[0].decode()
    # A newline within a label value is escaped: each one here ends a line.
    return zeros.replace("%", "%%").replace(f" {_ZERO}\n", " %s\n")

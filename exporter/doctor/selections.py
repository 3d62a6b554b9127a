"""What the configuration includes and WHMCS does not have: no number of it would ever come.

It looks at what is included alone: of what is excluded in vain the numbers are there to be seen.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from exporter.polling.labels import label_value
from exporter.whmcs.decode import StatusCount, SupportDepartment, TicketCounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from exporter import config
    from exporter.doctor.calls import Call

T = TypeVar("T", int, str)
R = TypeVar("R")

_MOST_SHOWN = 20
_SIMILAR = 0.8


def missing(site: config.Site, calls: Sequence[Call]) -> Iterator[tuple[str, str]]:
    """Yield each key that includes what no call has told of: what that is, and what there is."""
    departments = {row.id: f"{row.id} ({row.name})" for row in _rows(calls, SupportDepartment)}
    yield from _missing("departments.include", site.departments.include, departments, str)
    titles = {title: title for title in map(label_value, _titles(calls))}
    shown = partial(_shown_title, there=titles)
    yield from _missing("statuses.include", site.statuses.include, titles, shown)


def _missing(
    key: str, wanted: frozenset[T], there: Mapping[T, str], shown: Callable[[T], str]
) -> Iterator[tuple[str, str]]:
    lost = sorted(wanted - there.keys())
    # Where none is known the calls have failed, or none was made that tells.
    if lost and there:
        missed = _listed([shown(each) for each in lost])
        yield key, f"no {missed}; there are {_listed(list(there.values()))}"


def _shown_title(title: str, there: Iterable[str]) -> str:
    """Return a title that resembles one of WHMCS's; any other may be a misplaced secret."""
    known = [each.casefold() for each in there]
    similar = get_close_matches(title.casefold(), known, n=1, cutoff=_SIMILAR)
    return title if similar else "(not shown: unlike any title)"


def _listed(items: Sequence[object]) -> str:
    shown = ", ".join(map(str, items[:_MOST_SHOWN]))
    more = len(items) - _MOST_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _rows(calls: Sequence[Call], kind: type[R]) -> Iterator[R]:
    for call in calls:
        if isinstance(call.value, tuple):
            yield from (row for row in call.value if isinstance(row, kind))


def _titles(calls: Sequence[Call]) -> Iterator[str]:
    of_site = [call.value for call in calls if isinstance(call.value, TicketCounts)]
    for counts in (*of_site, *_rows(calls, TicketCounts)):
        yield from (status.title for status in counts.statuses)
    yield from (status.title for status in _rows(calls, StatusCount))

"""Whether a scrape tells the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.exposition_check import samples
from tests.process.truth import series
from tests.soak.history import answers, names, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.exposition_check import Series
    from tests.soak.history import WatchedDesk

INTERVAL = 1.0
STALE_AFTER = 3.0
# A number is as old as the poll that brought it is long, and ages until it is withheld. On a busy
# machine a poll ends late.
LATE = 1.0
_OLDEST = STALE_AFTER + INTERVAL + LATE
# Success is taken back by the end of the next poll.
_SUCCESS = 2 * INTERVAL + LATE
_TICKETS = ("whmcs_tickets", "whmcs_department")


@dataclass(frozen=True, slots=True)
class Scrape:
    """One answer of ``/metrics``: its text, and the monotonic times of request and answer.

    ``held_up`` is for how long the exporter did nothing before: so much later may it say anything.
    """

    text: str
    asked: float
    answered: float
    held_up: float = 0.0


def wrong(scrape: Scrape, desks: Mapping[str, WatchedDesk]) -> Iterator[str]:
    """Yield everything in a scrape that is not true; an exposition that is none raises."""
    found = samples(scrape.text)
    by_site: dict[str, dict[Series, float]] = {name: {} for name in desks}
    for key, value in found.items():
        site = dict(key[1]).get("site", "")
        if key[0].startswith(_TICKETS):
            by_site[site][key] = value
    for site, desk in desks.items():
        for complaint in (*_numbers(scrape, desk, by_site[site]), *_states(scrape, desk, found)):
            yield f"{site}: {complaint}"


def _numbers(scrape: Scrape, desk: WatchedDesk, shown: Mapping[Series, float]) -> Iterator[str]:
    """Each answer that is shown must be one that the desk gave, whole, not too long ago."""
    window = desk.between(scrape.asked - _OLDEST - scrape.held_up, scrape.answered)
    given = [told(desk.name, state) for state in window]
    for answer, numbers in answers(shown).items():
        if not any(numbers == each.get(answer) for each in given):
            yield f"nobody said so of {answer}, {len(given)} states were said: {numbers}"
    if names(shown, by_status=True) != names(shown, by_status=False):
        yield "departments by status are others than those with totals"


def _states(scrape: Scrape, desk: WatchedDesk, found: Mapping[Series, float]) -> Iterator[str]:
    """A site is up only with an honest answer, and what succeeded is shown."""
    up = found.get(series("whmcs_up", site=desk.name))
    since = scrape.asked - _SUCCESS - scrape.held_up
    if up and not any(desk.between(since, scrape.answered)):
        yield "up although nothing was answered rightly"
    # Between two polls numbers grow too old only where the second one is late.
    if scrape.held_up > LATE:
        return
    if up and series("whmcs_tickets_active", site=desk.name) not in found:
        yield "up without tickets"
    departments = series("whmcs_source_success", site=desk.name, source="departments")
    if found.get(departments) and not any(
        name == "whmcs_department_tickets_open" and ("site", desk.name) in labels
        for name, labels in found
    ):
        yield "departments succeed and are not shown"

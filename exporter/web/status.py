"""The state of every site at one moment, for people and programs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from exporter.exposition.view import View
from exporter.whmcs.errors import HINTS

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping

    from exporter.snapshots import Snapshot, SourceState

Word: TypeAlias = Literal["stale", "failing", "starting", "ok"]
WORST_FIRST: tuple[Word, ...] = ("stale", "failing", "starting", "ok")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What is known of all sites at one moment, which is ``monotonic`` and ``time``, Unix time.

    ``due`` has the monotonic time of the next poll by site and source, None where one is under way.
    """

    snapshots: Iterable[Snapshot]
    due: Mapping[tuple[str, str], float | None]
    monotonic: float
    time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """One source of one site; times are Unix time, the rest seconds, unknown ones None.

    ``state`` is ``starting`` until the first poll has ended, then ``ok`` or ``failing`` as the last
    one went, and ``stale`` when the last success is longer ago than ``stale_after``, however the
    last one went. ``age`` is how long ago it was, whatever has happened to the machine's clock.
    """

    source: str
    state: Word
    success: bool | None
    reason: str | None
    error: str | None
    hint: str | None
    last_success: float | None
    age: float | None
    duration: float | None
    interval: float
    next_poll: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tickets:
    """The two counts of a site that tell most."""

    active: int
    awaiting_reply: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStatus:
    """One site; ``tickets`` are None while they are withheld or not yet known."""

    site: str
    tickets: Tickets | None
    sources: tuple[SourceStatus, ...]


def statuses(moment: Moment) -> Iterator[SiteStatus]:
    """Yield the status of each site."""
    for snapshot in moment.snapshots:
        yield SiteStatus(
            site=snapshot.site,
            tickets=_tickets(View.of(snapshot, moment.monotonic)),
            sources=tuple(
                _source(state, moment, moment.due.get((snapshot.site, state.name)))
                for state in snapshot.sources.values()
            ),
        )


def json_steps(moment: Moment) -> Generator[None, None, bytes]:
    """Encode what ``/api/v1/sites`` shows, and return it; each step encodes one site."""
    sites = []
    for status in statuses(moment):
        sites.append(json.dumps(asdict(status)))
        yield
    return f'{{"time": {moment.time!r}, "sites": [{", ".join(sites)}]}}\n'.encode()


def _tickets(view: View) -> Tickets | None:
    if view.tickets is None:
        return None
    return Tickets(active=view.tickets.active, awaiting_reply=view.tickets.awaiting_reply)


def _source(state: SourceState, moment: Moment, due: float | None) -> SourceStatus:
    age = None if state.succeeded is None else moment.monotonic - state.succeeded
    return SourceStatus(
        source=state.name,
        state=_word(state, age),
        success=state.success,
        reason=state.reason,
        error=state.error,
        hint=HINTS[state.reason] if state.reason else None,
        last_success=state.last_success,
        age=age,
        duration=state.duration,
        interval=state.interval,
        next_poll=None if due is None else max(0.0, due - moment.monotonic),
    )


def _word(state: SourceState, age: float | None) -> Word:
    if state.success is None:
        return "starting"
    if age is not None and age > state.stale_after:
        return "stale"
    return "ok" if state.success else "failing"

"""What a site is asked, as steps: each action of its sources, the time, WHMCS's version."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from exporter import assembly
from exporter.doctor import advice
from exporter.doctor.calls import Patient
from exporter.doctor.cases import warnings
from exporter.doctor.checkup import Mark, Step, not_tried
from exporter.doctor.facts import Facts
from exporter.doctor.selections import missing
from exporter.polling.backoff import BackingOff
from exporter.polling.clock import SystemClock
from exporter.polling.readings import SiteTickets
from exporter.polling.site import Cycle
from exporter.polling.source import Outcome
from exporter.whmcs.actions import GET_DETAILS
from exporter.whmcs.errors import ApiError, PermissionMissing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exporter import config
    from exporter.doctor.calls import Call
    from exporter.doctor.checkup import Advice
    from exporter.polling.backoff_registry import HostState
    from exporter.polling.source import Source
    from exporter.whmcs.client import Client

# All calls of one site have ended by then.
_LONGEST = 60.0
# A Date has whole seconds, and is as old as the answer was slow.
_CLOCKS_AGREE = 30.0
_CLOCK, _VERSION = "clock", "version"


def not_asked(site: config.Site) -> list[Step]:
    """Return the steps of a site that was not reached."""
    return not_tried([*_actions(assembly.sources(site)), _CLOCK, _VERSION])


async def ask(
    site: config.Site, client: Client, host: HostState, dates: Sequence[tuple[str, float]]
) -> list[Step]:
    """Send each request once, through a client that records each response's Date in ``dates``."""
    return await _Questions(site, client, host).ask(dates)


def _actions(sources: Sequence[Source]) -> list[str]:
    return list(dict.fromkeys(action for source in sources for action in source.actions))


class _Questions:
    def __init__(self, site: config.Site, client: Client, host: HostState) -> None:
        self._site = site
        self._sources = assembly.sources(site)
        self._actions = _actions(self._sources)
        self._facts = Facts(site, self._actions)
        self._patient = Patient(site.name, client, timeout=site.timeout, host=host)
        self._deadline = SystemClock().monotonic() + _LONGEST

    async def ask(self, dates: Sequence[tuple[str, float]]) -> list[Step]:
        polled = [(source, await self._poll(source)) for source in self._sources]
        steps = [self._called(call) for call in self._patient.calls]
        called = {call.action for call in self._patient.calls}
        steps += not_tried([action for action in self._actions if action not in called])
        steps += [step for source, outcome in polled for step in self._found(source, outcome)]
        for key, detail in missing(self._site, self._patient.calls):
            steps.append(self._warning(key, detail, warnings.NOT_THERE))
        return [*steps, self._clock(dates), await self._version()]

    async def _poll(self, source: Source) -> Outcome:
        try:
            return await source.poll(Cycle(self._patient, source.name, self._deadline))
        except (ApiError, BackingOff) as error:
            return Outcome(readings={}, failed=(error,))

    def _called(self, call: Call) -> Step:
        owner = self._facts.owner(call.credential)
        name = f"{call.action} ({owner})" if owner else call.action
        if isinstance(call.error, BackingOff):
            detail = f"not tried after {call.error.reason}"
            return Step(name=name, mark=Mark.NOT_TRIED, detail=detail)
        if call.error is not None:
            return _failed(name, call.error, self._facts.of_call(call, self._patient.calls))
        return Step(name=name, seconds=call.seconds)

    def _found(self, source: Source, outcome: Outcome) -> Iterator[Step]:
        """Yield what is wrong with a source though its calls are good."""
        of_calls = {id(call.error) for call in self._patient.calls}
        for error in outcome.failed:
            if isinstance(error, ApiError) and id(error) not in of_calls:
                facts = self._facts.site | {"ACTION": ", ".join(source.actions)}
                yield _failed(source.name, error, facts)
        readings = outcome.readings.values()
        if None in readings:
            yield self._warning(source.name, "the reading is withheld", warnings.WITHHELD)
        visible = [each.departments_visible for each in readings if isinstance(each, SiteTickets)]
        if 0 in visible:
            yield self._warning(source.name, "no department", warnings.NO_DEPARTMENT)

    def _clock(self, dates: Sequence[tuple[str, float]]) -> Step:
        ahead = _ahead(*dates[0]) if dates else None
        if ahead is None:
            return Step(name=_CLOCK, mark=Mark.NOT_TRIED, detail="unknown: no answer has a Date")
        if abs(ahead) < _CLOCKS_AGREE:
            return Step(name=_CLOCK, detail="as this host's")
        detail = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} this host's"
        return self._warning(_CLOCK, detail, warnings.CLOCKS)

    async def _version(self) -> Step:
        own = (call for call in self._patient.calls if call.credential is self._site.credential)
        if all(call.error for call in own):
            return not_tried([_VERSION])[0]
        cycle = Cycle(self._patient, _VERSION, self._deadline)
        try:
            version = await self._patient.call(cycle, GET_DETAILS, self._site.credential, {})
        except PermissionMissing:
            detail = "unknown: the API role lacks WhmcsDetails, and need not have it"
        except (ApiError, BackingOff) as error:
            detail = f"unknown: {error}"
        else:
            return Step(name=_VERSION, detail=f"WHMCS {version}")
        return Step(name=_VERSION, mark=Mark.NOT_TRIED, detail=detail)

    def _warning(self, name: str, detail: str, found: Advice) -> Step:
        about = advice.about(found, self._facts.site)
        return Step(name=name, mark=Mark.WARNING, detail=detail, advice=about)


def _failed(name: str, error: ApiError, facts: Mapping[str, str]) -> Step:
    detail = f"{error.reason}: {error}"
    return Step(name=name, mark=Mark.FAILED, detail=detail, advice=advice.explain(error, facts))


def _ahead(date: str, now: float) -> float | None:
    """Return by how many seconds a Date is ahead of ``now``; None when it is no date."""
    try:
        return parsedate_to_datetime(date).timestamp() - now
    except (ValueError, OverflowError):
        return None

"""The exposition that a simulated desk's state must lead to: computed apart from the exporter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.exposition_check import Series, samples

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exporter.simulator.state import DeskState

_FAMILIES = ("whmcs_tickets", "whmcs_department")


def series(name: str, **labels: str) -> Series:
    """Return the identity of one time series."""
    return name, frozenset(labels.items())


def shown(exposition: str) -> dict[Series, float]:
    """Return what an exposition says of tickets and departments, and nothing else of it."""
    return {
        key: value for key, value in samples(exposition).items() if key[0].startswith(_FAMILIES)
    }


def differences(
    wanted: Mapping[Series, float], found: Mapping[Series, float], most: int = 10
) -> list[str]:
    """Return a line for each series that is missing, too many or has another value.

    In CI pytest shows in full how two mappings differ, which may take ten seconds for a hundred
    series, whenever ``eventually`` looks in vain: as long does a simulator in its process hang.
    """
    wrong = [key for key in {**wanted, **found} if wanted.get(key) != found.get(key)]
    return [f"{key}: {wanted.get(key)} wanted, {found.get(key)} found" for key in wrong[:most]]


def without_site(found: Mapping[Series, float]) -> dict[Series, float]:
    """Return the same series without their label ``site``, as a probe has them."""
    return {
        (name, frozenset(label for label in labels if label[0] != "site")): value
        for (name, labels), value in found.items()
    }


def expected(site: str, state: DeskState) -> dict[Series, float]:
    """Return every ticket series of a site that is asked by statuses."""
    totals = {
        series("whmcs_tickets_active", site=site): state.active,
        series("whmcs_tickets_awaiting_reply", site=site): state.awaiting,
        series("whmcs_tickets_flagged", site=site): state.flagged,
        series("whmcs_departments_visible", site=site): len(state.departments),
    }
    statuses = {
        series("whmcs_tickets", site=site, status=title): count
        for title, count in state.by_status.items()
    }
    return totals | statuses | _departments(site, state)


def _departments(site: str, state: DeskState) -> dict[Series, float]:
    found: dict[Series, float] = {}
    for number, name in state.departments.items():
        labels = {"site": site, "department_id": str(number), "department": name}
        awaiting, active = state.awaiting_by_department, state.active_by_department
        found[series("whmcs_department_tickets_awaiting_reply", **labels)] = awaiting[number]
        found[series("whmcs_department_tickets_open", **labels)] = active[number]
        for status in state.statuses:
            key = series("whmcs_department_tickets", **labels, status=status.title)
            found[key] = state.tickets[number, status.title]
    return found

"""What the doctor says of each refusal that WHMCS and what stands in front of it are known for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from exporter.simulator.access import Access, Door
from exporter.simulator.faults import find_fault
from tests.doctor.clinic import checkup, golden, told

if TYPE_CHECKING:
    from pathlib import Path

    from exporter.simulator.server import Simulator
    from exporter.simulator.site import Site

ADMIN = Access(username="exporter", password="right")  # noqa: S106 - of a simulated site


@dataclass(frozen=True, kw_only=True)
class Illness:
    """A site that is not well: set up so in WHMCS, failing by itself, or configured so."""

    access: Access = field(default_factory=Access)
    door: Door = field(default_factory=Door)
    fault: str | None = None
    keys: dict[str, Any] = field(default_factory=dict)


def _by_credentials(**secrets: str) -> dict[str, Any]:
    """Configure departments by the credentials of these identifiers."""
    credentials = [
        {"name": name, "identifier": identifier, "secret": "simulated"}
        for name, identifier in secrets.items()
    ]
    return {"departments": {"by": "credentials", "credentials": credentials}}


WAITING: dict[str, Any] = {"sources": ["waiting"], "waiting": {"timezone": "UTC"}}
ILLNESSES = {
    "address": Illness(door=Door(addresses=frozenset({"192.0.2.1"}))),
    "address-text": Illness(fault="invalid-ip-text"),
    "address-banned": Illness(fault="banned"),
    "access-key": Illness(door=Door(access_key="right"), keys={"access_key": "wrong"}),
    "secret": Illness(keys={"secret": "wrong"}),
    "secret-with-space": Illness(keys={"secret": "simulated "}),
    "username": Illness(access=ADMIN, keys={"username": "nobody", "password": "right"}),
    "password": Illness(access=ADMIN, keys={"username": "exporter", "password": "wrong"}),
    "administrator-disabled": Illness(fault="disabled-admin"),
    "no-api-access": Illness(fault="no-api-access"),
    "no-permission-at-all": Illness(access=Access(permissions=frozenset())),
    "one-permission-missing": Illness(
        access=Access(permissions=frozenset({"GetTicketCounts", "GetSupportDepartments"}))
    ),
    "no-action": Illness(fault="no-action"),
    "unknown-action": Illness(fault="unknown-action"),
    "action-fails": Illness(fault="api-error"),
    "exception": Illness(fault="http-500"),
    "php-warning": Illness(fault="warning"),
    "licence": Illness(fault="html"),
    "install-folder": Illness(fault="install-folder"),
    "maintenance": Illness(fault="maintenance"),
    "unavailable": Illness(fault="http-503"),
    "redirect": Illness(fault="redirect"),
    "cloudflare": Illness(fault="cloudflare"),
    "mod-security": Illness(fault="mod-security"),
    "rate-limit": Illness(fault="rate-limit"),
    "schema": Illness(fault="schema"),
    "huge": Illness(fault="huge"),
    "hang": Illness(fault="hang", keys={"timeout": "1s"}),
    "reset": Illness(fault="reset"),
    "department-refused": Illness(
        keys=_by_credentials(Sales="simulated-dept-1", Billing="wrong", Both="simulated")
    ),
    "department-twice": Illness(
        keys=_by_credentials(Sales="simulated-dept-1", Support="simulated-dept-1")
    ),
    "no-department": Illness(
        access=Access(departments=frozenset()), keys={"ignore_department_assignments": False}
    ),
    "limits": Illness(keys={"limits": {"departments": 2}}),
    "not-there": Illness(
        keys={"departments": {"include": [2, 99]}, "statuses": {"include": ["open", "Closed"]}}
    ),
    "tickets-not-allowed": Illness(
        access=Access(
            permissions=frozenset({"GetTicketCounts", "GetSupportDepartments", "WhmcsDetails"})
        ),
        keys=WAITING,
    ),
    "too-many-tickets": Illness(
        keys=WAITING
        | {"limits": {"response_bytes": "8KiB"}, "waiting": {"timezone": "UTC", "max_pages": 1}}
    ),
    "no-whmcs-there": Illness(keys={"url": "elsewhere"}),
}
WELL = {"no-department", "limits", "not-there", "too-many-tickets"}


@pytest.mark.parametrize("name", ILLNESSES)
async def test_what_is_said(name: str, simulator: Simulator, site: Site, tmp_path: Path) -> None:
    """Each refusal has its cause and its remedy, and what was not tried is said to be so."""
    illness = ILLNESSES[name]
    site.access, site.door = illness.access, illness.door
    site.fault = find_fault(illness.fault) if illness.fault else None
    keys = {"url": simulator.url("acme")} | illness.keys
    if keys["url"] == "elsewhere":
        keys["url"] = simulator.url("elsewhere")
    found = await checkup(tmp_path, **keys)
    assert golden(name) == told(found)
    assert (name not in WELL) is found.failed


async def test_a_site_that_is_well(simulator: Simulator, tmp_path: Path) -> None:
    """Nothing is advised where nothing is wrong."""
    found = await checkup(tmp_path, simulator.url("acme"))
    assert golden("well") == told(found)
    assert () == found.advice

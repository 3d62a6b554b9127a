"""What somebody may choose in the variables of each board."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from tests.grafana.interpolation import All, Choice
from tests.history.backfill import JOB, Plan
from tests.history.scenes import DEAD_SITE, HOSTILE_DEPARTMENT, HOSTILE_SITE, RENAMED_STATUS, TWINS

if TYPE_CHECKING:
    from collections.abc import Mapping

Choices: TypeAlias = dict[str, Choice]
"""What is chosen in each variable of a board."""

ANY = All(".+")
CLOSED = "Closed"
FLEET: Choices = {"site": ANY, "without": CLOSED}
SITE: Choices = {"site": "acme", "department": ANY, "status": ANY, "without": CLOSED}
EXPORTER: Choices = {"job": (JOB,), "instance": Plan().replicas, "site": ANY}

CHOICES: Mapping[str, Mapping[str, Choices]] = {
    "whmcs-fleet": {
        "all sites": FLEET,
        "one site": FLEET | {"site": ("acme",)},
        "two sites": FLEET | {"site": ("globex", HOSTILE_SITE)},
        "a site with quotes": FLEET | {"site": (HOSTILE_SITE,)},
        "nothing left out": FLEET | {"without": ""},
    },
    "whmcs-site": {
        "all departments": SITE,
        "one department": SITE | {"department": ("Technical Support",)},
        "a department with quotes": SITE | {"department": (HOSTILE_DEPARTMENT,)},
        "two departments": SITE | {"department": (HOSTILE_DEPARTMENT, "Billing & Abuse")},
        "a status with quotes": SITE | {"status": (RENAMED_STATUS,)},
        "a site with quotes": SITE | {"site": HOSTILE_SITE},
        "an incident": SITE | {"site": "globex"},
        "two departments of one name": SITE | {"site": "hooli", "department": (TWINS,)},
    },
    "whmcs-exporter": {
        "all": EXPORTER,
        "one instance": EXPORTER | {"instance": Plan().replicas[:1]},
        "one site": EXPORTER | {"site": (DEAD_SITE,)},
        "a site with quotes": EXPORTER | {"site": (HOSTILE_SITE,)},
    },
}

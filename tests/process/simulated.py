"""The simulated WHMCS that whole programs are run against."""

from __future__ import annotations

from datetime import UTC, datetime

from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site

# A Wednesday in office hours.
START = datetime(2026, 3, 4, 11, tzinfo=UTC)
ODD_NAMES = ("Support", 'Sales "EU"', "VPS\\Cloud", "Two\nlines", "Domains 🌍", "Support")


def odd_site() -> Site:
    """Make ``acme``, whose departments have names that need care, two of them the same one."""
    return Site(desk=HelpDesk("acme", seed=7, start=START, departments=ODD_NAMES))


def standing_still(site: Site) -> Simulator:
    """Make a simulator of a site and of a plain second one, ``globex``; no time passes in it."""
    other = Site(desk=HelpDesk("globex", seed=7, start=START, departments=2))
    return Simulator([site, other], FastClock(0, START))

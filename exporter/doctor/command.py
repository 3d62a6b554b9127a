"""The command ``doctor``: which sites, in which form, and whether all is well."""

from __future__ import annotations

import asyncio
import os
import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING

from exporter import config, progress
from exporter.doctor import report
from exporter.doctor.examination import examine

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(configuration: config.Config, names: Sequence[str], form: str) -> tuple[str, bool]:
    """Examine the sites of these names, or all; return the report, and whether all are well.

    Raises:
        ConfigError: There is no site of a name.
    """
    sites = _chosen(configuration.sites, names)
    with progress.counted(len(sites), "sites") as show:
        checkups = asyncio.run(examine(sites, show), debug=False)
    if form == "json":
        written = report.as_json(checkups)
    else:
        written = report.text(checkups, colour=_shows_colours())
    return written, not any(checkup.failed for checkup in checkups)


def _chosen(sites: Sequence[config.Site], names: Sequence[str]) -> list[config.Site]:
    known = {site.name: site for site in sites}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise config.ConfigError(tuple(_no_site(name, list(known)) for name in unknown))
    return [site for site in sites if site.name in names or not names]


def _no_site(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {len(known)}, {known[0]!r} is one"
    return f"--site: no site {name!r} is configured; {hint}"


def _shows_colours() -> bool:
    """Tell whether standard output is a terminal that wants colours (https://no-color.org)."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return wanted and sys.stdout is not None and sys.stdout.isatty()

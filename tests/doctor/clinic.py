"""Where sites are examined: simulated ones, configured as users configure theirs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter import config
from exporter.doctor import report
from exporter.doctor.examination import examine
from tests.process import configuration

if TYPE_CHECKING:
    from exporter.doctor.checkup import Checkup

GOLDEN = Path(__file__).parent / "golden"


async def checkup(folder: Path, url: str, **keys: Any) -> Checkup:  # noqa: ANN401 - any key
    """Examine the one site that is configured so."""
    (found,) = await checkups(folder, configuration.site(url, **(configuration.UNHURRIED | keys)))
    return found


async def checkups(folder: Path, *sites: dict[str, Any]) -> list[Checkup]:
    """Examine sites."""
    path = Path(configuration.write(folder / "whmcs.yml", *sites))
    return await examine(config.load(path, {}).sites)


def told(*found: Checkup) -> str:
    """Return the text about sites without what differs from run to run."""
    text = report.text(found, colour=False)
    text = re.sub(r"\b\d+ (ms|days)\b", r"N \1", text)
    return re.sub(r"(127\.0\.0\.1:|whmcs\.example:|port )\d+", r"\1PORT", text)


def golden(name: str) -> str:
    """Return what was told when somebody last read it."""
    return (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")

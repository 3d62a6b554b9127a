"""``demo``: what a newcomer sees first."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.exposition_check import check, family
from tests.process.page import get, metrics, ready
from tests.process.program import ANYWHERE, Launcher, eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

SITES = {"acme", "globex", "initech"}


def _labels(series: Mapping[frozenset[tuple[str, str]], float], label: str) -> set[str]:
    return {dict(labels)[label] for labels in series}


async def test_demo_serves_every_site_and_ends_with_ctrl_c(launcher: Launcher) -> None:
    """The three families that this is about are there; Ctrl-C leaves no process behind."""
    program = launcher.exporter("demo", ANYWHERE)
    url = await ready(program)

    async def look() -> str:
        text = await metrics(url)
        for name in ("whmcs_tickets", "whmcs_department_tickets", "whmcs_up"):
            assert SITES == _labels(family(text, name), "site")
        return text

    text = await eventually(look)
    check(text)
    for labels in family(text, "whmcs_department_tickets"):
        assert {"site", "department_id", "department", "status"} == {key for key, _ in labels}
    assert f"{url}/metrics" in program.stdout
    program.interrupt(signal.SIGINT)
    assert 0 == await program.ended()
    assert "Traceback" not in program.stderr
    with pytest.raises(ProcessLookupError):
        os.killpg(program.pid, 0)


async def test_demo_says_how_to_break_it(launcher: Launcher) -> None:
    """The simulator that the greeting names is there."""
    program = launcher.exporter("demo", ANYWHERE)
    simulator = (await program.said(r"simulator +(http://\S+/)\n"))[1]
    page = await get(f"{simulator}acme/state")
    assert (200, "application/json") == (page.status, page.content_type.split(";")[0])

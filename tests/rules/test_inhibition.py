"""Alertmanager itself, told of alerts that have one cause: who is woken by which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp

from tests.process.program import eventually
from tests.rules.rules import DEPLOY, alerts
from tests.tools import tool

if TYPE_CHECKING:
    from pathlib import Path

    from tests.process.program import Launcher

Heard = set[tuple[str, str]]


async def _alertmanager(launcher: Launcher, folder: Path) -> str:
    """Start an Alertmanager with the example and return where its API is."""
    program = launcher.start(
        tool("prometheus-alertmanager"),
        f"--config.file={DEPLOY / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        "--web.listen-address=127.0.0.1:0",
        "--cluster.listen-address=",
    )
    found = await program.said(r'"?Listening on"? address=(\S+)')
    return f"http://{found[1]}/api/v2/alerts"


async def _assert_heard(url: str, wanted: Heard, firing: Heard) -> None:
    """Tell Alertmanager which alerts fire for which site; wait until only these are not kept back.

    It knows an alert a moment before it keeps others back for it.
    """
    told = [
        {"labels": {"alertname": name, "site": site, **alerts()[name]["labels"]}}
        for name, site in firing
    ]
    async with aiohttp.ClientSession() as session:
        async with session.post(url, json=told) as response:
            assert 200 == response.status

        async def look() -> None:
            async with session.get(url) as response:
                known = await response.json()
            assert len(firing) == len(known)
            assert wanted == {
                (alert["labels"]["alertname"], alert["labels"]["site"])
                for alert in known
                if not alert["status"]["inhibitedBy"]
            }

        await eventually(look)


async def test_a_refused_credential_stands_for_everything_else(
    launcher: Launcher, tmp_path: Path
) -> None:
    """Of all that fires at once for one site one alert is heard, and nothing of another is lost."""
    url = await _alertmanager(launcher, tmp_path)
    acme = {
        "WHMCSCredentialsRejected",
        "WHMCSSiteDown",
        "WHMCSDataStale",
        "WHMCSPollSlow",
        "WHMCSAwaitingReplyHigh",
        "WHMCSDepartmentUnattended",
    }
    globex = {"WHMCSDataStale", "WHMCSBacklogGrowing"}
    others = {(name, "globex") for name in globex}
    heard = {("WHMCSCredentialsRejected", "acme"), *others}
    await _assert_heard(url, heard, {(name, "acme") for name in acme} | others)


async def test_a_site_that_is_down_stands_for_what_follows(
    launcher: Launcher, tmp_path: Path
) -> None:
    """Support hears nothing of a site whose numbers are old; lost departments are news."""
    url = await _alertmanager(launcher, tmp_path)
    follows = {alert for alert, rule in alerts().items() if "team" in rule["labels"]}
    follows |= {"WHMCSDataStale", "WHMCSPollSlow"}
    heard = {("WHMCSSiteDown", "acme"), ("WHMCSDepartmentsChanged", "acme")}
    await _assert_heard(url, heard, heard | {(name, "acme") for name in follows})

"""The landing page in a real browser, as people use it: by mouse and keyboard, light and dark."""

from __future__ import annotations

import asyncio
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

from exporter.web.landing import ROWS
from exporter.web.shared import MAX_AGE
from exporter.whmcs.errors import ConnectFailed, TimedOut
from tests.devtools import PATIENCE, Tab, tab
from tests.exposition.sites import START, acme, fresh_site, globex, poll, tickets
from tests.tools import tool
from tests.web.serving import Served, StandIn
from tests.web.serving import serving as serving_slowly
from tests.web.test_landing import failing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from exporter.snapshots import Snapshot

# Another process is waited for, by the machine's clock.
serving = partial(serving_slowly, slowly=False)
# Would be seen in the page's title, if it ran.
SCRIPT = "<script>document.title = 'executed'</script>"
IMAGE = "<img src=x onerror=\"document.title = 'executed'\">"
RIGHT_TO_LEFT = "\N{ARABIC LETTER SHEEN}\N{ARABIC LETTER REH}\N{RIGHT-TO-LEFT OVERRIDE}abc"
LONG = "a-name-without-end-" * 12
NAMES = (SCRIPT, RIGHT_TO_LEFT, "\N{ADMISSION TICKETS} & more", LONG)
AXE = (files("axe_core_python") / "axe.min.js").read_text("utf-8")

# In one go, so that the page's own next question never comes in between.
LEFT_ALONE = """(async () => {
  while (asking) await new Promise((done) => setTimeout(done, 20));
  clearTimeout(timer);
})()"""
ASKED = f"{LEFT_ALONE}.then(() => ask()).then(() => clearTimeout(timer))"
LIVE = "!document.getElementById('controls').hidden"
ROWS_SHOWN = (
    "[...document.querySelectorAll('tbody tr')].map(r => [...r.cells].map(c => c.innerText))"
)
NOTE = "document.getElementById('note').textContent"
ALARM = "document.getElementById('alarm').textContent"
FOCUS = "document.activeElement.id || document.activeElement.innerText"


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Tab]:
    """Return a browser's tab in which nothing was complained about in the end."""
    async with tab(tool("chromium"), tmp_path / "profile") as held:
        yield held
        assert [] == held.complaints


def good(name: str, active: int = 3) -> Snapshot:
    """Return a site whose tickets are known."""
    return fresh_site(name).after(
        poll(name, "ticket_counts", tickets({"Open": active}, active=active))
    )


def odd() -> StandIn:
    """Return an exporter of sites with odd names; one fails with an odd message."""
    return StandIn([acme(), globex(), *map(good, NAMES), failing("failing", IMAGE)])


def fleet(sites: int) -> StandIn:
    """Return an exporter of many sites, of which one in a hundred fails."""
    shown = []
    for number in range(sites):
        name = f"site-{number:04}"
        error = TimedOut("no answer within 10 s") if number % 100 == 50 else None
        site = good(name, number)
        shown.append(site.after(poll(name, "ticket_counts", error=error)) if error else site)
    return StandIn(shown)


async def opened(page: Tab, served: Served, *, script: bool = True) -> None:
    """Open the page, and wait until its script has had the first answer, where it may run.

    From then on it asks when the test wants it, and not every few seconds.
    """
    await page.send("Emulation.setScriptExecutionDisabled", value=not script)
    await page.open(f"http://127.0.0.1:{served.port}/")
    if script:
        await page.until(LIVE)
        await page.value(LEFT_ALONE)
    # A browser asks for the icon at leisure, and complains when the server is gone by then.
    async with asyncio.timeout(PATIENCE):
        while served.exporter.answered("/static/icon.svg", 200) is None:
            await page.value("0")


async def filtered(page: Tab, text: str) -> list[list[str]]:
    """Write into the filter, and return the rows there are then."""
    await page.value(f"filter.value = {text!r}; filter.dispatchEvent(new Event('input'))")
    rows: list[list[str]] = await page.value(ROWS_SHOWN)
    return rows


async def test_live_page_says_what_the_static_one_says(page: Tab) -> None:
    """Cell by cell, odd names included; no script of theirs has run in either."""
    async with serving(odd()) as served:
        await opened(page, served, script=False)
        static = await page.value(ROWS_SHOWN)
        controls = await page.value(LIVE)
        summary = await page.value("document.getElementById('summary').textContent")
        await opened(page, served)
        live = await page.value(ROWS_SHOWN)
        assert summary == await page.value("document.getElementById('summary').textContent")
        assert "WHMCS exporter" == await page.value("document.title")

    assert not controls
    assert 14 == len(live)
    # Ages go on; all else stands still.
    assert [row[:4] + row[5:6] + row[7:] for row in static] == [
        row[:4] + row[5:6] + row[7:] for row in live
    ]
    assert {SCRIPT, LONG} <= {row[0] for row in live}
    assert IMAGE in live[0][3] + live[1][3] + live[2][3]


@pytest.mark.slow
async def test_thousands_of_sites_without_a_script(page: Tab) -> None:
    """The worst are shown, and where to find the rest."""
    async with serving(fleet(2_000)) as served:
        await opened(page, served, script=False)
        rows = await page.value(ROWS_SHOWN)
        note = await page.value(NOTE)
    assert ROWS == len(rows)
    assert ["failing"] * 20 == [row[2] for row in rows[:20]]
    assert "The first 100 of 4,000 are shown, the worst first; the JSON has all." == note


@pytest.mark.slow
async def test_thousands_of_sites_are_filtered_and_sorted(page: Tab) -> None:
    """All are looked through, and never more are laid out than are read: that keeps it quick."""
    async with serving(fleet(2_000)) as served:
        await opened(page, served)
        assert 20 == len(await filtered(page, "FAILING"))
        assert "20 of 4,000 rows match." == await page.value(NOTE)
        assert ["site-1999"] * 2 == [row[0] for row in await filtered(page, "site-1999")]
        assert [["site-1999", "ticket_counts"]] == [
            row[:2] for row in await filtered(page, "1999 ok")
        ]
        assert [] == await filtered(page, "nobody")
        assert ROWS == len(await filtered(page, "site"))
        note = "4,000 of 4,000 rows match. The first 100 of 4,000 are shown."
        assert note.split(". ")[1] == await page.value(NOTE)
        await page.value("document.querySelector('[data-key=active] button').click()")
        await page.value("document.querySelector('[data-key=active] button').click()")
        rows = await page.value(ROWS_SHOWN)
        assert [f"{number:,}" for number in range(1999, 1899, -1)] == [row[7] for row in rows]
        await page.value("document.getElementById('more').click()")
        assert 6 * ROWS == len(await page.value(ROWS_SHOWN))


async def test_keyboard_is_enough(page: Tab) -> None:
    """Tab reaches the filter, the headings and the sites in this order; Enter sorts."""
    async with serving(fleet(5)) as served:
        await opened(page, served)
        reached = []
        for _ in range(18):
            await page.press("Tab")
            reached.append(await page.value(FOCUS))
            if reached[-1] == "filter":
                await page.type("ok")
            if reached[-1] == "Site":
                await page.press("Enter")
                await page.press("Enter")
        rows = await page.value(ROWS_SHOWN)
        order = await page.value(
            "document.querySelector('[data-key=site]').getAttribute('aria-sort')"
        )
    assert ["Metrics", "Targets for Prometheus"] == reached[:2]
    assert ["filter", "Site", "Source", "State"] == [reached[5], *reached[7:10]]
    assert ["site-0004", "site-0003"] == reached[16:]
    assert [f"site-000{number}" for number in (4, 3, 2, 1, 0)] == [row[0] for row in rows]
    assert "descending" == order


async def test_refresh_keeps_filter_order_and_focus(page: Tab) -> None:
    """New numbers come into the rows; whoever reads or types is not disturbed."""
    exporter = fleet(5)
    async with serving(exporter) as served:
        await opened(page, served)
        await filtered(page, "ticket_counts")
        await page.value("document.querySelector('[data-key=active] button').click()")
        await page.value("document.querySelectorAll('tbody a')[1].focus()")
        exporter.shown = [good(f"site-000{number}", 10 - number) for number in range(5)]
        await exporter.clock.advance(MAX_AGE)
        await page.value(ASKED)
        rows = await page.value(ROWS_SHOWN)
        assert ["6", "7", "8", "9", "10"] == [row[7] for row in rows]
        assert "site-0001" == await page.value(FOCUS)
        await page.value("document.getElementById('filter').focus()")
        await page.value(ASKED)
        assert "filter" == await page.value(FOCUS)
        exporter.shown = exporter.shown[:2]
        await exporter.clock.advance(MAX_AGE)
        await page.value(ASKED)
        assert ["site-0001", "site-0000"] == [row[0] for row in await page.value(ROWS_SHOWN)]


async def test_exporter_that_does_not_answer_is_seen(page: Tab) -> None:
    """The page says so at once, in words, and looks old; ages go on."""
    async with serving(fleet(5)) as served:
        await opened(page, served)
        assert "" == await page.value(ALARM)
    await page.value(ASKED)
    said = "The exporter does not answer (Failed to fetch). What is shown is old: of 2027-01-15"
    assert said in await page.value(ALARM)
    assert "No answer: WHMCS exporter" == await page.value("document.title")
    rows = await page.value(f"answered.at = Date.now() - 100000; tick(); {ROWS_SHOWN}")
    assert "1 min 4" in rows[-1][4]
    # The browser itself notes that it could not connect.
    (complaint,) = page.complaints
    assert "ERR_CONNECTION_REFUSED" in complaint
    page.complaints.clear()


async def test_error_and_recovery_are_seen(page: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is none is named, and forgotten with the next good one."""
    async with serving(fleet(5)) as served:
        await opened(page, served)
        await served.exporter.clock.advance(MAX_AGE)
        with monkeypatch.context() as broken:
            broken.setattr(served.exporter, "due", lambda: next(iter(())))
            await page.value(ASKED)
        assert "does not answer (status 500)" in await page.value(ALARM)
        await page.value(ASKED)
        assert ("", False) == (
            await page.value(ALARM),
            await page.value("document.body.classList.contains('old')"),
        )
    page.complaints.clear()


async def test_answers_that_stay_away_are_seen(page: Tab) -> None:
    """A script that was not let run, in a sleeping machine say, does not believe what it has."""
    async with serving(fleet(5)) as served:
        await opened(page, served)
        # However long it pauses: more after a slow answer.
        await page.value("answered.at -= 20 * pause; tick()")
        assert "does not answer (no answer came)" in await page.value(ALARM)


async def test_hidden_page_asks_nothing(page: Tab) -> None:
    """A forgotten tab costs nobody anything, and asks at once when it is looked at again."""
    changed = (
        "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    async with serving(fleet(5)) as served:
        await opened(page, served)
        before = served.exporter.answered("/api/v1/sites", 200)
        await page.value(changed % "true")
        await page.value("ask()")
        assert before == served.exporter.answered("/api/v1/sites", 200)
        await page.value(changed % "false")
        await page.value(LEFT_ALONE)
        assert (before or 0) < (served.exporter.answered("/api/v1/sites", 200) or 0)


async def violations(page: Tab) -> list[Any]:
    """Return what axe finds wrong with the page."""
    await page.value(f"{AXE}; 0")
    found: list[Any] = await page.value("axe.run().then(found => found.violations)")
    return found


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
async def test_page_is_accessible(page: Tab, *, dark: bool, width: int) -> None:
    """Live, static and with the alarm: axe finds nothing, and the page is no wider than it may."""
    exporter = odd()
    down = poll("down", "ticket_counts", error=ConnectFailed("refused"), at=START + 1)
    exporter.shown.append(good("down").after(down))
    async with serving(exporter) as served:
        await page.look(dark=dark, width=width)
        await opened(page, served, script=False)
        await page.send("Emulation.setScriptExecutionDisabled", value=False)
        assert [] == await violations(page)
        await opened(page, served)
        assert [] == await violations(page)
        assert width >= await page.value("document.documentElement.scrollWidth")
        back = await page.value("getComputedStyle(document.body).backgroundColor")
        assert ("rgb(20, 23, 27)" if dark else "rgb(255, 255, 255)") == back
        await page.value("failure = 'status 500'; tick()")
        assert [] == await violations(page)


async def test_a_browser_shows_all_metrics(tmp_path: Path) -> None:
    """It takes gzip and stops at the first member's end: nothing is behind it."""
    # It looks for an icon, too, which text has none of, and complains.
    async with serving(StandIn([acme()])) as served, tab(tool("chromium"), tmp_path) as page:
        await page.open(f"http://127.0.0.1:{served.port}/metrics")
        shown = await page.value("document.body.innerText")
    assert "# TYPE whmcs_tickets gauge" in shown
    assert "whmcs_exporter_build_info{" in shown

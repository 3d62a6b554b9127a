"""The pages in a real browser."""

import asyncio
from html import escape
from pathlib import Path

from tests.browser import FLAGS
from tests.exposition.sites import acme, globex
from tests.tools import tool
from tests.web.serving import StandIn, serving
from tests.web.test_status import failing

# Would be seen in the page's title, if it ran.
SCRIPT = "<script>document.title = 'executed'</script>"
IMAGE = "<img src=x onerror=\"document.title = 'executed'\">"


async def dom(chromium: str, url: str, profile: Path) -> str:
    """Return a page as the browser has built it."""
    process = await asyncio.create_subprocess_exec(
        chromium,
        *FLAGS,
        f"--user-data-dir={profile}",
        "--dump-dom",
        url,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(60):
        stdout, _ = await process.communicate()
    assert 0 == process.returncode
    return stdout.decode()


async def test_a_browser_shows_the_table_and_runs_nothing(tmp_path: Path) -> None:
    """Odd names stand in their cells as text; no script of theirs has run."""
    chromium = tool("chromium")
    exporter = StandIn([acme(), globex(), failing(SCRIPT, IMAGE)])
    async with serving(exporter) as served:
        page = await dom(chromium, f"http://127.0.0.1:{served.port}/", tmp_path)
    assert f"<td>{escape(SCRIPT, quote=False)}</td>" in page
    assert f"<td>{escape(IMAGE, quote=False)}</td>" in page
    assert "<td>globex</td><td>departments</td><td>failing</td><td>auth</td>" in page
    assert "<title>WHMCS exporter</title>" in page
    assert 7 == page.count("<tr")


async def test_a_browser_shows_all_metrics(tmp_path: Path) -> None:
    """It takes gzip and stops at the first member's end: nothing is behind it."""
    chromium = tool("chromium")
    async with serving(StandIn([acme()])) as served:
        page = await dom(chromium, f"http://127.0.0.1:{served.port}/metrics", tmp_path)
    assert "# TYPE whmcs_tickets gauge" in page
    assert "whmcs_exporter_build_info{" in page

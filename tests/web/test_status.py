"""The landing page says what is so, and nothing in it is taken for HTML."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from exporter.snapshots import Snapshot
from exporter.web.status import as_json, as_page
from exporter.whmcs.errors import ActionFailed
from tests.exposition.sites import START, fresh_site, globex, poll, tickets
from tests.web.serving import StandIn, serving

SCRIPT = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror='alert(1)'> & $version"
NOW = START + 4_000


class Page(HTMLParser):
    """A page as a browser takes it: elements, and the table's cells."""

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str | None] = []
        self.rows: list[list[str]] = []
        self._in_cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.add(tag)
        self._in_cell = tag == "td"
        if tag == "a":
            self.links.append(dict(attrs)["href"])
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """Leave a cell."""
        self._in_cell = self._in_cell and tag != "td"

    def handle_data(self, data: str) -> None:
        """Note a cell's text."""
        if self._in_cell:
            self.rows[-1][-1] += data


def shown(*snapshots: Snapshot, version: str = "1.2.3", path: str = "/metrics") -> Page:
    """Return the page about some sites."""
    return Page(as_page(snapshots, NOW, version=version, telemetry_path=path))


def failing(site: str, message: str) -> Snapshot:
    """Return a site whose first poll failed."""
    return fresh_site(site).after(poll(site, "ticket_counts", error=ActionFailed(message)))


def test_states_read_right() -> None:
    """Never polled, good, failing after a success, and failing from the start."""
    good = fresh_site("good").after(poll("good", "ticket_counts", tickets({})))
    pages = (shown(site).rows[1:] for site in (fresh_site("new"), good, globex()))
    new, good_rows, failing_rows = pages
    under_way = ["first poll under way", "", "", "never", "", "60.00 s"]
    assert [["new", "ticket_counts", *under_way], ["new", "departments", *under_way]] == new
    assert [
        ["good", "ticket_counts", "ok", "", "", "4,000.00 s ago", "0.25 s", "60.00 s"],
        ["good", "departments", *under_way],
    ] == good_rows
    failed = ["failing", "timeout", "no answer within 10 s", "4,100.00 s ago", "0.25 s", "60.00 s"]
    assert ["globex", "ticket_counts", *failed] == failing_rows[0]
    first = ["failing", "api_error", "oh", "never", "0.25 s", "60.00 s"]
    assert ["a", "ticket_counts", *first] == shown(failing("a", "oh")).rows[1]


def test_nobodys_text_is_html() -> None:
    """Names, messages, the version and the path are shown letter by letter."""
    page = shown(failing(SCRIPT, IMAGE), version=SCRIPT, path=f'/"{SCRIPT}')
    assert {"script", "img"} & page.tags == set()
    assert [SCRIPT, "ticket_counts", "failing", "api_error", IMAGE] == page.rows[1][:5]
    assert f'/"{SCRIPT}' == page.links[0]


def test_no_sites() -> None:
    """A table without rows has its head alone."""
    assert [[]] == shown().rows


def test_links_lead_to_what_is_served() -> None:
    """The page links every address that a person may want."""
    assert ["/metrics", "/sd", "/api/v1/sites", "/-/healthy", "/-/ready"] == shown().links


async def test_links_are_answered() -> None:
    """Each link of the page works."""
    async with serving(StandIn([globex()])) as served:
        async with served.client.get("/") as response:
            links = Page(await response.text()).links
        for link in links:
            async with served.client.get(str(link)) as response:
                assert 200 == response.status


@pytest.mark.parametrize("unix_time", [0.0, 1e12])
def test_an_age_is_what_has_passed(unix_time: float) -> None:
    """Where the machine's clock stood at the last success changes nothing of its age."""
    success = replace(poll("a", "ticket_counts", tickets({})), ended_at=unix_time)
    source = as_json([fresh_site("a").after(success)], NOW)["sites"][0]["sources"][0]
    assert (unix_time, 4_000.0) == (source["last_success"], source["age"])


@pytest.mark.parametrize(("seconds", "expected"), [(0.0, "0.00 s"), (12_345.678, "12,345.68 s")])
def test_seconds_are_readable(seconds: float, expected: str) -> None:
    """Long ones have separators, and none is in scientific notation."""
    good = fresh_site("good").after(replace(poll("good", "departments"), duration=seconds))
    assert expected == shown(good).rows[2][6]

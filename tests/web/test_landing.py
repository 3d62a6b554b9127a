"""The landing page says what is so, and nothing in it is taken for HTML."""

from dataclasses import replace
from pathlib import Path

import pytest

from exporter.snapshots import Snapshot
from exporter.web.landing import ROWS, page_steps
from exporter.web.status import Moment
from exporter.whmcs.errors import ActionFailed
from tests.exposition.sites import START, UNIX_START, acme, fresh_site, globex, poll, tickets
from tests.web.page import Page
from tests.web.serving import StandIn, serving
from tests.web.steps import result

GOLDEN = Path(__file__).parent / "golden" / "landing.html"
SCRIPT = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror='alert(1)'> & $version"
NOW = START + 4_000
LINKS = ["/metrics", "/sd", "/api/v1/sites", "/-/healthy", "/-/ready"]


def written(*snapshots: Snapshot, version: str = "1.2.3", path: str = "/metrics") -> str:
    """Return the page about some sites; the next poll of ``ticket_counts`` is in half a minute."""
    due = {(snapshot.site, "ticket_counts"): NOW + 30 for snapshot in snapshots}
    moment = Moment(snapshots=snapshots, due=due, monotonic=NOW, time=UNIX_START + 4_000)
    return result(page_steps(moment, version=version, telemetry_path=path))


def shown(*snapshots: Snapshot, version: str = "1.2.3", path: str = "/metrics") -> Page:
    """Return the page as it is read."""
    return Page(written(*snapshots, version=version, path=path))


def failing(site: str, message: str) -> Snapshot:
    """Return a site whose first poll failed."""
    return fresh_site(site).after(poll(site, "ticket_counts", error=ActionFailed(message)))


def fresh(site: str) -> Snapshot:
    """Return a site whose tickets are ten seconds old."""
    return fresh_site(site).after(poll(site, "ticket_counts", tickets({}), at=NOW - 10))


def test_page_is_as_it_was_when_somebody_last_looked_at_it() -> None:
    """The whole page, with odd names, failures and what is not yet known."""
    assert GOLDEN.read_text("utf-8") == written(acme(), globex(), fresh_site("never polled"))


def test_states_read_right() -> None:
    """Never polled, good, failing after a success, failing from the start, and too old."""
    under_way = ["starting", "", "never", "-"]
    new = [["new", "departments", *under_way, "now", "-", "-"]]
    new += [["new", "ticket_counts", *under_way, "in 30 s", "-", "-"]]
    assert new == shown(fresh_site("new")).rows
    good = ["good", "ticket_counts", "ok", "", "10 s ago", "0.25 s", "in 30 s", "3", "2"]
    assert good == shown(fresh("good")).rows[1]
    failed = fresh("a").after(poll("a", "ticket_counts", error=ActionFailed("oh"), at=NOW))
    why = "api_error oh look at what WHMCS said"
    assert ["a", "ticket_counts", "failing", why, "10 s ago", "0.25 s", "in 30 s", "3", "2"] == (
        shown(failed).rows[0]
    )
    first = ["a", "ticket_counts", "failing", why, "never", "0.25 s", "in 30 s", "-", "-"]
    assert first == shown(failing("a", "oh")).rows[0]
    stale = ["globex", "ticket_counts", "stale"]
    assert stale == shown(globex()).rows[1][:3]
    assert ["1 h 8 min ago", "0.25 s", "in 30 s", "-", "-"] == shown(globex()).rows[1][4:]


def test_a_success_that_is_too_old_is_stale() -> None:
    """A poller that makes no progress leaves no good word behind."""
    old = fresh_site("a").after(poll("a", "ticket_counts", tickets({})))
    assert ["a", "ticket_counts", "stale", ""] == shown(old).rows[0][:4]


def test_the_worst_are_first() -> None:
    """Stale, failing, starting, good; among equals by name."""
    sites = (fresh("b"), fresh("a"), failing("z", "no"), globex(), fresh_site("new"))
    found = [(row[0], row[2]) for row in shown(*sites).rows if row[1] == "ticket_counts"]
    expected = [("globex", "stale"), ("z", "failing"), ("new", "starting"), ("a", "ok")]
    assert [*expected, ("b", "ok")] == found


def test_thousands_of_sites_are_a_page_of_some_rows() -> None:
    """The worst are on it, all are counted, and it says where the others are."""
    sites = [fresh(f"{number}") for number in range(2_000)]
    text = written(*sites, failing("last", "no"))
    page = Page(text)
    assert ROWS == len(page.rows)
    assert ["last", "ticket_counts", "failing"] == page.rows[0][:3]
    assert "2,001 sites with 4,002 sources: 1 failing, 2,001 starting, 2,000 ok." in text
    assert "The first 100 of 4,002 are shown, the worst first" in text
    assert "are shown" not in written(*sites[:50])
    assert 100 == len(shown(*sites[:50]).rows)


def test_nobodys_text_is_html() -> None:
    """Names, messages, the version and the path are shown letter by letter."""
    plain = shown(failing("a", "b"))
    page = shown(failing(SCRIPT, IMAGE), version=SCRIPT, path=f'/"{SCRIPT}')
    assert plain.tags == page.tags
    assert [SCRIPT, "ticket_counts", "failing"] == page.rows[0][:3]
    assert f"api_error {IMAGE} look at what WHMCS said" == page.rows[0][3]
    assert f'/"{SCRIPT}' == page.links[0]


def test_no_sites() -> None:
    """A table without rows has its head alone."""
    assert [] == shown().rows
    assert "No sites." in written()


def test_links_lead_to_what_is_served() -> None:
    """The page links every address that a person may want, and each site's own."""
    assert LINKS == shown().links
    assert [*LINKS, *["/probe?target=a+%26+%3Cb%3E"] * 2] == shown(fresh_site("a & <b>")).links


async def test_links_are_answered() -> None:
    """Each link of the page works."""
    async with serving(StandIn([globex(), acme()])) as served:
        async with served.client.get("/") as response:
            links = Page(await response.text()).links
        assert 9 == len(links)
        for link in links:
            async with served.client.get(str(link)) as response:
                assert 200 == response.status


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (0.0, "0 s"),
        (59.4, "59 s"),
        (60.0, "1 min 0 s"),
        (3599.4, "59 min 59 s"),
        (3600.0, "1 h 0 min"),
        (86399.0, "23 h 59 min"),
        (86400.0, "1 d 0 h"),
        (90e6, "1,041 d 16 h"),
    ],
)
def test_ages_are_readable(age: float, expected: str) -> None:
    """Two units, the largest there are."""
    success = poll("a", "ticket_counts", tickets({}), at=NOW - age)
    page = shown(fresh_site("a").after(success))
    (row,) = (row for row in page.rows if row[1] == "ticket_counts")
    assert f"{expected} ago" == row[4]


@pytest.mark.parametrize(("seconds", "expected"), [(0.0, "0.00 s"), (12_345.678, "12,345.68 s")])
def test_seconds_are_readable(seconds: float, expected: str) -> None:
    """Long ones have separators, and none is in scientific notation."""
    good = fresh_site("good").after(replace(poll("good", "departments"), duration=seconds))
    assert expected == shown(good).rows[0][5]

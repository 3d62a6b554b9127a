"""GetTickets: which tickets are listed, in which order, page by page, and what is told of them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from exporter.simulator.access import Access
from exporter.simulator.answers import Shape
from exporter.simulator.site import Site
from exporter.simulator.state import OpenTicket
from exporter.simulator.tickets import Listing, Order
from tests.simulator.caller import Caller

BERLIN = ZoneInfo("Europe/Berlin")


def awaiting(site: Site) -> dict[str, OpenTicket]:
    """Return the tickets that await a reply, by the number that customers see."""
    titles = {status.title for status in site.desk.state().statuses if status.awaiting}
    tickets = [each for each in site.desk.open_tickets() if each.status in titles]
    assert len(tickets) > 5
    return {f"SIM-{each.id:06}": each for each in tickets}


async def listed(caller: Caller, **form: str) -> list[dict[str, Any]]:
    """Return the rows of one answer."""
    rows: list[dict[str, Any]] = (await caller.call("GetTickets", **form)).json["tickets"]["ticket"]
    return rows


async def test_tickets_that_await_a_reply(site: Site, caller: Caller) -> None:
    """Each of them is there once, with its department and its dates in the site's own time."""
    site.listing = Listing(timezone=BERLIN)
    truth = awaiting(site)
    rows = {
        row["tid"]: (
            row["deptid"],
            row["status"],
            datetime.fromisoformat(row["lastreply"]).replace(tzinfo=BERLIN),
        )
        for row in await listed(caller, status="Awaiting Reply", limitnum="1000")
    }

    assert {
        key: (each.department_id, each.status, each.last_reply.replace(microsecond=0))
        for key, each in truth.items()
    } == rows


async def test_local_time_follows_the_season(site: Site) -> None:
    """The same hour of the day is another one in summer."""
    listing = Listing(timezone=BERLIN)
    assert [
        "2026-03-29 01:59:59",
        "2026-03-29 03:00:00",
    ] == [
        listing.date(datetime.fromisoformat(f"2026-03-29T{hour}+00:00"))
        for hour in ("00:59:59", "01:00:00")
    ]
    assert "UTC" == str(site.listing.timezone)


async def test_what_is_told_of_a_customer_is_no_ones(caller: Caller) -> None:
    """Names and addresses are there, so that they can be hunted, and belong to nobody."""
    row = (await listed(caller, status="Awaiting Reply"))[0]
    for field in ("name", "email", "subject"):
        assert "simulated" in row[field].lower()
    assert row["email"].endswith(".invalid")


@pytest.mark.parametrize("order", ["newest", "oldest", "odd"])
async def test_pages_make_the_list(site: Site, caller: Caller, order: Order) -> None:
    """Page after page, in whichever order, gives each ticket once; the total is on every page."""
    site.listing = Listing(order=order)
    truth = awaiting(site)
    numbers: list[str] = []
    while True:
        start = str(len(numbers))
        form = {"status": "Awaiting Reply", "limitstart": start, "limitnum": "2"}
        page = (await caller.call("GetTickets", **form)).json
        rows = page["tickets"]["ticket"]
        assert len(truth) == page["totalresults"]
        assert (len(numbers), len(rows)) == (page["startnumber"], page["numreturned"])
        if not rows:
            break
        numbers += [row["tid"] for row in rows]
    replies = [truth[number].last_reply for number in numbers]

    assert sorted(truth) == sorted(numbers)
    assert {
        "newest": replies == sorted(replies, reverse=True),
        "oldest": replies == sorted(replies),
        "odd": replies not in (sorted(replies), sorted(replies, reverse=True)),
    }[order]


@pytest.mark.parametrize(("most", "asked", "got"), [(3, "5", 3), (3, "2", 2), (None, "", 25)])
async def test_a_site_may_cap_its_pages(
    site: Site, caller: Caller, most: int | None, asked: str, got: int
) -> None:
    """No more than the site's most come, and 25 when nobody says how many."""
    site.listing = Listing(most=most)
    assert len(site.desk.open_tickets()) > 25
    assert got == len(await listed(caller, limitnum=asked))


async def test_choices(site: Site, caller: Caller) -> None:
    """A department, a status and the words for several choose as their names say."""
    everything = site.desk.open_tickets()
    active = {each.title for each in site.desk.state().statuses if each.active}
    expected = {
        ("status", "Answered"): {each.id for each in everything if each.status == "Answered"},
        ("status", "All Active Tickets"): {each.id for each in everything if each.status in active},
        ("status", "My Flagged Tickets"): {each.id for each in everything if each.flagged},
        ("deptid", "2"): {each.id for each in everything if each.department_id == 2},
        ("deptid", "99"): set(),
        ("status", "Nowhere"): set(),
        ("status", "Closed"): set(),
    }

    assert expected == {
        (field, value): {
            row["id"] for row in await listed(caller, limitnum="999", **{field: value})
        }
        for field, value in expected
    }


@pytest.mark.parametrize(("ignore", "ids"), [("", {1, 3}), ("1", {1, 2, 3})])
async def test_tickets_are_scoped(site: Site, caller: Caller, ignore: str, ids: set[int]) -> None:
    """Tickets are those of the credential's departments, unless assignments are ignored."""
    site.access = Access(departments=frozenset({1, 3}))
    rows = await listed(caller, limitnum="999", ignore_dept_assignments=ignore)
    assert ids == {row["deptid"] for row in rows}


async def test_shapes(site: Site, caller: Caller) -> None:
    """Numbers may be strings, and the list an object."""
    site.shape = Shape.STRING_NUMBERS | Shape.OBJECT_LISTS
    page = (await caller.call("GetTickets", limitnum="2")).json
    assert ("0", "2") == (page["startnumber"], page["numreturned"])
    assert ["0", "1"] == list(page["tickets"]["ticket"])
    assert page["tickets"]["ticket"]["0"]["deptid"] in {"1", "2", "3"}


def test_numbers_of_any_length() -> None:
    """A number of more digits than Python reads is no failure."""
    page = Listing(most=100).page({"limitnum": "9" * 10_000, "limitstart": "0" * 10_000})
    assert slice(0, 100) == page

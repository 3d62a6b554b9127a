"""WHMCS's answers, asked over real sockets and compared with the truth."""

import html
from typing import Any

import pytest

from exporter.simulator.access import Access
from exporter.simulator.answers import Shape
from exporter.simulator.site import Site
from tests.simulator.caller import Caller

EVERY_SHAPE = [Shape(value) for value in range(2 ** len(Shape))]


def _plain(shape: Shape, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Undo a shape, as whoever reads WHMCS has to."""
    if isinstance(value, list):
        return [_plain(shape, each) for each in value]
    if isinstance(value, dict) and list(value) == [str(index) for index in range(len(value))]:
        assert Shape.OBJECT_LISTS in shape
        return [_plain(shape, each) for each in value.values()]
    if isinstance(value, dict):
        return {key: _plain(shape, each) for key, each in value.items()}
    if isinstance(value, str) and value.isdecimal():
        assert Shape.STRING_NUMBERS in shape
        return int(value)
    return html.unescape(value) if isinstance(value, str) else value


async def test_ticket_counts(site: Site, caller: Caller) -> None:
    """GetTicketCounts tells the totals, and without being asked no status."""
    state = site.desk.state()
    answer = await caller.call("GetTicketCounts")

    assert 200 == answer.status
    assert "application/json" in answer.headers["Content-Type"]
    assert {
        "result": "success",
        "filteredDepartments": [1, 2, 3],
        "allActive": state.active,
        "awaitingReply": state.awaiting,
        "flaggedTickets": state.flagged,
    } == answer.json


async def test_version(caller: Caller) -> None:
    """WhmcsDetails tells a release of the version that is simulated."""
    answer = await caller.call("WhmcsDetails")
    assert {"version": "9.0.0", "canonicalversion": "9.0.0-release.1"} == answer.json["whmcs"]


async def test_counts_by_status(site: Site, caller: Caller) -> None:
    """Statuses come by key: the title in lower case without spaces and dashes."""
    answer = await caller.call("GetTicketCounts", includeCountsByStatus="1")
    counts = site.desk.state().by_status

    assert {"title": "Customer-Reply", "count": counts["Customer-Reply"]} == answer.json["status"][
        "customerreply"
    ]
    assert counts == {row["title"]: row["count"] for row in answer.json["status"].values()}


@pytest.mark.parametrize("shape", EVERY_SHAPE, ids=str)
async def test_every_shape_says_the_same(site: Site, caller: Caller, shape: Shape) -> None:
    """Whatever the shape, undoing it leaves the truth."""
    site.desk.add_status("Q & A <new>")
    site.desk.add_department('Sales "EU" \N{EARTH GLOBE EUROPE-AFRICA}')
    site.shape = shape
    state = site.desk.state()
    counts = _plain(shape, (await caller.call("GetTicketCounts", includeCountsByStatus="1")).json)
    departments = _plain(shape, (await caller.call("GetSupportDepartments")).json)
    statuses = _plain(shape, (await caller.call("GetSupportStatuses")).json)
    rows = counts["status"]
    rows = rows if Shape.STATUS_LIST in shape else rows.values()

    assert [1, 2, 3, 4] == counts["filteredDepartments"]
    assert (state.active, state.awaiting) == (counts["allActive"], counts["awaitingReply"])
    assert state.by_status == {row["title"]: row["count"] for row in rows}
    assert dict(state.departments) == {
        row["id"]: row["name"] for row in departments["departments"]["department"]
    }
    assert state.by_status == {row["title"]: row["count"] for row in statuses["statuses"]["status"]}


async def test_names_are_encoded_once(site: Site, caller: Caller) -> None:
    """Encoded names are what PHP's htmlspecialchars makes of them."""
    site.shape = Shape.ENCODED_NAMES
    site.desk.rename_department(1, "Billing & Abuse")
    answer = await caller.call("GetSupportDepartments")

    assert "Billing &amp; Abuse" == answer.json["departments"]["department"][0]["name"]


async def test_departments(site: Site, caller: Caller) -> None:
    """GetSupportDepartments tells what waits and what is active in each."""
    state = site.desk.state()
    answer = await caller.call("GetSupportDepartments")

    assert 3 == answer.json["totalresults"]
    assert [
        {
            "id": each,
            "name": state.departments[each],
            "awaitingreply": state.within([each]).awaiting,
            "opentickets": state.within([each]).active,
        }
        for each in (1, 2, 3)
    ] == answer.json["departments"]["department"]


@pytest.mark.parametrize("deptid", ["1", "2", "3", "99", "x"])
async def test_statuses_of_a_department(site: Site, caller: Caller, deptid: str) -> None:
    """GetSupportStatuses counts one department; an unknown one holds nothing."""
    state = site.desk.state()
    chosen = state.within([int(deptid)] if deptid.isdecimal() else [])
    answer = await caller.call("GetSupportStatuses", deptid=deptid)

    assert [
        {"title": each.title, "count": chosen.by_status[each.title], "color": each.color}
        for each in state.statuses
    ] == answer.json["statuses"]["status"]


async def test_equal_keys_are_told_apart(site: Site, caller: Caller) -> None:
    """Titles that give the same key all stay in the answer."""
    for title in ("On-Hold", "onhold", "-", " "):
        site.desk.add_status(title)
    answer = await caller.call("GetTicketCounts", includeCountsByStatus="1")

    assert site.desk.state().by_status == {
        row["title"]: row["count"] for row in answer.json["status"].values()
    }


@pytest.mark.parametrize(
    ("version", "ignore", "departments"),
    [
        ((9, 0), "", [2]),
        ((9, 0), "0", [2]),
        ((9, 1), "", [2]),
        ((9, 0), "1", [1, 2, 3]),
        ((9, 0), "false", [1, 2, 3]),
        ((8, 13), "", [1, 2, 3]),
        ((8, 13), "1", [1, 2, 3]),
    ],
)
async def test_counts_are_scoped_since_9(
    site: Site, caller: Caller, version: tuple[int, int], ignore: str, departments: list[int]
) -> None:
    """Since 9.0 a credential counts its own departments, unless assignments are ignored."""
    site.version = version
    state = site.desk.state().within(departments)
    answer = await caller.call(
        "GetTicketCounts",
        identifier="simulated-dept-2",
        ignoreDepartmentAssignments=ignore,
        includeCountsByStatus="1",
    )

    assert departments == answer.json["filteredDepartments"]
    assert state.active == answer.json["allActive"]
    assert state.awaiting == answer.json["awaitingReply"]
    assert state.flagged == answer.json["flaggedTickets"]
    assert state.by_status["Closed"] == answer.json["status"]["closed"]["count"]


@pytest.mark.parametrize(("ignore", "ids"), [("", [1, 3]), ("1", [1, 2, 3])])
async def test_departments_are_scoped(
    site: Site, caller: Caller, ignore: str, ids: list[int]
) -> None:
    """GetSupportDepartments lists the credential's departments, unless assignments are ignored."""
    site.access = Access(departments=frozenset({1, 3}))
    answer = await caller.call("GetSupportDepartments", ignore_dept_assignments=ignore)

    assert ids == [row["id"] for row in answer.json["departments"]["department"]]


@pytest.mark.parametrize("shape", [Shape.PLAIN, Shape.OBJECT_LISTS], ids=str)
async def test_an_empty_array_is_a_list(site: Site, caller: Caller, shape: Shape) -> None:
    """PHP's empty array is [] whatever keys it could have had."""
    site.shape = shape
    site.access = Access(departments=frozenset())
    counts = await caller.call("GetTicketCounts")
    departments = await caller.call("GetSupportDepartments")

    assert [] == counts.json["filteredDepartments"]
    assert 0 == counts.json["allActive"]
    assert {"department": []} == departments.json["departments"]


async def test_without_responsetype_it_is_text(site: Site, caller: Caller) -> None:
    """The answer is result=...; text with the plain values."""
    answer = await caller.call("gettiCKETcounts", responsetype="")
    state = site.desk.state()

    assert (
        f"result=success;allActive={state.active};awaitingReply={state.awaiting};"
        f"flaggedTickets={state.flagged}"
    ) == answer.body.decode()

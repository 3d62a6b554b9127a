"""Who is let in, and WHMCS's words to whoever is not."""

from hashlib import md5

import pytest

from exporter.simulator.access import Access, Door
from exporter.simulator.site import Site
from tests.simulator.caller import GOOD, Caller

ELSEWHERE = frozenset({"192.0.2.1"})
COUNTS = GOOD | {"action": "GetTicketCounts"}
LOGIN = {
    "action": "GetTicketCounts",
    "responsetype": "json",
    "username": "admin",
    "password": md5(b"geheim", usedforsecurity=False).hexdigest(),
}


@pytest.mark.parametrize(
    ("form", "status", "message"),
    [
        (GOOD, 400, "Empty action request"),
        ({"responsetype": "json"}, 400, "Empty action request"),
        (COUNTS | {"action": "GetClients"}, 400, "Command not found"),
        (COUNTS | {"secret": "x"}, 403, "Invalid or missing credentials"),
        (COUNTS | {"identifier": "x"}, 403, "Invalid or missing credentials"),
        (COUNTS | {"identifier": "simulated-dept-9"}, 403, "Invalid or missing credentials"),
        (COUNTS | {"identifier": ""}, 403, "Invalid or missing credentials"),
        (LOGIN | {"username": "root"}, 403, "Authentication Failed"),
        (LOGIN | {"password": "geheim"}, 403, "Invalid password provided"),
    ],
)
async def test_refusals(
    site: Site, caller: Caller, form: dict[str, str], status: int, message: str
) -> None:
    """Each refusal has WHMCS's HTTP status and message."""
    site.access = Access(username="admin", password="geheim")  # noqa: S106 - a test's
    answer = await caller.post(form)

    assert status == answer.status
    assert {"result": "error", "message": message} == answer.json


async def test_the_legacy_login(site: Site, caller: Caller) -> None:
    """A name and the password's MD5 open everything."""
    site.access = Access(username="admin", password="geheim")  # noqa: S106 - a test's
    answer = await caller.post(LOGIN)

    assert "success" == answer.json["result"]


async def test_no_login_is_open_unless_it_is_set_up(caller: Caller) -> None:
    """Without a name nobody logs in with an empty one."""
    answer = await caller.post(LOGIN | {"username": ""})

    assert "Authentication Failed" == answer.json["message"]


async def test_a_role_without_the_action(site: Site, caller: Caller) -> None:
    """The API role lists what may be called; WHMCS names the action in lower case."""
    site.access = Access(permissions=frozenset({"GetSupportDepartments"}))
    refused = await caller.call("GetTicketCounts")
    allowed = await caller.call("getsupportdepartments")

    assert 403 == refused.status
    assert {
        "result": "error",
        "message": 'Invalid Permissions: API action "getticketcounts" is not allowed',
    } == refused.json
    assert 200 == allowed.status


@pytest.mark.parametrize(
    ("door", "form", "status"),
    [
        (Door(addresses=ELSEWHERE), COUNTS, 403),
        (Door(addresses=ELSEWHERE), COUNTS | {"secret": "x"}, 403),
        (Door(addresses=ELSEWHERE), GOOD, 403),
        (Door(addresses=ELSEWHERE), COUNTS | {"accesskey": ""}, 403),
        (Door(access_key="k"), COUNTS, 403),
        (Door(access_key="k"), COUNTS | {"accesskey": "x"}, 403),
        (Door(access_key="k"), COUNTS | {"accesskey": "k"}, 200),
        (Door(addresses=ELSEWHERE, access_key="k"), COUNTS | {"accesskey": "k"}, 200),
        (Door(addresses=frozenset({"127.0.0.1"}), access_key="k"), COUNTS, 200),
    ],
    ids=str,
)
async def test_addresses_are_checked_first(
    site: Site, caller: Caller, door: Door, form: dict[str, str], status: int
) -> None:
    """An address passes by the allow-list or by the access key, before anything else is read."""
    site.door = door
    answer = await caller.post(form)

    assert status == answer.status
    if status == 403:
        assert {"result": "error", "message": "Invalid IP 127.0.0.1"} == answer.json


async def test_a_get_is_an_empty_action(caller: Caller) -> None:
    """A redirect that turned the POST into a GET lost the form, as in WHMCS."""
    answer = await caller.request("GET", "includes/api.php?action=GetTicketCounts")

    assert 400 == answer.status
    assert b"result=error;message=Empty action request" == answer.body


async def test_a_removed_department_takes_its_credential_along(site: Site, caller: Caller) -> None:
    """The credentials of departments come and go with them."""
    added = site.desk.add_department("New")
    opened = await caller.call("GetTicketCounts", identifier=f"simulated-dept-{added}")
    site.desk.remove_department(added)
    closed = await caller.call("GetTicketCounts", identifier=f"simulated-dept-{added}")

    assert [added] == opened.json["filteredDepartments"]
    assert 403 == closed.status


def test_secrets_are_not_shown() -> None:
    """Neither a secret nor a password nor an access key stands in a repr."""
    shown = repr(Access(secret="hidden", password="hidden"))  # noqa: S106 - a test's
    shown += repr(Door(access_key="hidden"))

    assert "hidden" not in shown

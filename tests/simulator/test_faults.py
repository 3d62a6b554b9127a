"""Each fault does what its description says."""

import asyncio
import json
import time
import zlib
from contextlib import suppress

import aiohttp
import pytest

from exporter.simulator.faults import FAULTS, find_fault
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site
from tests.simulator.caller import GOOD, Answer, Caller

COUNTED = {"includeCountsByStatus": "1"}


async def _call(simulator: Simulator, caller: Caller, fault: str) -> Answer:
    simulator.fault("acme", fault)
    return await caller.call("GetTicketCounts", **COUNTED)


@pytest.mark.parametrize(
    ("fault", "status", "message"),
    [
        ("invalid-ip", 403, "Invalid IP 127.0.0.1"),
        ("banned", 403, "Your IP has been banned"),
        ("bad-credentials", 403, "Invalid or missing credentials"),
        ("disabled-admin", 403, "Administrator Account Disabled"),
        ("no-api-access", 403, "Access Denied"),
        (
            "no-permission",
            403,
            'Invalid Permissions: API action "getticketcounts" is not allowed',
        ),
        ("no-action", 400, "Empty action request"),
        ("unknown-action", 400, "Command not found"),
        ("api-error", 200, "An unexpected error occurred"),
    ],
)
async def test_refusals(
    simulator: Simulator, caller: Caller, fault: str, status: int, message: str
) -> None:
    """Faults that are WHMCS's own refusals have its status and message."""
    answer = await _call(simulator, caller, fault)

    assert status == answer.status
    assert {"result": "error", "message": message} == answer.json


@pytest.mark.parametrize(
    ("fault", "status", "headers"),
    [
        ("html", 200, {}),
        ("install-folder", 200, {}),
        ("cloudflare", 403, {}),
        ("mod-security", 406, {}),
        ("http-500", 500, {}),
        ("http-503", 503, {}),
        ("maintenance", 503, {"Retry-After": "120"}),
        ("rate-limit", 429, {"Retry-After": "30"}),
        ("redirect", 302, {"Location": "/acme/index.php"}),
    ],
)
async def test_pages(
    simulator: Simulator, caller: Caller, fault: str, status: int, headers: dict[str, str]
) -> None:
    """Faults in front of WHMCS are HTML pages with a status and headers."""
    answer = await _call(simulator, caller, fault)

    assert status == answer.status
    assert answer.body.startswith(b"<!DOCTYPE html>")
    found = {name: answer.headers.get(name) for name in ("Retry-After", "Location")}
    assert {"Retry-After": None, "Location": None} | headers == found


@pytest.mark.parametrize(
    ("fault", "before", "after"),
    [
        ("warning", b"<br />\n<b>Warning</b>", b""),
        ("bom", b"\xef\xbb\xbf{", b""),
        ("huge", b"{", b" " * 8 * 1024 * 1024),
    ],
)
async def test_good_json_with_something_around_it(
    simulator: Simulator, caller: Caller, fault: str, before: bytes, after: bytes
) -> None:
    """The right answer stands in it, but not alone."""
    answer = await _call(simulator, caller, fault)
    good = answer.body[answer.body.index(b"{") : answer.body.rindex(b"}") + 1]
    state = simulator.sites["acme"].desk.state()

    assert 200 == answer.status
    assert answer.body.startswith(before)
    assert answer.body.endswith(b"}" + after)
    assert state.active == json.loads(good)["allActive"]


@pytest.mark.parametrize(("fault", "count"), [("negative", -1), ("huge-number", 10**30)])
async def test_unfit_counts(simulator: Simulator, caller: Caller, fault: str, count: int) -> None:
    """Every count of every action is unfit; ids and the rest stay."""
    answer = await _call(simulator, caller, fault)
    departments = await caller.call("GetSupportDepartments")

    assert count == answer.json["allActive"] == answer.json["status"]["open"]["count"]
    assert [1, 2, 3] == answer.json["filteredDepartments"]
    assert count == departments.json["departments"]["department"][0]["opentickets"]
    assert 1 == departments.json["departments"]["department"][0]["id"]


async def test_schema(simulator: Simulator, caller: Caller) -> None:
    """The counts are missing, what stands beside them is there."""
    answer = await _call(simulator, caller, "schema")

    assert {"result", "filteredDepartments", "status"} == answer.json.keys()
    assert {"title": "Open"} == answer.json["status"]["open"]


async def test_text(simulator: Simulator, caller: Caller) -> None:
    """It is text although JSON was asked."""
    answer = await _call(simulator, caller, "text")

    assert answer.body.startswith(b"result=success;allActive=")


async def test_invalid_ip_text(simulator: Simulator, caller: Caller) -> None:
    """Older versions refuse an address in text although JSON was asked."""
    answer = await _call(simulator, caller, "invalid-ip-text")

    assert (403, b"result=error;message=Invalid IP 127.0.0.1") == (answer.status, answer.body)


async def test_not_utf8(simulator: Simulator, caller: Caller) -> None:
    """Read as Latin-1 it is good JSON, as UTF-8 it is none."""
    answer = await _call(simulator, caller, "not-utf8")

    assert "Caf\xe9" == json.loads(answer.body.decode("latin-1"))["note"]
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode()


async def test_deep(simulator: Simulator, caller: Caller) -> None:
    """Python's parser gives up on it."""
    answer = await _call(simulator, caller, "deep")

    with pytest.raises(RecursionError):
        json.loads(answer.body)


async def test_gzip_bomb(simulator: Simulator) -> None:
    """Less than 100 kB on the wire, more than 16 MiB unpacked."""
    simulator.fault("acme", "gzip-bomb")
    async with aiohttp.ClientSession(simulator.url("acme"), auto_decompress=False) as session:
        answer = await Caller(session).call("GetTicketCounts")
    unpacked = zlib.decompress(answer.body, wbits=31)

    assert "gzip" == answer.headers["Content-Encoding"]
    assert len(answer.body) < 100_000
    assert len(unpacked) > 16 * 1024 * 1024


async def test_slow(site: Site, simulator: Simulator, caller: Caller) -> None:
    """The right answer comes, after the time that was set."""
    begin = time.monotonic()
    answer = await _call(simulator, caller, "slow")

    assert time.monotonic() - begin >= 0.05
    assert site.desk.state().active == answer.json["allActive"]


async def test_reset(simulator: Simulator, caller: Caller) -> None:
    """The connection is reset, not ended in order."""
    simulator.fault("acme", "reset")
    with pytest.raises(aiohttp.ClientOSError, match="reset by peer"):
        await caller.call("GetTicketCounts")


async def test_truncate(simulator: Simulator, caller: Caller) -> None:
    """The head promises more than comes."""
    simulator.fault("acme", "truncate")
    with pytest.raises(aiohttp.ClientPayloadError, match="Not enough data"):
        await caller.call("GetTicketCounts")


async def test_hang(simulator: Simulator, caller: Caller) -> None:
    """Nothing comes; once it is switched off the next call is answered."""
    await _give_up(simulator, caller)
    simulator.fault("acme", None)

    assert 200 == (await caller.call("GetTicketCounts")).status


async def test_a_hanging_request_ends_with_its_client(simulator: Simulator, caller: Caller) -> None:
    """Requests whose clients gave up do not pile up."""
    before = asyncio.all_tasks()
    await _give_up(simulator, caller)
    await caller.session.close()
    # That the client is gone comes over a real connection, whenever that is.
    async with asyncio.timeout(10):
        while not asyncio.all_tasks() <= before:  # noqa: ASYNC110 - nobody would tell
            await asyncio.sleep(0)


async def _give_up(simulator: Simulator, caller: Caller) -> None:
    simulator.fault("acme", "hang")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await caller.call("GetTicketCounts")


@pytest.mark.parametrize("fault", sorted(FAULTS.keys() - {"hang"}))
async def test_every_fault_takes_any_call(
    simulator: Simulator, caller: Caller, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither an unknown action nor a GET makes a fault fail in a way that is not its own."""
    simulator.fault("acme", fault)
    for method, form in [("POST", GOOD | {"action": "Odd"}), ("GET", None)]:
        with suppress(aiohttp.ClientOSError, aiohttp.ClientPayloadError):
            await caller.request(method, "includes/api.php", form)

    assert [] == caplog.records


def test_a_wrong_name_is_told_what_is_meant() -> None:
    """A near miss is proposed; for anything else all are listed."""
    with pytest.raises(ValueError, match=r"^no fault 'trunkate'; did you mean 'truncate'\?$"):
        find_fault("trunkate")
    with pytest.raises(ValueError, match=r"^no fault 'zzz'; there are hang, slow, "):
        find_fault("zzz")


def test_descriptions_are_one_line() -> None:
    """Every fault says in one line what it does."""
    assert all(fault.description and "\n" not in fault.description for fault in FAULTS.values())

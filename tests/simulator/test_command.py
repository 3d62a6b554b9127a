"""The command `simulate`."""

import argparse
import asyncio
import os
import signal
import socket
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from exporter.simulator.answers import Shape
from exporter.simulator.command import add_arguments, make_simulator, run
from tests.simulator.caller import Caller

LOOPBACK = ["--web.listen-address", "127.0.0.1:0"]


def _parse(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser("simulate")
    add_arguments(parser)
    return parser.parse_args(argv)


async def test_it_serves_until_it_is_told_to_stop(capsys: pytest.CaptureFixture[str]) -> None:
    """It prints where it listens and the credentials, and ends with 0."""
    stop = asyncio.Event()
    args = _parse(*LOOPBACK, "--sites", "one,two", "--fault", "two=http-503")
    running = asyncio.create_task(run(args, stop))
    said = await _greeting(capsys)
    base = said.split(" on ")[1].split(",")[0]
    async with aiohttp.ClientSession(base) as session:
        caller = Caller(session)
        good = await caller.request("GET", "/one/state")
        form = {"action": "GetTicketCounts"}
        broken = await caller.request("POST", "/two/includes/api.php", form)
    stop.set()

    assert 0 == await running
    assert [200, 503] == [good.status, broken.status]
    assert (
        f"Simulated WHMCS on {base}, which says how to make it fail\n"
        f"  {base}one/\n"
        f"  {base}two/\n"
        "identifier: simulated (one department: simulated-dept-ID)\n"
        "secret: simulated\n"
    ) == said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signals_stop_it(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    """SIGINT and SIGTERM end it with 0."""
    running = asyncio.create_task(run(_parse(*LOOPBACK)))
    await _greeting(capsys)
    os.kill(os.getpid(), number)

    assert 0 == await running


async def _greeting(capsys: pytest.CaptureFixture[str]) -> str:
    said = ""
    while "secret" not in said:
        await asyncio.sleep(0)
        said += capsys.readouterr().out
    return said


async def test_a_taken_address_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with 1 and names the address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code = await run(_parse("--web.listen-address", f"127.0.0.1:{port}"))

    assert 1 == code
    assert f"('127.0.0.1', {port})" in capsys.readouterr().err


async def test_a_fault_for_an_unknown_site_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with 2 and says which site."""
    assert 2 == await run(_parse(*LOOPBACK, "--fault", "acne=hang"))
    assert "argument --fault: no site 'acne' among --sites\n" == capsys.readouterr().err


def test_the_defaults() -> None:
    """Three sites of four departments on port 9943 of loopback, in real time."""
    args = _parse()
    simulator = make_simulator(args)

    assert ("127.0.0.1", 9943) == args.listen_address
    assert ["acme", "globex", "initech"] == list(simulator.sites)
    assert {1, 2, 3, 4} == simulator.sites["acme"].desk.department_ids
    assert (9, 0) == simulator.sites["acme"].version


def test_flags_reach_the_sites() -> None:
    """Version, shape and departments are those that were asked."""
    args = _parse(
        *("--sites", "12", "--departments", "2", "--whmcs-version", "8.13.1"),
        *("--shape", "status-list,string-numbers", "--fault", "site-3=hang", "--speed", "60"),
        *("--timezone", "Europe/Berlin"),
    )
    sites = make_simulator(args).sites

    assert [f"site-{number}" for number in range(1, 13)] == list(sites)
    assert {1, 2} == sites["site-1"].desk.department_ids
    assert (8, 13) == sites["site-1"].version
    assert Shape.STATUS_LIST | Shape.STRING_NUMBERS == sites["site-1"].shape
    assert ZoneInfo("Europe/Berlin") == sites["site-1"].listing.timezone
    assert sites["site-3"].fault is not None
    assert sites["site-1"].fault is None


async def test_many_sites_are_not_all_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Ten are, and the rest is counted."""
    stop = asyncio.Event()
    stop.set()
    await run(_parse(*LOOPBACK, "--sites", "5000"), stop)

    assert "  and 4990 more\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--web.listen-address", "9943"], "'9943' is not HOST:PORT"),
        (["--web.listen-address", ":9943"], "':9943' is not HOST:PORT"),
        (["--web.listen-address", "a:70000"], "'a:70000' is not HOST:PORT"),
        (["--sites", "0"], "'0' is neither names"),
        (["--sites", "a,,b"], "'a,,b' is neither names"),
        (["--sites", "a/b"], "'a/b' is neither names"),
        (["--sites", "a,b,a"], "'a,b,a' names a site twice"),
        (["--departments", "0"], "'0' is not a number above 0"),
        (["--departments", "x"], "'x' is not a number above 0"),
        (["--seed", "x"], "invalid int value: 'x'"),
        (["--speed", "fast"], "'fast' is not a speed"),
        (["--speed", "1e999"], "'1e999' is not a speed"),
        (["--speed", "1000001"], "'1000001' is not a speed"),
        (["--whmcs-version", "9"], "'9' is not a version"),
        (["--shape", "round"], "no shape 'round'; there are string-numbers, object-lists, "),
        (["--timezone", "Mars"], "'Mars' is no time zone on this system"),
        (["--timezone", "/etc/passwd"], "'/etc/passwd' is no time zone on this system"),
        (["--fault", "hang"], "'hang' is not SITE=NAME"),
        (["--fault", "acme=hung"], "no fault 'hung'; did you mean"),
    ],
    ids=" ".join,
)
def test_bad_values_are_refused(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each ends with 2 and a message that names the flag and the value."""
    with pytest.raises(SystemExit) as ended:
        _parse(*argv)
    said = capsys.readouterr().err

    assert 2 == ended.value.code
    assert f"argument {argv[0]}: {message}" in said


def test_help_tells_the_credentials(capsys: pytest.CaptureFixture[str]) -> None:
    """The public defaults are documented, and that they protect nothing."""
    with pytest.raises(SystemExit):
        _parse("--help")
    said = capsys.readouterr().out

    assert 'identifier "simulated"' in said
    assert "protect nothing" in said
    assert "Faults: hang, slow, " in said

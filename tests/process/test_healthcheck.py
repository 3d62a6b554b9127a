"""``healthcheck``: what containers run every half minute, against running exporters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exporter import flags
from tests.process.program import ANYWHERE, Launcher, Program, eventually
from tests.process.test_web_config import certificate, users, write
from tests.reserved import reserved
from tests.slow import some_slow
from tests.whmcs.authority import Authority
from tests.whmcs.server import Script, answer, says, says_and_waits, serving

if TYPE_CHECKING:
    from pathlib import Path

HEALTHY = (0, "healthy\n", "")


@pytest.fixture(name="authority")
def make_authority(tmp_path: Path) -> Authority:
    """Return an authority of its own folder."""
    folder = tmp_path / "authority"
    folder.mkdir()
    return Authority(folder)


async def listening(program: Program) -> str:
    """Wait until the program listens and return where."""
    return (await program.said(r"msg=listening address=(\S+)\n"))[1]


async def asked(launcher: Launcher, *addresses: str) -> tuple[int, str, str]:
    """Run the command; return its exit code and what it said."""
    program = launcher.exporter("healthcheck", *(f"--web.listen-address={a}" for a in addresses))
    return await program.ended(), program.stdout, program.stderr


async def hears(launcher: Launcher, expected: tuple[int, str, str], *addresses: str) -> None:
    """Ask until this is found; whoever a busy machine holds up for two seconds is given up."""

    async def look() -> None:
        assert expected == await asked(launcher, *addresses)

    await eventually(look)


@pytest.mark.parametrize("host", ["", "127.0.0.1", "[::1]", "[::]", "localhost"])
async def test_an_exporter_on_any_address(host: str, launcher: Launcher, config_file: str) -> None:
    """Asked as ``serve`` was told, it finds the exporter wherever that listens."""
    program = launcher.exporter(f"--config.file={config_file}", f"--web.listen-address={host}:0")
    await hears(launcher, HEALTHY, await listening(program))


async def test_an_exporter_on_a_unix_socket(
    launcher: Launcher, config_file: str, tmp_path: Path
) -> None:
    """A Unix socket is an address like others, and all that are given are asked."""
    addresses = [f"unix:{tmp_path / name}" for name in ("one", "two")]
    program = launcher.exporter(
        f"--config.file={config_file}", *(f"--web.listen-address={each}" for each in addresses)
    )
    await program.said("msg=listening address=unix:.*two")
    await hears(launcher, HEALTHY, *addresses)
    missing = (1, "unhealthy: [Errno 2] No such file or directory\n", "")
    await hears(launcher, missing, addresses[0], f"unix:{tmp_path / 'three'}")


@pytest.mark.parametrize("login", some_slow({"everybody": False, "users": True}, quick=["users"]))
@pytest.mark.parametrize(
    "keys",
    some_slow(
        {
            "clear": None,
            "tls": (),
            "client certificate": ("client_auth_type: RequireAndVerifyClientCert",),
        },
        quick=["client certificate"],
    ),
)
async def test_an_exporter_that_protects_its_pages(
    keys: tuple[str, ...] | None,
    *,
    login: bool,
    launcher: Launcher,
    config_file: str,
    authority: Authority,
    tmp_path: Path,
) -> None:
    """It is told neither of TLS nor of users, and the exporter does not complain."""
    sections = [users(alice="secret")] if login else []
    if keys is not None:
        client = [f"client_ca_file: {authority.ca_file}"] if keys else []
        sections.append(certificate(authority, *keys, *client))
    program = launcher.exporter(
        f"--config.file={config_file}",
        ANYWHERE,
        f"--web.config.file={write(tmp_path, *sections)}",
    )
    await hears(launcher, HEALTHY, await listening(program))
    program.interrupt()
    assert 0 == await program.ended()
    assert "level=warn" not in program.stderr
    assert "Traceback" not in program.stderr


async def test_nobody_there_is_1(launcher: Launcher) -> None:
    """Where nobody listens it says so."""
    unhealthy = (1, "unhealthy: [Errno 111] Connection refused\n", "")
    with reserved() as address:
        assert unhealthy == await asked(launcher, address)


@pytest.mark.parametrize(
    ("script", "listens", "why"),
    [
        (says(answer(b"a poller is stuck\n", status="503 No")), True, "503 a poller is stuck"),
        (says(answer(status="404 Not Found")), True, '404 {"result": "success"}'),
        (says(b""), True, "Remote end closed connection without response"),
        (says_and_waits(b""), False, "timed out"),
    ],
    ids=["stuck", "something else", "ends", "silent"],
)
async def test_an_unhealthy_answer_is_1(
    script: Script, why: str, *, listens: bool, launcher: Launcher
) -> None:
    """It says what was wrong; whoever keeps silent is given up."""
    async with serving(script, listens=listens) as server:
        address = server.address.removeprefix("http://")
        await hears(launcher, (1, f"unhealthy: {why}\n", ""), address)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), [":9942"]),
        (("exporter", "--config.file=a"), [":9942"]),
        (("exporter", "--web.listen-address=:1", "--web.max-requests=2"), [":1"]),
        (("exporter", "serve", "--web.listen-address", "[::1]:1"), ["[::1]:1"]),
        (("init", "--", "exporter", "--web.listen-address=:1"), [":1"]),
        (
            ("exporter", "--web.listen-address=:1", "--web.listen-address=unix:/a", ""),
            [":1", "unix:/a"],
        ),
    ],
)
def test_addresses_in_a_command_line(words: tuple[str, ...], expected: list[str]) -> None:
    """Without a flag the first process's count, in whatever way they were given there."""
    assert expected == [str(address) for address in flags.addresses_in(words)]

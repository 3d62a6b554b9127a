"""``--web.config.file``: TLS and users of the whole program, and how they change while it runs."""

from __future__ import annotations

import base64
import ssl
from typing import TYPE_CHECKING

import aiohttp
import bcrypt
import pytest

from tests.process.program import ANYWHERE, Launcher, Program, eventually
from tests.whmcs.authority import Authority

if TYPE_CHECKING:
    from pathlib import Path

BAD = "tls_server_config: {cert_file: none}\nbasic_auth_users: {alice: sentinel-password}\n"


def authorization(name: str, password: str) -> dict[str, str]:
    """Return the header of a user."""
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}


def users(*, cost: int = 4, **passwords: str) -> str:
    """Return the section with these users; a cost of 4 takes a millisecond."""
    hashes = {
        name: bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()
        for name, password in passwords.items()
    }
    lines = "".join(f"  {name}: {hashed}\n" for name, hashed in hashes.items())
    return f"basic_auth_users:\n{lines}"


def certificate(authority: Authority, *keys: str) -> str:
    """Return the section with a new certificate, and write that."""
    pair = authority.key_pair("localhost")
    pair.key_file.chmod(0o600)
    lines = (f"cert_file: {pair.cert_file}", f"key_file: {pair.key_file}", *keys)
    return "tls_server_config:\n" + "".join(f"  {line}\n" for line in lines)


def write(folder: Path, *sections: str) -> str:
    """Write a web configuration file and return its path."""
    path = folder / "web.yml"
    new = folder / "web.yml.new"
    new.write_text("".join(sections), encoding="utf-8")
    new.chmod(0o600)
    new.rename(path)
    return str(path)


async def status(
    port: str, user: dict[str, str] | None = None, tls: ssl.SSLContext | None = None
) -> int:
    """Scrape on a new connection and return the status."""
    url = f"{'https' if tls else 'http'}://localhost:{port}/metrics"
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, headers=user or {}, ssl=tls or True) as response,
    ):
        await response.read()
        return response.status


def trusting(authority: Authority) -> ssl.SSLContext:
    """Return a client's context."""
    return ssl.create_default_context(cafile=authority.ca_file)


async def listening(program: Program) -> str:
    """Wait until the program listens and return its port."""
    return (await program.said(r"msg=listening address=\S+:(\d+)\n"))[1]


@pytest.fixture(name="authority")
def make_authority(tmp_path: Path) -> Authority:
    """Return an authority of its own folder."""
    folder = tmp_path / "authority"
    folder.mkdir()
    return Authority(folder)


async def test_tls_and_users_together(
    launcher: Launcher, config_file: str, authority: Authority, tmp_path: Path
) -> None:
    """Over TLS, and with the right password, there are metrics; nothing in the log tells of it."""
    web_file = write(tmp_path, certificate(authority), users(alice="sentinel-password"))
    program = launcher.exporter(
        f"--config.file={config_file}", ANYWHERE, f"--web.config.file={web_file}"
    )
    port, tls = await listening(program), trusting(authority)
    assert 200 == await status(port, authorization("alice", "sentinel-password"), tls)
    assert 401 == await status(port, None, tls)
    assert 401 == await status(port, authorization("alice", "sentinel-wrong"), tls)
    with pytest.raises(aiohttp.ClientError):
        await status(port)
    program.interrupt()
    assert 0 == await program.ended()
    assert "sentinel" not in program.stderr
    assert "Traceback" not in program.stderr
    assert "level=error" not in program.stderr


async def test_users_change_while_it_runs(
    launcher: Launcher, config_file: str, tmp_path: Path
) -> None:
    """A changed file is followed within seconds; a broken one, and one without users, is not."""
    web_file = write(tmp_path, users(alice="a"))
    program = launcher.exporter(
        f"--config.file={config_file}", ANYWHERE, f"--web.config.file={web_file}"
    )
    port = await listening(program)
    alice, bob = authorization("alice", "a"), authorization("bob", "b")
    assert (200, 401) == (await status(port, alice), await status(port, bob))

    write(tmp_path, users(bob="b"))

    async def changed() -> None:
        assert (401, 200) == (await status(port, alice), await status(port, bob))

    await eventually(changed)
    write(tmp_path, "basic_auth_users: {alice: sentinel-password}\n")
    await program.said(
        "web configuration not read again.*web.yml:1:27: `basic_auth_users`: not a bcrypt hash"
    )
    assert 200 == await status(port, bob)
    write(tmp_path, "")
    await program.said("every user is gone from the file")
    assert 401 == await status(port)
    program.interrupt()
    assert 0 == await program.ended()
    assert "sentinel" not in program.stderr


async def test_certificates_change_while_it_runs(
    launcher: Launcher, config_file: str, authority: Authority, tmp_path: Path
) -> None:
    """A renewed certificate is shown to new connections; the file that names it is as it was."""
    program = launcher.exporter(
        f"--config.file={config_file}",
        ANYWHERE,
        f"--web.config.file={write(tmp_path, certificate(authority))}",
    )
    port = await listening(program)
    assert 200 == await status(port, tls=trusting(authority))
    other = Authority(authority.folder)
    certificate(other)

    async def changed() -> None:
        assert 200 == await status(port, tls=trusting(other))

    await eventually(changed)


@pytest.mark.parametrize("arguments", [["serve", ANYWHERE], ["--config.check"], ["check"]])
async def test_a_bad_file_is_2_with_every_problem(
    arguments: list[str], launcher: Launcher, config_file: str, tmp_path: Path
) -> None:
    """Mistakes are named at their places, without what stands there, before anything is done."""
    web_file = write(tmp_path, BAD)
    program = launcher.exporter(
        *arguments, f"--config.file={config_file}", f"--web.config.file={web_file}"
    )
    assert 2 == await program.ended()
    places = [line.split(": ")[0] for line in program.stderr.splitlines()]
    assert [f"{web_file}:1:20", f"{web_file}:1:32", f"{web_file}:2:27"] == places
    assert "sentinel" not in program.stderr


async def test_a_good_file_is_checked_without_network(
    launcher: Launcher, config_file: str, tmp_path: Path
) -> None:
    """Checking takes the web configuration too, and says what it warns of."""
    web_file = write(tmp_path, "tls_server_config: {min_version: TLS13}")
    program = launcher.exporter(
        "check", f"--config.file={config_file}", f"--web.config.file={web_file}"
    )
    assert 0 == await program.ended()
    assert "configuration is good" in program.stdout
    assert "TLS is not served" in program.stderr


async def test_unused_it_costs_nothing(launcher: Launcher, config_file: str) -> None:
    """Without the flag neither bcrypt nor the reader of the file is in memory."""
    program = launcher.exporter(
        f"--config.file={config_file}", ANYWHERE, environment={"PYTHONVERBOSE": "1"}
    )
    await program.said("msg=listening")
    imported = [line for line in program.stderr.splitlines() if line.startswith("import ")]
    assert any("'exporter.web.server'" in line for line in imported)
    unused = ("bcrypt", "exporter.config.web", "exporter.config.ciphers", "exporter.web.users")
    assert [] == [line for line in imported for name in unused if f"'{name}" in line]

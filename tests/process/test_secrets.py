"""Secrets are hunted wherever the exporter leaves a trace, while everything goes wrong."""

from __future__ import annotations

import sys
from base64 import b64encode
from hashlib import md5
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from exporter.simulator.access import Access
from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.faults import FAULTS, Fault
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site
from tests.exposition_check import value
from tests.process import configuration
from tests.process.echoes import ECHOES, NAMES
from tests.process.page import base, get, ready
from tests.process.program import ANYWHERE, Launcher, Program, eventually
from tests.process.simulated import START
from tests.slow import some_slow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MARK = "HUNTED"
PASSWORD = f"{MARK}-password"
BASIC = f"{MARK}-basic"
# What would give a secret away: its text, and the forms in which it is sent.
TRACES = (
    MARK,
    md5(PASSWORD.encode(), usedforsecurity=False).hexdigest(),
    b64encode(f"proxy:{BASIC}".encode()).decode(),
    *(b64encode(f"{lead}{MARK}-".encode()).decode()[4:8] for lead in ("", " ", "  ")),
)
FAULTY = {
    **ECHOES,
    **{name: FAULTS[name] for name in ("bad-credentials", "hang", "reset", "html", "deep")},
}
# By which credential a site is polled.
FORMS = ("api", "legacy")
PAGES = ("/metrics", "/", "/api/v1/sites", "/-/ready", "/-/healthy", "/nowhere")


def sites(simulator: Simulator, api: str = "acme", legacy: str = "globex") -> list[dict[str, Any]]:
    """Configure a site by API credential and one by the legacy login, both with basic auth.

    All of their secrets are right.
    """
    simulator.sites[api].access = Access(identifier=f"{MARK}-identifier", secret=f"{MARK}-secret")
    simulator.sites[legacy].access = Access(username="admin", password=PASSWORD)
    basic_auth = {"username": "proxy", "password": BASIC}
    credential = {key: f"{MARK}-{key}" for key in ("identifier", "secret", "access_key")}
    login = {"username": "admin", "password": PASSWORD, "access_key": f"{MARK}-access_key"}
    return [
        configuration.site(simulator.url(name), name=name, basic_auth=basic_auth, **keys)
        for name, keys in ((api, credential), (legacy, login))
    ]


def faulty(faults: Mapping[str, Fault]) -> Simulator:
    """Simulate two sites for each fault."""
    names = [(form, name) for name in faults for form in FORMS]
    return Simulator(
        (
            Site(
                desk=HelpDesk(f"{form}-{name}", seed=7, start=START, departments=2),
                fault=faults[name],
            )
            for form, name in names
        ),
        FastClock(0, START),
    )


def faulty_sites(simulator: Simulator, faults: Iterable[str]) -> list[dict[str, Any]]:
    """Configure the two sites of each fault."""
    return [
        site for name in faults for site in sites(simulator, *(f"{form}-{name}" for form in FORMS))
    ]


@pytest.fixture
def config_file(simulator: Simulator, tmp_path: Path) -> str:
    """Configure every kind of secret, all of them right."""
    return configuration.write(tmp_path / "config.yml", *sites(simulator))


def hunt(text: str) -> None:
    """Refuse a text with a secret in it."""
    found = [trace for trace in TRACES if trace.lower() in text.lower()]
    assert [] == found, text


async def _hunt_everywhere(program: Program) -> None:
    url = await base(program)
    for path in PAGES:
        hunt((await get(url + path)).text)
    hunt((await get(f"{url}/metrics", accept="application/openmetrics-text")).text)
    hunt(program.command_line)
    program.interrupt()
    assert 0 == await program.ended()
    hunt(program.stdout + program.stderr)


def _run(launcher: Launcher, config_file: str) -> Program:
    return launcher.exporter(f"--config.file={config_file}", ANYWHERE, "--log.level=debug")


async def test_secrets_that_are_right_are_nowhere(launcher: Launcher, config_file: str) -> None:
    """While all is well no secret is seen; and all is well, so the secrets were sent."""
    program = _run(launcher, config_file)
    url = await ready(program)

    async def all_is_well() -> None:
        text = (await get(f"{url}/metrics")).text
        for name in ("acme", "globex"):
            assert 1.0 == value(text, "whmcs_source_success", site=name, source="departments")

    await eventually(all_is_well)
    await _hunt_everywhere(program)


async def test_secrets_are_nowhere_while_whmcs_fails(launcher: Launcher, tmp_path: Path) -> None:
    """Refused, repeated, left hanging or answered with rubbish, each at a site: no secret shows."""
    async with faulty(FAULTY) as simulator:
        configured = faulty_sites(simulator, FAULTY)
        path = configuration.write(tmp_path / "config.yml", *configured)
        program = _run(launcher, path)
        url = await ready(program)

        async def all_have_failed() -> None:
            text = (await get(f"{url}/metrics")).text
            ups = {site["name"]: value(text, "whmcs_up", site=site["name"]) for site in configured}
            assert dict.fromkeys(ups, 0.0) == ups

        await eventually(all_have_failed)
        await _hunt_everywhere(program)


async def test_secrets_that_are_names_are_nowhere(
    launcher: Launcher, simulator: Simulator, config_file: str
) -> None:
    """A status or a department that is called by a secret is published without it."""
    for site in simulator.sites.values():
        site.fault = NAMES
    program = _run(launcher, config_file)
    url = await ready(program)

    async def is_published() -> None:
        text = (await get(f"{url}/metrics")).text
        for name in simulator.sites:
            assert 1.0 == value(text, "whmcs_source_success", site=name, source="departments")
        assert 'status="***"' in text
        assert 'department="***"' in text

    await eventually(is_published)
    await _hunt_everywhere(program)


async def test_secrets_are_nowhere_when_a_bug_ends_the_process(
    launcher: Launcher, config_file: str
) -> None:
    """The traceback of a process that died tells where, not with what."""
    script = str(Path(__file__).with_name("broken.py"))
    program = launcher.start(
        sys.executable, script, f"--config.file={config_file}", ANYWHERE, "--log.level=debug"
    )
    assert 1 == await program.ended()
    assert "RuntimeError: a bug at" in program.stderr
    hunt(program.stdout + program.stderr)


WRONG = {
    "list": "{name: a, url: 'https://a', identifier: [HUNTED], secret: [HUNTED]}",
    "mapping": "{name: a, url: 'https://a', identifier: {HUNTED: HUNTED}, secret: {a: HUNTED}}",
    "key": "{name: a, url: 'https://a', identifier: a, secret: b, HUNTED: HUNTED}",
    "equal keys": "{name: a, url: 'https://a', identifier: HUNTED, identifier: HUNTED2}",
    "two forms": "{name: a, url: 'https://a', identifier: HUNTED, identifier_env: A, secret: b}",
    "two logins": "{name: a, url: 'https://a', identifier: HUNTED, password: HUNTED, username: a}",
    "half a login": "{name: a, url: 'https://a', secret: HUNTED, access_key: HUNTED}",
    "variable": "{name: a, url: 'https://a', identifier: a, secret_env: HUNTED-secret}",
    "unset variable": "{name: a, url: 'https://a', identifier: a, secret_env: HUNTED}",
    "file": "{name: a, url: 'https://a', identifier: a, secret_file: HUNTED}",
    "interval": "{name: a, url: 'https://a', identifier: a, secret: b, interval: HUNTED}",
    "source": "{name: a, url: 'https://a', identifier: a, secret: b, sources: [HUNTED]}",
    "certificate": (
        "{name: a, url: 'https://a', identifier: a, secret: b, tls_config: {ca_file: HUNTED}}"
    ),
    "basic_auth": "{name: a, url: 'https://a', identifier: a, secret: b, basic_auth: HUNTED}",
    "no basic_auth name": (
        "{name: a, url: 'https://a', identifier: a, secret: b, basic_auth: {password: HUNTED}}"
    ),
    "URL": "{name: a, url: 'https://admin:HUNTED@a', identifier: a, secret: b}",
    "query": "{name: a, url: 'https://a/?secret=HUNTED', identifier: a, secret: b}",
    "proxy": (
        "{name: a, url: 'https://a', identifier: a, secret: b, proxy_url: 'http://a:HUNTED@b:1'}"
    ),
    "open quote": "{name: a, url: 'https://a', identifier: a, secret: 'HUNTED}",
    "second colon": "{name: a, secret: HUNTED: HUNTED}",
    "tag": "{name: a, url: 'https://a', identifier: !HUNTED HUNTED, secret: !!binary HUNTED}",
    "alias": "{name: a, url: 'https://a', identifier: a, secret: *HUNTED}",
    "control character": "{name: a, url: 'https://a', identifier: a, secret: HUNTED\x07}",
    "number": "{name: a, url: 'https://a', identifier: a, secret: 0xHUNTED, interval: 1}",
}


@pytest.mark.parametrize("site", some_slow(WRONG, quick=("mapping", "key", "open quote")))
async def test_secrets_are_nowhere_when_the_configuration_is_wrong(
    site: str, launcher: Launcher, tmp_path: Path
) -> None:
    """What is wrong is named by its place, never quoted where it may be a secret."""
    path = tmp_path / "wrong.yml"
    write(path, site)
    program = launcher.exporter(f"--config.file={path}", ANYWHERE, "--log.level=debug")
    assert 2 == await program.ended()
    assert "wrong.yml:" in program.stderr
    hunt(program.stdout + program.stderr)


async def test_secrets_are_nowhere_when_a_reload_is_refused(
    launcher: Launcher, config_file: str
) -> None:
    """Neither the response nor the log quotes a configuration that is refused at a reload."""
    path = Path(config_file)
    program = launcher.exporter(f"--config.file={path}", ANYWHERE, "--web.enable-lifecycle")
    url = await ready(program)
    for site in WRONG.values():
        write(path, site)
        status, body = await post(f"{url}/-/reload")
        assert 500 == status
        assert "config.yml:" in body
        hunt(body)
    program.interrupt()
    assert 0 == await program.ended()
    assert len(WRONG) == program.stderr.count("configuration not reloaded")
    hunt(program.stdout + program.stderr)


def write(path: Path, site: str) -> None:
    """Write a configuration of one site."""
    path.write_text(f"sites:\n  - {site}\n", encoding="utf-8")


async def post(url: str) -> tuple[int, str]:
    """Post nothing to a page."""
    async with aiohttp.ClientSession() as session, session.post(url) as response:
        return response.status, await response.text()

"""``doctor`` as users run it: exit codes, choice of sites, JSON, terminals, and no secret."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from exporter.simulator.faults import FAULTS
from tests.process import configuration
from tests.process.configuration import UNHURRIED
from tests.process.echoes import ECHOES
from tests.process.terminal import shown
from tests.process.test_secrets import MARK, faulty, faulty_sites, hunt, sites

if TYPE_CHECKING:
    from exporter.simulator.server import Simulator
    from tests.process.program import Launcher


@pytest.fixture
def config_file(simulator: Simulator, tmp_path: Path) -> str:
    """Configure the one site, with time enough on a busy machine."""
    site = configuration.site(simulator.url("acme"), **UNHURRIED)
    return configuration.write(tmp_path / "config.yml", site)


@pytest.fixture
def two(simulator: Simulator, tmp_path: Path) -> str:
    """Configure two sites, the second of which rejects the credential."""
    # A denied address would stop the requests to the first one, too: both are on one host.
    simulator.fault("globex", "bad-credentials")
    configured = [
        configuration.site(simulator.url(name), name=name, **UNHURRIED)
        for name in ("acme", "globex")
    ]
    return configuration.write(tmp_path / "two.yml", *configured)


async def test_good_sites_are_0(launcher: Launcher, config_file: str) -> None:
    """When all is well the exit code says so, and standard error is empty."""
    program = launcher.exporter("doctor", f"--config.file={config_file}")
    assert 0 == await program.ended()
    assert program.stdout.endswith("\n1 site is good\n")
    assert "" == program.stderr


async def test_failed_site_is_3(launcher: Launcher, two: str) -> None:
    """A site that fails is 3, as for ``collect``; where nobody watches nothing is counted."""
    program = launcher.exporter("doctor", f"--config.file={two}")
    assert 3 == await program.ended()
    assert re.findall(r"^\w+(?=  http)", program.stdout, re.MULTILINE) == ["acme", "globex"]
    assert "`identifier` (from configuration) and `secret`" in program.stdout
    assert program.stdout.endswith("\n1 of 2 sites failed: globex (auth)\n")
    assert "" == program.stderr


async def test_one_site(launcher: Launcher, simulator: Simulator, two: str) -> None:
    """``--site`` leaves the others alone."""
    program = launcher.exporter("doctor", f"--config.file={two}", "--site=acme")
    assert 0 == await program.ended()
    assert {"acme"} == {site for site, _ in simulator.calls}


async def test_unknown_site_is_2(launcher: Launcher, two: str) -> None:
    """A site that is not configured is a mistake, and what may be meant is said."""
    arguments = (f"--config.file={two}", "--site=globx", "--site=x")
    program = launcher.exporter("doctor", *arguments)
    assert 2 == await program.ended()
    assert (
        "--site: no site 'globx' is configured; did you mean 'globex'?\n"
        "--site: no site 'x' is configured; there are 2, 'acme' is one\n"
    ) == program.stderr


async def test_no_configuration_is_2(launcher: Launcher) -> None:
    """Without a configuration there is nobody to look into."""
    program = launcher.exporter("doctor")
    assert 2 == await program.ended()
    assert "neither --config.file nor WHMCS_URL is given; give one of them\n" == program.stderr


async def test_site_of_the_environment(launcher: Launcher, simulator: Simulator) -> None:
    """A container has no file, and is looked into from its environment."""
    environment = {
        "WHMCS_URL": simulator.url("acme"),
        "WHMCS_IDENTIFIER": "simulated",
        "WHMCS_SECRET": "wrong",
    }
    program = launcher.exporter("doctor", environment=environment)
    assert 3 == await program.ended()
    assert "WHMCS knows no API credential with this identifier and secret" in program.stdout


async def test_json(launcher: Launcher, two: str) -> None:
    """Programs read JSON, with the exit code of the text."""
    program = launcher.exporter("doctor", f"--config.file={two}", "--format=json")
    assert 3 == await program.ended()
    found = {each["site"]: each["failed"] for each in json.loads(program.stdout)["sites"]}
    assert {"acme": False, "globex": True} == found


async def test_colours_and_progress_on_a_terminal(two: str) -> None:
    """A terminal gets colours, and a count that is wiped out at the end."""
    text = await shown("doctor", f"--config.file={two}")
    assert "\x1b[32mok" in text
    assert "\x1b[31mFAIL" in text
    wipe = "\r\x1b[K"
    assert text.startswith(f"{wipe}1 of 2 sites\r{wipe}2 of 2 sites\r{wipe}\racme  http")


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
async def test_no_colours(environment: dict[str, str], two: str) -> None:
    """Whoever wants no colours gets none."""
    text = await shown("doctor", f"--config.file={two}", environment=environment)
    assert "ok    GetTicketCounts" in text
    assert not re.search(r"\x1b\[\d+m", text)


async def test_one_site_has_no_progress(config_file: str) -> None:
    """One site is over before anybody wonders."""
    text = await shown("doctor", f"--config.file={config_file}")
    assert "\r\x1b[K" not in text


FAULTY = {**ECHOES, **{name: FAULTS[name] for name in ("bad-credentials", "redirect", "html")}}


@pytest.mark.parametrize("form", ["text", "json"])
async def test_secrets_are_nowhere(
    form: str, launcher: Launcher, simulator: Simulator, tmp_path: Path
) -> None:
    """Whatever WHMCS answers, each at a site, no secret is told, in either form."""
    async with faulty(FAULTY) as failing:
        configured = [*_refused(sites(simulator)), *faulty_sites(failing, FAULTY)]
        path = configuration.write(tmp_path / "config.yml", *configured)
        arguments = ("--log.level=debug", f"--format={form}")
        program = launcher.exporter("doctor", f"--config.file={path}", *arguments)
        assert 3 == await program.ended(60)
    for site in configured:
        assert site["name"] in program.stdout
    hunt(program.stdout + program.stderr)


def _refused(configured: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add a site whose credentials are all refused, those of departments too."""
    secrets = {key: f"{MARK}-wrong-{key}" for key in ("identifier", "secret")}
    departments = {"by": "credentials", "credentials": [{"name": "Sales", **secrets}]}
    wrong = configured[0] | UNHURRIED | secrets | {"name": "wrong", "departments": departments}
    return [*configured, wrong]


async def test_secrets_are_nowhere_when_a_bug_ends_it(
    launcher: Launcher, simulator: Simulator, tmp_path: Path
) -> None:
    """The traceback of a bug tells where, not with what."""
    script = str(Path(__file__).with_name("broken.py"))
    path = configuration.write(tmp_path / "config.yml", *sites(simulator))
    program = launcher.start(sys.executable, script, "doctor", f"--config.file={path}")
    assert 1 == await program.ended()
    assert "RuntimeError: a bug at" in program.stderr
    hunt(program.stdout + program.stderr)

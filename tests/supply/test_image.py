"""The image holds what is locked, and what runs in it may do little."""

from __future__ import annotations

import re

from tests.supply.locks import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
*_, LAST = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)
INSTALLS = re.findall(r"pip .*?\binstall (.*?)(?=&&|$)", DOCKERFILE, re.MULTILINE)


def test_installs_take_what_is_locked() -> None:
    """Each install checks hashes and runs no code of packages, or takes the wheel just built."""
    assert 3 == len(INSTALLS)
    *locked, own = (set(install.split()) for install in INSTALLS)
    for install, name in zip(locked, ("build", "runtime"), strict=True):
        lock = f"requirements/{name}.txt"
        assert {"--require-hashes", "--only-binary=:all:", "--requirement", lock} == install
    assert {"--no-index", "--no-deps", "dist/*.whl"} == own


def test_image_runs_as_nobody() -> None:
    """The last stage sets an unprivileged user by number, which Kubernetes can check."""
    assert ["65532:65532"] == re.findall(r"^USER (.*)$", LAST, re.MULTILINE)


def test_nothing_is_installed_into_the_image() -> None:
    """The last stage fetches nothing; it only takes pip away, and compiles what is there."""
    (run,) = re.findall(r"^(?:RUN|ADD) (.*)$", LAST, re.MULTILINE)
    pip, compiled = (command.strip() for command in run.split("&&"))
    assert "pip uninstall --yes --root-user-action=ignore pip" == pip
    assert re.fullmatch(r'/opt/exporter/bin/python -c "import [\w., ]+"', compiled)


def test_no_shell_is_needed() -> None:
    """What is run in the container is run by itself."""
    commands = re.findall(r"^(?:ENTRYPOINT|HEALTHCHECK .*CMD|CMD) (.*)$", LAST, re.MULTILINE)
    assert ['["whmcs-exporter", "healthcheck"]', '["whmcs-exporter"]'] == commands

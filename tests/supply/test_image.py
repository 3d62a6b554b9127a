"""The image holds what is locked, and what runs in it may do little."""

from __future__ import annotations

import re

from tests.supply.locks import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
INSTALLS = re.findall(r"pip .*?install (.*?)(?=&&|$)", DOCKERFILE, re.MULTILINE)


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
    *_, last = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)
    assert ["65532:65532"] == re.findall(r"^USER (.*)$", last, re.MULTILINE)
    assert [] == re.findall(r"^(?:RUN|ADD) .*$", last, re.MULTILINE)

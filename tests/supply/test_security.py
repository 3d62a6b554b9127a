"""SECURITY.md names what there is."""

from __future__ import annotations

import re

from tests.supply.locks import ROOT

TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def test_paths_exist() -> None:
    """Every file and folder of the project that it points at is there."""
    paths = re.findall(r"`((?:tests|deploy|requirements)/[\w./-]*)`", TEXT)
    assert 20 < len(paths)
    assert [] == [path for path in paths if not (ROOT / path).exists()]


def test_targets_exist() -> None:
    """Every target of make that it names is there."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"`make ([a-z]+)`", TEXT)
    assert {"audit", "sbom"} == set(targets)
    assert [] == [name for name in targets if not re.search(f"^{name}:", makefile, re.MULTILINE)]

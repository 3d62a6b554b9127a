"""Secret files that change while the exporter runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from exporter.simulator.access import Access
from tests.exposition_check import family, value
from tests.process import configuration
from tests.process.page import metrics, ready
from tests.process.program import ANYWHERE, Launcher, eventually
from tests.slow import some_slow

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from exporter.simulator.server import Simulator
    from exporter.simulator.site import Site


def _rewritten(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _renamed(path: Path, text: str) -> None:
    """As most editors, and Docker's and systemd's tools do."""
    new = path.with_name("new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def _linked(path: Path, text: str) -> None:
    """As Kubernetes does: a link that leads to another file from now on."""
    target, link = path.with_name("target"), path.with_name("link")
    target.write_text(text, encoding="utf-8")
    link.symlink_to(target)
    link.replace(path)


def _unnoticed(path: Path, text: str) -> None:
    """With the time, the size and the place of the old one: only reading tells."""
    before = path.stat()
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)


ROTATIONS = {
    "rewritten": _rewritten,
    "renamed": _renamed,
    "linked": _linked,
    "unnoticed": _unnoticed,
}


def _removed(path: Path) -> None:
    path.unlink()


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    """Write a secret into a file."""
    path = tmp_path / "secret"
    path.write_text("first\n", encoding="utf-8")
    return path


@pytest.fixture
def config_file(simulator: Simulator, tmp_path: Path, secret_file: Path) -> str:
    """Configure a site whose secret is in that file."""
    site = configuration.site(simulator.url("acme"), secret_file=str(secret_file))
    del site["secret"]
    return configuration.write(tmp_path / "config.yml", site)


async def _successes_after(url: str, moment: float) -> None:
    async def look() -> None:
        text = await metrics(url)
        for source in ("ticket_counts", "departments"):
            labels = {"site": "acme", "source": source}
            last = value(text, "whmcs_source_last_success_timestamp_seconds", **labels)
            assert last is not None
            assert moment < last
            assert 1.0 == value(text, "whmcs_source_success", **labels)

    await eventually(look)


async def _last_success(url: str) -> float:
    """Wait until there was one and return when the last one was."""
    labels = {"site": "acme", "source": "ticket_counts"}

    async def look() -> float:
        last = value(await metrics(url), "whmcs_source_last_success_timestamp_seconds", **labels)
        assert last is not None
        return last

    return await eventually(look)


@pytest.mark.parametrize("rotate", some_slow(ROTATIONS, quick=["linked"]))
async def test_rotated_secret_is_used(
    rotate: Callable[[Path, str], None],
    launcher: Launcher,
    site: Site,
    config_file: str,
    secret_file: Path,
) -> None:
    """However a secret is replaced, the next polls have the new one, without minutes of waiting."""
    site.access = Access(secret="first")  # noqa: S106 - the simulator's
    url = await ready(launcher.exporter(f"--config.file={config_file}", ANYWHERE))
    before = await _last_success(url)
    site.access = Access(secret="other")  # noqa: S106 - the simulator's
    rotate(secret_file, "other\n")
    await _successes_after(url, before)
    text = await metrics(url)
    # At most a call per source was under way with the old one, or tried it for the last time.
    assert (value(text, "whmcs_api_failures_total", site="acme", reason="auth") or 0) <= 2


async def test_new_secret_ends_the_wait_after_a_refusal(
    launcher: Launcher, site: Site, config_file: str, secret_file: Path
) -> None:
    """A refused secret is not tried again for minutes, but a new one is at once."""
    url = await ready(launcher.exporter(f"--config.file={config_file}", ANYWHERE))

    async def refused() -> str:
        text = await metrics(url)
        assert 1.0 == value(text, "whmcs_api_failures_total", site="acme", reason="auth")
        return text

    text = await eventually(refused)
    # On a busy machine calls may have timed out before.
    late = value(text, "whmcs_api_failures_total", site="acme", reason="timeout") or 0
    assert 1 + late == sum(family(text, "whmcs_api_requests_total").values())
    site.access = Access(secret="right")  # noqa: S106 - the simulator's
    _rewritten(secret_file, "right\n")
    await _successes_after(url, 0)


async def test_secret_file_that_vanishes_changes_nothing(
    launcher: Launcher, site: Site, config_file: str, secret_file: Path
) -> None:
    """The last value stays in use while the file is not there."""
    site.access = Access(secret="first")  # noqa: S106 - the simulator's
    url = await ready(launcher.exporter(f"--config.file={config_file}", ANYWHERE))
    _removed(secret_file)
    await _successes_after(url, await _last_success(url))

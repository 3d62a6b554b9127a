"""What is included in the configuration and not there in WHMCS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from exporter import config
from exporter.doctor.calls import Call
from exporter.doctor.selections import missing
from exporter.whmcs.decode import StatusCount, SupportDepartment, TicketCounts
from tests.process import configuration

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNTS = TicketCounts(
    active=1,
    awaiting_reply=1,
    flagged=0,
    statuses=(StatusCount("Open", 1), StatusCount("", 0)),
    department_ids=None,
)


@pytest.fixture
def site(tmp_path: Path) -> config.Site:
    """Configure a site that includes a department and two statuses, the first untitled."""
    keys = {"departments": {"include": [99]}, "statuses": {"include": ["(untitled)", "open"]}}
    written = configuration.write(
        tmp_path / "whmcs.yml", configuration.site("https://a.example", **keys)
    )
    return config.load(Path(written), {}).sites[0]


def found(site: config.Site, *values: object) -> Sequence[tuple[str, str]]:
    """Return what is missing after calls that returned these values."""
    calls = [Call(action="any", credential=site.credential, value=value) for value in values]
    return list(missing(site, calls))


def test_calls_that_tell_nothing(site: config.Site) -> None:
    """Nothing is said to be missing when no call has told what there is, as when all failed."""
    assert not found(site, None, (), "9.0.0")


@pytest.mark.parametrize("counts", [COUNTS, (1, COUNTS), COUNTS.statuses])
def test_statuses_of_each_action(site: config.Site, counts: object) -> None:
    """Whichever action tells the statuses, they are compared as `/metrics` shows them."""
    assert [("statuses.include", "no open; there are Open, (untitled)")] == found(site, counts)


def test_a_title_that_may_be_a_secret_is_not_shown(tmp_path: Path) -> None:
    """A title that resembles none of WHMCS's may be a secret in the wrong place."""
    keys = {"statuses": {"include": ["Hunter2Hunter2Ab", "opened"]}}
    path = tmp_path / "whmcs.yml"
    written = configuration.write(path, configuration.site("https://a.example", **keys))
    ((_, detail),) = found(config.load(Path(written), {}).sites[0], COUNTS)
    assert "no (not shown: unlike any title), opened; there are Open, (untitled)" == detail


def test_many_departments(site: config.Site) -> None:
    """A long list is cut."""
    rows = (SupportDepartment(id=i, name="D", awaiting_reply=0, open=0) for i in range(1, 26))
    ((key, detail),) = found(site, tuple(rows))
    assert key == "departments.include"
    assert detail.startswith("no 99; there are 1 (D), 2 (D),")
    assert detail.endswith(", 20 (D) and 5 more")

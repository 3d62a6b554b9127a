"""The boards as they are seen: drawn by Grafana's own components, read from the page."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest

from tests.grafana import boards
from tests.grafana.choices import CHOICES, FLEET, SITE
from tests.grafana.conftest import PLAN
from tests.grafana.drawing import PAGE, Window, shown, text
from tests.grafana.pictures import FOLDER, PICTURES
from tests.history.scenes import DEAD_SITE, END
from tests.tools import lacking, tool

if TYPE_CHECKING:
    from pathlib import Path

    from tests.grafana.interpolation import Choice
    from tests.history.backfill import History
    from tests.history.prometheus import HistoryPrometheus

LIMIT = 150 * 1024
_PNG = b"\x89PNG\r\n"


@pytest.fixture(name="viewer")
def need_viewer() -> None:
    """Need the page that draws."""
    if not PAGE.exists():
        lacking("the viewer is not built: make viewer, where npm is")


@pytest.mark.parametrize("title", PICTURES)
def test_pictures_are_small_and_shown(title: str) -> None:
    """Each is on the page about the boards."""
    picture = FOLDER / f"{title}.png"
    assert picture.read_bytes().startswith(_PNG)
    assert picture.stat().st_size <= LIMIT
    page = (boards.GRAFANA / "README.md").read_text(encoding="utf-8")
    assert f"(../docs/pictures/{title}.png)" in page


def test_no_picture_is_left_over() -> None:
    """Whatever lies there is drawn from a board, but for the landing page."""
    assert {*PICTURES, "landing"} == {path.stem for path in FOLDER.iterdir()}


def seen(
    prometheus: HistoryPrometheus, uid: str, choice: dict[str, Choice], folder: Path
) -> list[str]:
    """Return the texts of a drawn board, in their order."""
    page = text(shown(prometheus, uid, choice, PLAN.step), Window(), folder / "profile")
    body = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    return [unescape(each).strip() for each in re.split(r"<[^>]*>", body) if each.strip()]


# PromQL of both versions is tested elsewhere; Grafana's components draw what they get.
drawn = pytest.mark.parametrize("prometheus", [tool], indirect=True, ids=["prometheus"])


def assert_every_panel_is_drawn(uid: str, texts: list[str]) -> None:
    """None is so wrong that Grafana's components end with an error, which takes the page along."""
    assert {panel["title"] for panel in boards.BOARDS[uid]["panels"]} <= set(texts)


@drawn
@pytest.mark.usefixtures("viewer")
@pytest.mark.parametrize("uid", sorted(CHOICES.keys() - {"whmcs-fleet"}))
def test_every_panel_is_drawn(uid: str, prometheus: HistoryPrometheus, tmp_path: Path) -> None:
    """The fleet's are drawn in the next test."""
    texts = seen(prometheus, uid, next(iter(CHOICES[uid].values())), tmp_path)
    assert_every_panel_is_drawn(uid, texts)


@drawn
@pytest.mark.usefixtures("viewer")
def test_the_fleet_reads_as_it_is_meant(
    prometheus: HistoryPrometheus, history: History, tmp_path: Path
) -> None:
    """Thousands of tickets in full, and the site without numbers first in the table."""
    texts = seen(prometheus, "whmcs-fleet", FLEET, tmp_path)
    assert_every_panel_is_drawn("whmcs-fleet", texts)
    active = sum(moment.active for moment in history.at(END).values())
    assert active > 1000
    assert f"{active:,}" in texts
    row = texts[texts.index("vs. last week") + 1 :]
    assert [DEAD_SITE, "failing"] == row[:2]
    assert ["no data"] * 5 == row[3:8]


@drawn
@pytest.mark.usefixtures("viewer")
def test_a_dead_sites_board_reads_no_data(prometheus: HistoryPrometheus, tmp_path: Path) -> None:
    """In five large numbers and two tables."""
    texts = seen(prometheus, "whmcs-site", SITE | {"site": DEAD_SITE}, tmp_path)
    assert "failing" in texts
    assert texts.count("no data") == 7

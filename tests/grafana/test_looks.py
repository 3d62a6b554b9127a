"""What a number means decides how it is shown: one table each for units, thresholds and colours.

A new panel follows these rules, or adds what it means to the table.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from exporter.config.model import DEFAULT_INTERVAL, default_stale_after
from tests.grafana import boards
from tests.grafana.boards import BOARDS
from tests.grafana.looks import Look, Steps, looks
from tests.rules.rules import alerts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.grafana.boards import JSON

# The first pattern that an expression contains decides the unit of its values.
UNITS = (
    (r"_bytes\b", "bytes"),
    (r"/ 86400$", "suffix:d"),
    (r"^clamp_max\(.* / max by \(site, source\) \(whmcs_source_interval_seconds", "suffix:x"),
    (r" - 1$|^1 - |process_cpu_seconds_total", "percentunit"),
    (r"time\(\) - |_duration_seconds|_age_seconds_bucket", "s"),
    (r"", "locale"),
)
# Of what is shown as a number; a chart has as many as fit.
DECIMALS: Mapping[str, int] = {"s": 1, "locale": 0, "percentunit": 0}

OLD: Steps = ((None, "green"), (300, "orange"), (900, "red"))
NONE_IS_GOOD: Steps = ((None, "green"), (1, "red"))
MORE_THAN_LAST_WEEK: Steps = ((None, "green"), (0.25, "orange"), (0.5, "red"))
THRESHOLDS: Mapping[str, Steps] = {
    "Oldest data": OLD,
    "Data age": OLD,
    "Sites: Data age": OLD,
    "Exporters: B": NONE_IS_GOOD,
    "Sites failing": NONE_IS_GOOD,
    "Sites not reporting": NONE_IS_GOOD,
    "Active vs. last week": MORE_THAN_LAST_WEEK,
    "Sites: vs. last week": MORE_THAN_LAST_WEEK,
    "Active, 24 h change": ((None, "green"), (1, "orange"), (20, "red")),
    "Age of the data, in intervals": ((None, "green"), (3, "orange"), (5, "red")),
    "Attention by department, last 4 h: Decreases": ((None, "red"), (1, "green")),
}
STATES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "Poll": {"1": ("ok", "green"), "0": ("failing", "red")},
    # Green in each row of a table would be loud.
    "Sites: Poll": {"1": ("ok", "transparent"), "0": ("failing", "red")},
    "Last reload": {"1": ("ok", "green"), "0": ("refused", "red")},
    "Success by source": {"1": ("succeeds", "green"), "0": ("fails", "red")},
    "Firing alerts: Severity": {
        "critical": ("critical", "red"),
        "warning": ("warning", "orange"),
    },
}
MISSING: Mapping[str, str] = {"Attention by department, last 4 h: Decreases": "was empty"}
# What is wrong is seen from afar: the whole panel, or cell, has the colour.
ON_THE_BACKGROUND = {
    *("Poll", "Last reload", "Sites failing", "Sites not reporting"),
    *("Sites: Poll", "Department and status: Value"),
}
BLUE, PLAIN = ({"mode": "fixed", "fixedColor": color} for color in ("blue", "text"))
DARKER = {"mode": "continuous-blues"}
COLOURS: Mapping[str, JSON] = {
    "Awaiting reply": BLUE,
    "Departments with most tickets awaiting reply": BLUE,
    # What a line is compared with.
    "Awaiting reply against usual: B": PLAIN,
    "Active tickets against last week: B": PLAIN,
    "Department and status: Value": DARKER,
    "Department and status: Department": DARKER,
}
_STATE = re.compile(
    r"^(?:max|min)(?: by \([a-z, ]+\))? ?\("
    r"(?:whmcs_up|whmcs_source_success|whmcs_exporter_config_last_reload_successful)\{"
)
LOOKS = [look for board in BOARDS.values() for look in looks(board)]


def unit(expression: str) -> str:
    """Return the unit of an expression's values."""
    return next(unit for pattern, unit in UNITS if re.search(pattern, expression))


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
class TestLook:
    """What holds for each query and each column of a table."""

    def test_the_unit_is_that_of_the_expression(self, look: Look) -> None:
        """Seconds, bytes, days, shares; everything else is a count."""
        if look.expression:
            assert unit(look.expression) == look.fields["unit"]

    def test_decimals_are_those_of_the_unit(self, look: Look) -> None:
        """Counts and shares are whole; a chart has no number of decimals of its own."""
        expected = DECIMALS[look.fields["unit"]] if look.kind in {"stat", "table"} else None
        assert expected == look.fields.get("decimals")

    def test_thresholds_are_those_of_the_meaning(self, look: Look) -> None:
        """Nothing but what is in the table changes its colour."""
        assert THRESHOLDS.get(look.name) == look.steps
        assert "absolute" == look.fields.get("thresholds", {"mode": "absolute"})["mode"]

    def test_states_are_a_text_with_a_colour(self, look: Look) -> None:
        """Good is green, bad is red, and no state is shown as a number."""
        assert STATES.get(look.name, {}) == look.states
        assert not _STATE.search(look.expression) or look.states

    def test_a_missing_number_is_text_without_a_colour(self, look: Look) -> None:
        """It would be empty, or in the colour of a zero."""
        if look.kind in {"stat", "table"} and look.expression:
            expected = (MISSING.get(look.name, "no data"), "text")
            assert {"null+nan": expected, "empty": expected} == look.missing

    def test_the_colour_is_that_of_the_meaning(self, look: Look) -> None:
        """Blue is what awaits a reply, and a comparison has the colour of text."""
        assert COLOURS.get(look.name) == look.fields.get("color")

    def test_a_comparison_is_dashed(self, look: Look) -> None:
        """Its colour alone would not distinguish it."""
        dashed = look.fields.get("custom.lineStyle", {}).get("fill") == "dash"
        assert dashed is (COLOURS.get(look.name) == PLAIN)

    def test_a_cell_with_colours_shows_them(self, look: Look) -> None:
        """A threshold or a state would be lost in a cell of Grafana's default."""
        background = look.name in ON_THE_BACKGROUND
        if look.kind == "table" and (look.steps or look.states or background):
            place = "background" if background else "text"
            assert f"color-{place}" == look.fields["custom.cellOptions"]["type"]

    def test_an_axis_begins_at_zero(self, look: Look) -> None:
        """A line far above zero would look like a rise; a share of a whole ends at 100 %."""
        if look.kind == "timeseries":
            whole = look.name.startswith("Share that waits longer")
            assert (0, 1 if whole else None) == (look.fields["min"], look.fields.get("max"))
            # An axis of small shares alone would end at 10,000 %.
            small = look.fields["unit"] == "percentunit" and not whole
            assert (0.05 if small else None) == look.fields.get("custom.axisSoftMax")
        if look.kind == "bargauge":
            assert 0 == look.fields["min"]

    def test_a_line_ends_with_its_data(self, look: Look) -> None:
        """Joined over a gap it would hide that a site stopped reporting."""
        if look.kind == "timeseries":
            assert look.fields["custom.spanNulls"] is False

    def test_thresholds_of_a_chart_are_lines(self, look: Look) -> None:
        """The colours of its series are those of their names."""
        if look.kind == "timeseries" and look.steps:
            assert {"mode": "line"} == look.fields["custom.thresholdsStyle"]


def test_every_entry_of_a_table_is_used() -> None:
    """No meaning is left of a panel that was renamed or removed."""
    named = {*THRESHOLDS, *STATES, *MISSING, *COLOURS, *ON_THE_BACKGROUND}
    assert set() == named - {look.name for look in LOOKS}


def test_thresholds_agree_with_alerts_and_exporter() -> None:
    """A number turns red where an alert fires, orange where the exporter drops old data."""
    factor = {
        name: float(re.findall(r"> ([\d.]+) \*", alerts()[name]["expr"])[0])
        for name in ("WHMCSDataStale", "WHMCSBacklogGrowing")
    }
    _, (dropped, _), (stale, _) = THRESHOLDS["Age of the data, in intervals"]
    assert (default_stale_after(1), factor["WHMCSDataStale"]) == (dropped, stale)
    assert factor["WHMCSDataStale"] * DEFAULT_INTERVAL == OLD[1][0]
    assert factor["WHMCSBacklogGrowing"] - 1 == MORE_THAN_LAST_WEEK[2][0]


def panels(*kinds: str) -> Iterator[JSON]:
    """Yield the panels of some kinds, of all dashboards."""
    for board in BOARDS.values():
        yield from (panel for panel in boards.drawn(board) if panel["type"] in kinds)


def test_large_numbers_are_coloured_where_something_is_wrong() -> None:
    """On the background for what is wrong, on the number for the rest."""
    for panel in panels("stat"):
        mode = "background" if panel["title"] in ON_THE_BACKGROUND else "value"
        assert mode == panel["options"]["colorMode"], panel["title"]


def test_only_the_version_is_a_name() -> None:
    """Every other large number is a number."""
    for panel in panels("stat"):
        mode = "name" if panel["title"] == "Version" else "auto"
        assert mode == panel["options"]["textMode"], panel["title"]


def test_numbers_and_bars_are_the_last_value() -> None:
    """Not a mean, and not one for each row."""
    for panel in panels("stat", "bargauge"):
        expected = {"calcs": ["lastNotNull"], "fields": "", "values": False}
        assert expected == panel["options"]["reduceOptions"], panel["title"]


def test_distributions_are_of_buckets() -> None:
    """Of Prometheus's own; the more, the darker; the axis has the unit of the buckets."""
    for panel in panels("heatmap"):
        assert panel["options"]["calculate"] is False, panel["title"]
        assert "Blues" == panel["options"]["color"]["scheme"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] == panel["options"]["yAxis"]["unit"]

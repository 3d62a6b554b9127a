"""Panels as Grafana's JSON has them: plain dicts, made by one function for each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Panel: TypeAlias = "dict[str, Any]"
"""A panel as Grafana's JSON has it; a value of it may be anything that JSON can say."""

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
NO_DATA = "no data"
GREEN, ORANGE, RED, BLUE, PLAIN = "green", "orange", "red", "blue", "text"
COUNT = "locale"
"""The unit of whatever is counted: 3,130, where Grafana's "short" would say 3 K."""

POINTS = 300
"""A day in steps of five minutes; one for each pixel would cost three times as much."""
FEW_POINTS = 120
"""For queries that have most to do where there are hundreds of sites."""


def query(
    expression: str, legend: str = "", *, ref: str = "A", instant: bool = False, table: bool = False
) -> Panel:
    """Return a query: over the shown range, or ``instant``, at its end only."""
    return {
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": expression,
        "format": "table" if table else "time_series",
        "instant": instant,
        "legendFormat": legend,
        "range": not instant,
        "refId": ref,
    }


def now(expression: str, legend: str = "", ref: str = "A") -> Panel:
    """Return a query of what is now; a range with its last value would show the dead as fresh."""
    return query(expression, legend, ref=ref, instant=True)


def rows_of(expression: str, ref: str = "A") -> Panel:
    """Return a query of what is now, as rows of a table."""
    return query(expression, ref=ref, instant=True, table=True)


def thresholds(base: str, *steps: tuple[float, str]) -> Panel:
    """Return colours: ``base`` from the start, each other one from its value on."""
    rising = [{"color": color, "value": value} for value, color in steps]
    return {"mode": "absolute", "steps": [{"color": base, "value": None}, *rising]}


def values(**texts: tuple[str, str]) -> list[Panel]:
    """Return a mapping of values (``_0`` is 0) to a text and a color each."""
    options = {
        value.strip("_"): {"text": text, "color": color, "index": index}
        for index, (value, (text, color)) in enumerate(texts.items())
    }
    return [{"type": "value", "options": options}]


def missing(text: str = NO_DATA) -> list[Panel]:
    """Return the mapping for what has no value: it would be empty, or in the colour of a zero."""
    result = {"text": text, "color": PLAIN, "index": 9}
    return [
        {"type": "special", "options": {"match": "null+nan", "result": result}},
        {"type": "special", "options": {"match": "empty", "result": result}},
    ]


def panel(kind: str, title: str, description: str, targets: list[Panel], **defaults: Any) -> Panel:  # noqa: ANN401 - fields of Grafana's
    """Return any panel; ``defaults`` are those of its fields, the unit above all."""
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "targets": targets,
        "fieldConfig": {
            "defaults": {"noValue": NO_DATA, "unit": COUNT, **defaults},
            "overrides": [],
        },
        "options": {},
    }


def stat(
    title: str,
    description: str,
    *targets: Panel,
    background: bool = False,
    text: str = "auto",
    **defaults: Any,  # noqa: ANN401 - fields of Grafana's
) -> Panel:
    """Return a large number; with ``text`` "name" the series' name stands there instead."""
    mappings = [*defaults.pop("mappings", []), *missing()]
    defaults = {"thresholds": thresholds(PLAIN), "decimals": 0, "mappings": mappings, **defaults}
    made = panel("stat", title, description, list(targets), **defaults)
    made["options"] = {
        "colorMode": "background" if background else "value",
        "graphMode": "none",
        "justifyMode": "center",
        "orientation": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "textMode": text,
    }
    return made


def lines(
    title: str,
    description: str,
    *targets: Panel,
    stacked: bool = False,
    points: int = POINTS,
    **defaults: Any,  # noqa: ANN401 - fields of Grafana's
) -> Panel:
    """Return lines over time, of so many ``points``; ``stacked`` only for parts of a whole."""
    custom = {
        "drawStyle": "line",
        "lineInterpolation": "stepAfter",
        "lineWidth": 1,
        "fillOpacity": 60 if stacked else 0,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
    }
    defaults = {"min": 0, "custom": custom, **defaults}
    made = panel("timeseries", title, description, list(targets), **defaults)
    made["options"] = {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return made | {"maxDataPoints": points}


def bars(title: str, description: str, target: Panel, links: list[Panel]) -> Panel:
    """Return horizontal bars, the longest on top."""
    made = panel(
        "bargauge",
        title,
        description,
        [target],
        min=0,
        links=links,
        color={"mode": "fixed", "fixedColor": BLUE},
    )
    made["options"] = {
        "displayMode": "basic",
        "orientation": "horizontal",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "showUnfilled": False,
        "valueMode": "color",
        # Room for names is measured with letters of 12: larger ones would be cut.
        "text": {"titleSize": 12, "valueSize": 16},
        "minVizHeight": 16,
        "minVizWidth": 8,
    }
    return made


def table(
    title: str,
    description: str,
    *targets: Panel,
    transformations: list[Panel],
    sort: Sequence[Panel] = (),
    columns: dict[str, Panel] | None = None,
) -> Panel:
    """Return a table; ``columns`` maps a column's title to fields of its own.

    ``sort`` is what ``falling`` and ``rising`` make, the foremost column first.
    """
    made = panel("table", title, description, list(targets), mappings=missing(), decimals=0)
    # Too many columns scroll instead of being squeezed or cut.
    made["fieldConfig"]["defaults"]["custom"] = {
        "align": "auto",
        "minWidth": 90,
        "wrapHeaderText": True,
    }
    made["fieldConfig"]["overrides"] = [
        {
            "matcher": {"id": "byName", "options": name},
            "properties": [{"id": key, "value": value} for key, value in fields.items()],
        }
        for name, fields in (columns or {}).items()
    ]
    made["options"] = {
        "cellHeight": "sm",
        "showHeader": True,
        "sortBy": list(sort),
    }
    made["transformations"] = transformations
    return made


def falling(column: str) -> Panel:
    """Return the order of a table by a column, its highest value on top."""
    return {"displayName": column, "desc": True}


def rising(column: str) -> Panel:
    """Return the order of a table by a column: what is missing on top, then the lowest value."""
    return {"displayName": column, "desc": False}


def timeline(title: str, description: str, target: Panel, mappings: list[Panel]) -> Panel:
    """Return a lane for each series, coloured by what its values mean."""
    made = panel(
        "state-timeline",
        title,
        description,
        [target],
        mappings=mappings,
        custom={"fillOpacity": 70, "lineWidth": 0},
    )
    made["options"] = {
        "alignValue": "left",
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "mergeValues": True,
        "rowHeight": 0.8,
        "showValue": "never",
        "tooltip": {"mode": "single", "sort": "none"},
    }
    return made | {"maxDataPoints": POINTS}


def heatmap(title: str, description: str, target: Panel, unit: str) -> Panel:
    """Return the distribution of a histogram over time, from its buckets."""
    made = panel("heatmap", title, description, [target | {"format": "heatmap"}], unit=unit)
    made["options"] = {
        "calculate": False,
        "cellGap": 1,
        "color": {"mode": "scheme", "scheme": "Blues", "steps": 32},
        "legend": {"show": True},
        "tooltip": {"show": True, "yHistogram": False},
        "yAxis": {"unit": unit, "axisPlacement": "left"},
    }
    return made | {"maxDataPoints": POINTS}


def renamed(names: dict[str, str], hidden: tuple[str, ...] = ()) -> Panel:
    """Return the transformation that names the columns, in this order, and hides others."""
    return {
        "id": "organize",
        "options": {
            "excludeByName": dict.fromkeys(("Time", *hidden), True),
            "indexByName": {name: index for index, name in enumerate(names)},
            "renameByName": names,
        },
    }


def merged() -> Panel:
    """Return the transformation that puts rows of equal labels of several queries together."""
    return {"id": "merge", "options": {}}


def dashed(ref: str) -> Panel:
    """Return the override that draws what one query found as a dashed line, for comparison."""
    return {
        "matcher": {"id": "byFrameRefID", "options": ref},
        "properties": [
            {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [6, 6]}},
            {"id": "color", "value": {"mode": "fixed", "fixedColor": PLAIN}},
        ],
    }


def colored(ref: str, colors: Panel) -> Panel:
    """Return the override that gives what one query found thresholds of its own."""
    return {
        "matcher": {"id": "byFrameRefID", "options": ref},
        "properties": [{"id": "thresholds", "value": colors}],
    }

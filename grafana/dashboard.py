"""What the three boards have in common: everything around their panels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from panels import DATASOURCE, RED, Panel
from promql import not_reporting

if TYPE_CHECKING:
    from collections.abc import Sequence

# Grafana 10.0's: newer ones bring an older board up to date, older ones refuse a newer board.
SCHEMA_VERSION = 38
FLEET, SITE, EXPORTER = "whmcs-fleet", "whmcs-site", "whmcs-exporter"


def dashboard(
    uid: str,
    title: str,
    description: str,
    *,
    shown: str,
    variables: Sequence[Panel],
    panels: list[Panel],
) -> Panel:
    """Return a board; ``shown`` is how far it looks back at first, as in ``24h``."""
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["whmcs", "support"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "timezone": "browser",
        "time": {"from": f"now-{shown}", "to": "now"},
        # The exporter's default interval: nothing is newer than that.
        "refresh": "1m",
        "timepicker": {"refresh_intervals": ["1m", "5m", "15m", "30m", "1h"]},
        "links": [_to_other_boards()],
        "annotations": {"list": [_site_not_reporting()]},
        "templating": {"list": [_datasource(), *variables]},
        "panels": panels,
    }


def chosen(
    name: str, label: str, values: str, *, multi: bool = True, all_value: str | None = None
) -> Panel:
    """Return a variable; ``values`` asks for its options, ``all_value`` is the regex of "All".

    Without ``all_value``, "All" is every option that was found.
    """
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": DATASOURCE,
        "definition": values,
        "query": {"query": values, "refId": f"variable-{name}"},
        "multi": multi,
        "includeAll": multi,
        "current": {"text": ["All"], "value": ["$__all"]} if multi else {},
        "options": [],
        # Whenever the shown range changes: what was removed stays to be chosen for older ranges.
        "refresh": 2,
        "regex": "",
        "sort": 5,
        "hide": 0,
    } | ({"allValue": all_value} if all_value else {})


def statuses_left_out() -> Panel:
    """Return the field for statuses that are not shown: closed tickets outnumber all others."""
    return {
        "type": "textbox",
        "name": "without",
        "label": "Statuses left out",
        "description": "A regular expression over titles of statuses, such as Closed|Geschlossen.",
        "query": "Closed",
        "current": {"text": "Closed", "value": "Closed"},
        "options": [],
        "hide": 0,
    }


def link(title: str, board: str, **variables: str) -> Panel:
    """Return a link to another board that keeps the shown time and sets ``variables``."""
    fields = "".join(
        f"&var-{name}=${{{value}:percentencode}}"
        for name, value in ({"datasource": "datasource"} | variables).items()
    )
    return {"title": title, "url": f"/d/{board}?${{__url_time_range}}{fields}"}


def _datasource() -> Panel:
    return {
        "type": "datasource",
        "name": "datasource",
        "label": "Data source",
        "query": "prometheus",
        "current": {},
        "options": [],
        "refresh": 1,
        "regex": "",
        "multi": False,
        "includeAll": False,
        "hide": 0,
    }


def _to_other_boards() -> Panel:
    return {
        "type": "dashboards",
        "title": "WHMCS",
        "tags": ["whmcs"],
        "asDropdown": True,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
        "icon": "external link",
        "tooltip": "",
        "url": "",
    }


def _site_not_reporting() -> Panel:
    return {
        "name": "Site not reporting",
        "datasource": DATASOURCE,
        "enable": True,
        "hide": False,
        "iconColor": RED,
        # An hour: an annotation is asked at every step, and a day's memory would be slow.
        "expr": not_reporting("1h"),
        # On a board of many sites it would be the slowest query of all at every minute.
        "step": "5m",
        "titleFormat": "{{site}} is not reporting",
        "textFormat": "No fresh number of tickets: totals lack this site.",
        "tagKeys": "site",
    }

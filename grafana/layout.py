"""Where the panels of a board are: in rows, from top to bottom, 24 columns wide."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from panels import Panel

_GRID_COLUMNS = 24
_HIDDEN_HEIGHT = 8


def repeated(member: Panel, variable: str) -> Panel:
    """Return a panel that Grafana draws for each chosen value of a variable, three in a line."""
    return member | {"repeat": variable, "repeatDirection": "h", "maxPerRow": 3}


def row(title: str, *, hidden: list[Panel] | None = None) -> Panel:
    """Return the heading of a row; one with ``hidden`` panels is closed at first."""
    made: Panel = {"type": "row", "title": title, "collapsed": hidden is not None}
    return made | {"panels": hidden or []}


def placed(*bands: tuple[int, list[tuple[int, Panel]]]) -> list[Panel]:
    """Number panels and lay them out: bands from top to bottom, each of a height.

    A band is a height and its panels from left to right with their widths, of 24 in all.
    """
    found: list[Panel] = []
    top = 0
    for height, members in bands:
        left = 0
        for width, member in members:
            position = {"h": height, "w": width, "x": left, "y": top}
            found.append(_numbered(member | {"gridPos": position}, found))
            left += width
        top += height
    return found


def heading(title: str) -> tuple[int, list[tuple[int, Panel]]]:
    """Return a band that is an open row's heading."""
    return 1, [(_GRID_COLUMNS, row(title))]


def _numbered(member: Panel, before: list[Panel]) -> Panel:
    number = 1 + len(before) + sum(len(each.get("panels", [])) for each in before)
    hidden = enumerate(member.get("panels", []), start=1)
    inner = [each | {"id": number + index, "gridPos": _beneath(index)} for index, each in hidden]
    return member | {"id": number} | ({"panels": inner} if "panels" in member else {})


def _beneath(index: int) -> Panel:
    """Return the place of a panel that a closed row hides, the first one's index being 1."""
    return {"h": _HIDDEN_HEIGHT, "w": _GRID_COLUMNS, "x": 0, "y": _HIDDEN_HEIGHT * (index - 1)}

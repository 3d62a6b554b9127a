"""How panels show the values of their queries: unit, decimals, thresholds, mappings, colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from tests.grafana import boards

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.grafana.boards import JSON

Steps: TypeAlias = tuple[tuple[float | None, str], ...]
"""Thresholds: each value from which a colour is used, None for the lowest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How the values of one query, or of one column of a table, are shown."""

    name: str
    """The panel's title, the title and the query's id, or the table's title and the column's."""
    kind: str
    expression: str
    fields: JSON
    """The fields of Grafana's ``fieldConfig``, as overrides name them, overrides included."""

    @property
    def steps(self) -> Steps | None:
        """The thresholds; None if there are none, or if they colour nothing."""
        found = self.fields.get("thresholds", {"steps": []})["steps"]
        steps = tuple((step["value"], step["color"]) for step in found)
        return None if steps in {(), ((None, "text"),)} else steps

    @property
    def states(self) -> dict[str, tuple[str, str]]:
        """The values that are shown as a text, each with the text and its colour."""
        return {
            value: (shown["text"], shown["color"])
            for mapping in self.fields.get("mappings", [])
            if mapping["type"] == "value"
            for value, shown in mapping["options"].items()
        }

    @property
    def missing(self) -> dict[str, tuple[str, str]]:
        """What is shown for a value that is null, NaN or empty, with its colour."""
        special = [each for each in self.fields.get("mappings", []) if each["type"] == "special"]
        return {
            each["options"]["match"]: (
                each["options"]["result"]["text"],
                each["options"]["result"]["color"],
            )
            for each in special
        }


def looks(board: JSON) -> Iterator[Look]:
    """Yield the looks of all panels of a dashboard, those of hidden panels included."""
    for panel in boards.drawn(board):
        if panel["type"] == "table":
            yield from _columns(panel)
        else:
            yield from _queries(panel)


def _queries(panel: JSON) -> Iterator[Look]:
    for target in panel["targets"]:
        ref = target["refId"]
        yield Look(
            name=panel["title"] + (f": {ref}" if len(panel["targets"]) > 1 else ""),
            kind=panel["type"],
            expression=target["expr"],
            fields=_fields(panel, ("byFrameRefID", ref)),
        )


def _columns(panel: JSON) -> Iterator[Look]:
    organized = [step["options"] for step in panel["transformations"] if step["id"] == "organize"]
    names = {key: name for step in organized for key, name in step["renameByName"].items()}
    hidden = {key for step in organized for key in step.get("excludeByName", {})}
    only = len(panel["targets"]) == 1
    expressions = {
        "Value" if only else f"Value #{target['refId']}": target["expr"]
        for target in panel["targets"]
    }
    for key in dict.fromkeys([*expressions, *names]):
        if key not in hidden:
            name = names.get(key, key)
            yield Look(
                name=f"{panel['title']}: {name}",
                kind="table",
                expression=expressions.get(key, ""),
                fields=_fields(panel, ("byName", name)),
            )


def _fields(panel: JSON, wanted: tuple[str, str]) -> JSON:
    config = panel["fieldConfig"]
    found: JSON = dict(config["defaults"])
    found |= {f"custom.{key}": value for key, value in found.pop("custom", {}).items()}
    for override in config["overrides"]:
        if (override["matcher"]["id"], override["matcher"]["options"]) == wanted:
            found |= {each["id"]: each["value"] for each in override["properties"]}
    return found

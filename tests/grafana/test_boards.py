"""The boards' JSON: what Grafana needs, and what somebody who looks at it needs."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
import yaml

from exporter.exposition.families import BLOCKS
from exporter.exposition.telemetry import Telemetry
from tests.grafana import boards
from tests.grafana.boards import BOARDS, GRAFANA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.grafana.boards import JSON

UIDS = {"whmcs-fleet", "whmcs-site", "whmcs-exporter"}
# What Prometheus itself adds to a scrape, and for an alert.
OF_PROMETHEUS = {"up", "scrape_duration_seconds", "scrape_samples_scraped", "ALERTS"}
# Families that no board uses, each with what uses it or why it is published all the same.
UNUSED = {
    "whmcs_departments_visible": "alert WHMCSDepartmentsChanged",
    "whmcs_department_tickets_active": "by credentials only: a board would be empty elsewhere",
    "whmcs_department_tickets_open": "by statuses only: a board would be empty elsewhere",
    "whmcs_exporter_log_lines_dropped_total": "the log reports it when its reader is back",
}
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
_METRIC = re.compile(r"\b([a-zA-Z_]\w*)(?=\{)")
_MENTIONED = re.compile(r"\$\{?(\w+)")
_OWN = ("whmcs_", "process_")


def expressions(board: JSON) -> Iterator[str]:
    """Yield everything that is sent to Prometheus."""
    yield from (query.expression for query in boards.queries(board))
    for variable in boards.variables(board).values():
        if variable["type"] == "query":
            yield variable["query"]["query"]


def metrics(board: JSON) -> set[str]:
    """Return the metrics that a board asks for."""
    found = {name for text in expressions(board) for name in _METRIC.findall(text)}
    return found | {
        name for text in expressions(board) for name in re.findall(r"\b(whmcs_\w+)", text)
    }


def published() -> set[str]:
    """Return the names of all samples that the exporter publishes."""
    registry = Telemetry("1", "2").registry
    names = {sample.name for metric in registry.collect() for sample in metric.samples}
    # A histogram has samples of an action only when one was called.
    names |= {f"whmcs_api_request_duration_seconds{end}" for end in ("_bucket", "_sum", "_count")}
    names |= {"whmcs_exporter_http_requests_total"}
    return names | {name for family in BLOCKS for name in family.sample_names()}


def generator(*arguments: str, where: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the generator."""
    command = [sys.executable, where or GRAFANA / "generate.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_json_is_what_the_generator_makes() -> None:
    """Whoever changes a board runs it: ``python grafana/generate.py``."""
    done = generator("--check")
    assert (0, "") == (done.returncode, done.stderr)


def test_there_are_three_boards_of_lasting_uids() -> None:
    """Links and bookmarks go by them; a file is named after its board."""
    assert UIDS == BOARDS.keys()
    assert UIDS == {board["uid"] for board in BOARDS.values()}


@pytest.mark.parametrize("uid", sorted(UIDS))
class TestBoard:
    """What holds for each board."""

    def test_opens_in_the_oldest_grafana(self, uid: str) -> None:
        """Version 38 of the schema is Grafana 10.0's; nothing is left to be filled in by hand."""
        board = BOARDS[uid]
        assert 38 == board["schemaVersion"]
        assert not {"id", "__inputs", "__requires"} & board.keys()

    def test_panels_have_ids_of_their_own(self, uid: str) -> None:
        """Rows and what is hidden in them included."""
        numbers = Counter(panel["id"] for panel in boards.panels(BOARDS[uid]))
        assert {1} == set(numbers.values())

    def test_panels_have_titles_of_their_own(self, uid: str) -> None:
        """Somebody on the telephone can say which one."""
        titles = [panel["title"] for panel in boards.panels(BOARDS[uid])]
        assert all(titles)
        assert len(set(titles)) == len(titles)

    def test_panels_explain_themselves(self, uid: str) -> None:
        """A sentence, a unit, and a text where there is no number."""
        for panel in boards.drawn(BOARDS[uid]):
            defaults = panel["fieldConfig"]["defaults"]
            assert panel["description"].endswith("."), panel["title"]
            assert defaults["unit"], panel["title"]
            assert defaults["noValue"] not in {"", "0"}, panel["title"]

    def test_no_value_reads_no_data(self, uid: str) -> None:
        """But where the lack of something is good news."""
        texts = {
            panel["title"]: panel["fieldConfig"]["defaults"]["noValue"]
            for panel in boards.drawn(BOARDS[uid])
        }
        others = {title: text for title, text in texts.items() if text != "no data"}
        good_news = {
            "Firing alerts": "no alert fires",
            "Failed calls by reason": "no call failed",
            "Statuses added up": "none",
            "Series withheld": "none",
        }
        assert others.items() <= good_news.items()

    def test_panels_do_not_overlap_nor_leave_the_grid(self, uid: str) -> None:
        """The grid is 24 columns wide."""
        places = [panel["gridPos"] for panel in BOARDS[uid]["panels"]]
        assert all(0 <= p["x"] and p["x"] + p["w"] <= 24 and p["h"] > 0 for p in places)
        for one, other in combinations(places, 2):
            beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
            apart = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
            assert beside or apart

    def test_every_band_fills_the_width(self, uid: str) -> None:
        """No hole, no ragged right edge."""
        widths: Counter[int] = Counter()
        for panel in BOARDS[uid]["panels"]:
            widths[panel["gridPos"]["y"]] += panel["gridPos"]["w"]
        assert {24} == set(widths.values())

    def test_nothing_is_of_one_prometheus_alone(self, uid: str) -> None:
        """The data source is a variable, and no job or instance is written down."""
        board = BOARDS[uid]
        asked = [*boards.drawn(board), *board["annotations"]["list"]]
        asked += [target for panel in boards.drawn(board) for target in panel["targets"]]
        asked += [v for v in boards.variables(board).values() if v["type"] == "query"]
        assert all(DATASOURCE == each["datasource"] for each in asked)
        for text in expressions(board):
            assert not re.search(r"\b(job|instance)(?!=~`\$\{)\s*[=!]", text), text

    def test_variables_are_filled_in_safely(self, uid: str) -> None:
        """Grafana's default format leaves a double quote within a name as it is."""
        for text in expressions(BOARDS[uid]):
            for found in re.finditer(r"(.)\$(\{?)(\w+)(:\w+)?", text):
                before, brace, name, form = found.groups()
                if not name.startswith("__"):
                    assert (brace, form in {":regex", ":raw"}) == ("{", True), text
                    assert before == "`" or "|" in text or "(" in before, text

    def test_variables_that_are_mentioned_exist(self, uid: str) -> None:
        """In queries and in titles."""
        board = BOARDS[uid]
        titles = [panel["title"] for panel in boards.panels(board)]
        mentioned = {
            name for text in [*expressions(board), *titles] for name in _MENTIONED.findall(text)
        }
        known = boards.variables(board).keys() | {"__range", "__interval", "__rate_interval"}
        assert mentioned <= known
        assert boards.variables(board).keys() - mentioned == {"datasource"}

    def test_metrics_exist(self, uid: str) -> None:
        """Every name in a query is published by the exporter, or by Prometheus."""
        assert set() == metrics(BOARDS[uid]) - published() - OF_PROMETHEUS

    def test_replicas_are_merged_before_anything_is_added(self, uid: str) -> None:
        """Each sum or count over tickets is one over a maximum by site."""
        for text in expressions(BOARDS[uid]):
            for found in re.finditer(r"\b(?:sum|count)(?: by \([^)]*\))? ?\((\w+)", text):
                if found[1].startswith(("whmcs_ticket", "whmcs_department", "whmcs_up")):
                    pytest.fail(f"adds replicas: {text}")

    def test_what_is_now_is_asked_for_now(self, uid: str) -> None:
        """A range and its last value would show a dead site as fresh."""
        for panel in boards.drawn(BOARDS[uid]):
            instant = panel["type"] in {"stat", "bargauge", "table"}
            assert {instant} == {target["instant"] for target in panel["targets"]}
            assert {not instant} == {target["range"] for target in panel["targets"]}

    def test_only_parts_of_a_whole_are_stacked(self, uid: str) -> None:
        """Statuses are; what overlaps never is."""
        for panel in boards.drawn(BOARDS[uid]):
            custom = panel["fieldConfig"]["defaults"].get("custom", {})
            if custom.get("stacking", {}).get("mode") == "normal":
                assert panel["title"].lower().endswith("by status")

    def test_lines_are_few_however_many_sites_there_are(self, uid: str) -> None:
        """With 200 sites or 60 departments a panel shows the foremost ones."""
        for panel in boards.drawn(BOARDS[uid]):
            for target in panel["targets"]:
                if re.search(r"\{\{(site|department)\}\}", target["legendFormat"]):
                    few = re.search(r"\b(topk|bottomk)\((5|10|20), ", target["expr"])
                    assert few, panel["title"]

    def test_queries_of_a_panel_have_ids_of_their_own(self, uid: str) -> None:
        """A table tells its columns by them."""
        for panel in boards.drawn(BOARDS[uid]):
            refs = [target["refId"] for target in panel["targets"]]
            assert len(set(refs)) == len(refs)

    def test_columns_that_are_dressed_exist(self, uid: str) -> None:
        """An override by name fits a column that a transformation names."""
        for panel in boards.drawn(BOARDS[uid]):
            renamed = {
                name
                for step in panel.get("transformations", [])
                for name in step["options"].get("renameByName", {}).values()
            }
            overrides = panel["fieldConfig"]["overrides"]
            named = {o["matcher"]["options"] for o in overrides if o["matcher"]["id"] == "byName"}
            assert named <= renamed

    def test_links_lead_somewhere(self, uid: str) -> None:
        """To a board that exists, with variables that it has, and values made safe for a URL."""
        links = re.findall(r'"url": "(/d/[^"]+(?:\\"[^"]*)*)"', _text(uid))
        for link in links:
            target = re.match(r"/d/([\w-]+)\?\$\{__url_time_range\}", link)
            assert target
            assert target[1] in UIDS
            for name, value in re.findall(r"&var-(\w+)=(\$\{[^}]*\})", link):
                assert name in boards.variables(BOARDS[target[1]])
                assert value.endswith(":percentencode}")

    def test_boards_lead_to_each_other(self, uid: str) -> None:
        """One menu, by tag, that keeps the time and what was chosen."""
        (link,) = BOARDS[uid]["links"]
        assert ("dashboards", ["whmcs"]) == (link["type"], link["tags"])
        assert link["asDropdown"]
        assert link["includeVars"]
        assert link["keepTime"]
        assert "whmcs" in BOARDS[uid]["tags"]

    def test_marks_sites_that_do_not_report(self, uid: str) -> None:
        """On every board, in every panel over time."""
        (annotation,) = BOARDS[uid]["annotations"]["list"]
        assert "Site not reporting" == annotation["name"]
        assert annotation["enable"]

    def test_is_no_busier_than_the_data(self, uid: str) -> None:
        """The browser's time zone, and no refresh below the default interval."""
        board = BOARDS[uid]
        assert ("browser", "1m") == (board["timezone"], board["refresh"])
        assert all(text.endswith(("m", "h")) for text in board["timepicker"]["refresh_intervals"])


def _text(uid: str) -> str:
    return (GRAFANA / "dashboards" / f"{uid}.json").read_text(encoding="utf-8")


def test_fleet_links_to_the_site() -> None:
    """From the table, and from the bars with the department."""
    links = re.findall(r"/d/whmcs-site\?[^\n]+", _text("whmcs-fleet"))
    assert 2 == len(links)
    assert 1 == sum("var-department=" in link for link in links)


def test_every_family_is_on_a_board_or_has_a_reason() -> None:
    """A family that nobody looks at is a question."""
    used = set().union(*map(metrics, BOARDS.values()))
    own = {name for name in published() if name.startswith("whmcs_")}
    families = {re.sub(r"_(bucket|g?sum|g?count)$", "", name) for name in own}
    seen = {re.sub(r"_(bucket|g?sum|g?count)$", "", name) for name in used}
    assert UNUSED.keys() == families - seen


def test_provisioning_names_what_is_there() -> None:
    """The folder of boards, and a data source of the type that the boards want."""
    folder = GRAFANA / "provisioning"
    (source,) = yaml.safe_load((folder / "datasources" / "prometheus.yml").read_text())[
        "datasources"
    ]
    assert "prometheus" == source["type"]
    (provider,) = yaml.safe_load((folder / "dashboards" / "whmcs.yml").read_text())["providers"]
    assert "file" == provider["type"]
    assert "WHMCS" == provider["folder"]

"""The queries of the documents: each is asked of a real Prometheus, and finds something."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import blocks
from tests.docs.sample import README
from tests.history.scenes import DEAD_SITE, END

if TYPE_CHECKING:
    from tests.history.backfill import History
    from tests.history.prometheus import HistoryPrometheus

DOCS = README.parent / "docs"
COOKBOOK, MIGRATION = (
    (DOCS / name).read_text(encoding="utf-8") for name in ("cookbook.md", "migration.md")
)
RECIPES = blocks(COOKBOOK, "promql")
# What stands in the last cell of a row.
REPLACEMENTS = re.findall(r"\| `([^`]+)` \|$", MIGRATION, re.MULTILINE)


def test_all_are_found() -> None:
    """The pages have queries at all, so that the tests below are not empty."""
    assert COOKBOOK.count("```promql") == len(RECIPES)
    assert MIGRATION.count("|---|---|") * 2 < len(REPLACEMENTS)


@pytest.mark.parametrize("query", [*RECIPES, *REPLACEMENTS, *blocks(MIGRATION, "promql")])
def test_every_query_finds_something(query: str, prometheus: HistoryPrometheus) -> None:
    """Prometheus takes it, and the history of five sites has an answer: nobody's waiting times."""
    without = "whmcs_awaiting_reply_age" in query or "whmcs_oldest_awaiting" in query
    assert without is (prometheus.now(query, END) == [])


def test_what_waits_is_the_truth(prometheus: HistoryPrometheus, history: History) -> None:
    """The first recipes are the desks' own numbers, of those that answer."""
    truth = {site: float(moment.awaiting) for site, moment in history.at(END).items()}
    by_site, together = (prometheus.now(query, END) for query in RECIPES[:2])
    assert truth == {found.labels["site"]: found.values[0] for found in by_site}
    assert [sum(truth.values())] == [found.values[0] for found in together]


def test_sites_that_do_not_report_are_found(prometheus: HistoryPrometheus) -> None:
    """The one site whose polls fail is in the answer, and no other."""
    (query,) = (each for each in RECIPES if each.strip() == "max by (site) (whmcs_up) == 0")
    assert [{"site": DEAD_SITE}] == [found.labels for found in prometheus.now(query, END)]

"""The runbooks as pages, and the queries that they tell whoever is on call to make."""

from __future__ import annotations

import re
import textwrap

from tests.rules.rules import RUNBOOKS

_QUERY = re.compile(r"^ *```promql\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)


def pages() -> dict[str, str]:
    """Return the text of every page, by alert."""
    found = {path.stem: path.read_text(encoding="utf-8") for path in RUNBOOKS.glob("*.md")}
    del found["README"]
    return found


def queries(page: str) -> list[str]:
    """Return a page's queries in PromQL, in their order."""
    return [textwrap.dedent(query).strip() for query in _QUERY.findall(page)]

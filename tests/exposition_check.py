"""What every exposition must stand, whoever made it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from typing import TYPE_CHECKING

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Mapping

Series = tuple[str, frozenset[tuple[str, str]]]


def samples(text: str) -> dict[Series, float]:
    """Parse an exposition and return its samples; refuse a series that stands twice.

    Neither the client library nor ``promtool check metrics`` minds duplicates, while Prometheus
    refuses the whole scrape.
    """
    parse = (
        openmetrics.text_string_to_metric_families
        if text.endswith("# EOF\n")
        else text_string_to_metric_families
    )
    found = [
        ((sample.name, frozenset(sample.labels.items())), sample.value)
        for family in parse(text)
        for sample in family.samples
    ]
    twice = [
        series for series, times in Counter(series for series, _ in found).items() if times > 1
    ]
    assert [] == twice
    return dict(found)


def value(text: str, name: str, **labels: str) -> float | None:
    """Return the value of one series; None when it is not there."""
    return samples(text).get((name, frozenset(labels.items())))


def family(text: str, name: str) -> Mapping[frozenset[tuple[str, str]], float]:
    """Return the series of one name by their labels."""
    return {labels: value for (found, labels), value in samples(text).items() if found == name}


def check(text: str) -> None:
    """Refuse an exposition that Prometheus, promtool or the client library's parser would."""
    samples(text)
    if not text.endswith("# EOF\n"):
        _check_with_promtool(text)


def _check_with_promtool(text: str) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        assert not os.environ.get("CI"), "promtool is missing; in CI every tool must be there"
        return
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (0, "") == (done.returncode, done.stderr)

"""The CPU time of reading a request grows no faster than its length."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from exporter.exposition.formats import negotiate
from exporter.web.accept import accepts_gzip
from exporter.web.sites import TIMEOUT_HEADER, Question, Unclear
from exporter.web.users import Users
from tests.cpu import assert_linear

if TYPE_CHECKING:
    from collections.abc import Callable

PIECES = (
    " ",
    ",",
    "gzip",
    "gzip ",
    "gzip;q=0.",
    "; q=",
    "1",
    "1s",
    "1.",
    "A",
    "=",
    ";",
    '"',
    "q=0.1,",
)
OPENMETRICS = "application/openmetrics-text;version=1.0.0,"


def max_age(text: str) -> None:
    """Read the parameter ``max_age``."""
    with suppress(Unclear):
        Question.of({"target": "acme", "max_age": text}, {})


def scrape_timeout(text: str) -> None:
    """Read the header of the scrape timeout."""
    with suppress(Unclear):
        Question.of({"target": "acme"}, {TIMEOUT_HEADER: text})


def login(text: str) -> None:
    """Read a header of a login that is none."""
    assert not asyncio.run(Users().known({}, f"Basic {text}"))


# Without the caches, which would answer the second measurement.
PARSERS: dict[str, Callable[[str], object]] = {
    "Accept-Encoding": accepts_gzip.__wrapped__,
    "Accept": negotiate.__wrapped__,
    "max_age": max_age,
    TIMEOUT_HEADER: scrape_timeout,
    "Authorization": login,
}


@pytest.mark.parametrize("piece", [*PIECES, OPENMETRICS])
@pytest.mark.parametrize("name", PARSERS)
def test_values(name: str, piece: str) -> None:
    """A header's value or a parameter costs CPU time in proportion to its length."""
    assert_linear(lambda size: f"{piece * (size // len(piece))}x", PARSERS[name])

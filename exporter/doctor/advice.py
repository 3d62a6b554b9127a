"""From a failure to the advice on it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from exporter.doctor.cases import CASES
from exporter.doctor.checkup import Advice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exporter.doctor.cases import Case
    from exporter.whmcs.errors import ApiError


def find(error: ApiError) -> Case:
    """Return the row that a failure falls into."""
    text = str(error).lower()
    return next(
        case
        for case in CASES
        if case.reason == error.reason
        and (not case.said or any(said.lower() in text for said in case.said))
    )


def explain(error: ApiError, facts: Mapping[str, str]) -> Advice:
    """Return the advice on a failure; ``facts`` has a value for each word in capitals."""
    case = find(error)
    return about(Advice(reason=case.reason, cause=case.cause, remedy=case.remedy), facts)


def about(advice: Advice, facts: Mapping[str, str]) -> Advice:
    """Return an advice with its words in capitals replaced by what is known."""

    def filled(text: str) -> str:
        return re.sub(rf"\b({'|'.join(facts)})\b", lambda match: facts[match[0]], text)

    return Advice(reason=advice.reason, cause=filled(advice.cause), remedy=filled(advice.remedy))

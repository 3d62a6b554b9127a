"""What a row of the tables is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """One row: the first of its reason of which the error's text has any ``said`` is the one.

    ``said`` is empty in the last row of a reason, which fits whatever was said.
    """

    reason: str
    said: tuple[str, ...]
    cause: str
    remedy: str

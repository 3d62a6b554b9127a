"""What a client takes, by its headers."""

from __future__ import annotations

import re
from functools import lru_cache

# A quality of 0 says "not this one".
_GZIP = re.compile(r"\s*gzip\s*(?:;\s*q=(?P<quality>[0-9.]+)\s*)?", re.IGNORECASE)


@lru_cache
def accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether an ``Accept-Encoding`` header takes gzip by its name (RFC 9110, 12.5.3)."""
    matches = map(_GZIP.fullmatch, accept_encoding.split(","))
    return any(match and (match["quality"] or "1").strip("0.") for match in matches)

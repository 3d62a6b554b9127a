"""Web configurations as the pages see them, made by the test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import bcrypt

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

# The least that bcrypt takes: a millisecond.
_COST = 4


@dataclass(frozen=True)
class ServedTLS:
    """How TLS is served."""

    context: ssl.SSLContext | None = None
    allowed_sans: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Written:
    """What a web configuration file would say."""

    tls: ServedTLS = ServedTLS()
    headers: dict[str, str] = field(default_factory=dict)
    users: dict[bytes, bytes] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()


class UnfitError(Exception):
    """A web configuration file that can't be used."""


def hashed(password: str, cost: int = _COST) -> bytes:
    """Return the hash of a password."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost))

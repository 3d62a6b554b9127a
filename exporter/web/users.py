"""Users by name and password (HTTP's basic authentication), checked against bcrypt hashes.

bcrypt takes a tenth of a second by design. So it runs in threads, few at once, with a bounded queue
before them, and what it has said is remembered: a scrape every few seconds costs one check, and a
flood of wrong passwords costs the machine no more than those threads.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import secrets
from typing import TYPE_CHECKING

import bcrypt

from exporter import threads
from exporter.web.turns import TooManyWaiting, Turns

if TYPE_CHECKING:
    from collections.abc import Mapping

# bcrypt runs at once, and requests that wait for one of them: about 3 s at cost 10.
_CHECKS = 2
_WAITING = 64
# Results that are remembered, good and bad ones apart: bad ones must not push out good ones.
_REMEMBERED = 128
# bcrypt looks no further, and the library refuses what is longer.
_LONGEST_PASSWORD = 72


class TooManyLogins(Exception):
    """More unknown passwords at once than can be checked."""


class Users:
    """Checks names and passwords; it holds none of them."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._key = secrets.token_bytes(32)
        self._good: dict[bytes, None] = {}
        self._bad: dict[bytes, None] = {}
        self._turns = Turns(_CHECKS, _WAITING - _CHECKS)

    async def known(
        self, hashes: Mapping[bytes, bytes], authorization: str, failures: int = 0
    ) -> bool:
        """Tell whether an ``Authorization`` header names a user and that user's password.

        ``hashes`` has the users' bcrypt hashes (2b, 60 bytes). Who is no user costs as much as one
        with a wrong password, so that nobody can find out who is one. The client with the fewest
        earlier ``failures`` is checked first, so a flood of wrong passwords delays no new client.

        Raises:
            TooManyLogins: It can't be told now.
        """
        given = _name_and_password(authorization)
        if given is None:
            return False
        name, password = given
        hashed = hashes.get(name) or self._any(hashes, name)
        is_right = await self._matches(hashed, name, password, failures)
        return is_right and name in hashes

    def _any(self, hashes: Mapping[bytes, bytes], name: bytes) -> bytes:
        """Return some user's hash, the same for a name each time: it takes as long as that user."""
        number = int.from_bytes(self._digest(name)[:8])
        return list(hashes.values())[number % len(hashes)]

    async def _matches(self, hashed: bytes, name: bytes, password: bytes, failures: int) -> bool:
        # Hashes have one length and names no colon, so no two cases share a digest.
        case = self._digest(hashed + name + b":" + password)
        if (remembered := self._remembered(case)) is not None:
            return remembered
        try:
            await self._turns.acquire(failures)
        except TooManyWaiting:
            raise TooManyLogins from None
        # A request that is cancelled leaves the queue, but bcrypt cannot be stopped: its turn ends
        # when it has ended.
        check = asyncio.create_task(self._check(case, hashed, password))
        check.add_done_callback(lambda _: self._turns.release())
        return await asyncio.shield(check)

    async def _check(self, case: bytes, hashed: bytes, password: bytes) -> bool:
        # Perhaps the same was asked while this one waited.
        if (remembered := self._remembered(case)) is not None:
            return remembered
        try:
            is_right = await threads.run(bcrypt.checkpw, password[:_LONGEST_PASSWORD], hashed)
        except threads.NoThread as error:
            raise TooManyLogins from error
        results = self._good if is_right else self._bad
        results[case] = None
        if len(results) > _REMEMBERED:
            del results[next(iter(results))]
        return is_right

    def _remembered(self, case: bytes) -> bool | None:
        if case in self._good:
            return True
        return False if case in self._bad else None

    def _digest(self, text: bytes) -> bytes:
        return hmac.digest(self._key, text, "sha256")


def _name_and_password(authorization: str) -> tuple[bytes, bytes] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(encoded, validate=True).partition(b":")
    except ValueError:
        return None
    return (name, password) if colon else None

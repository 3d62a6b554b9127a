"""Secrets: masked by their type, and read again when their file changes."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Never, Self

from exporter.stamps import Stamp, stamp

MAX_BYTES = 64 * 1024


class Secret:
    """A value that is used and never shown.

    Text in any form (``str``, ``repr``, ``format``) names its origin instead; ``copy`` and
    ``dataclasses.asdict`` keep it as it is; ``pickle`` and ``json`` raise ``TypeError``.
    Two secrets are equal when origin and value are; two of files, when the file is.
    """

    __slots__ = ("_origin", "_value")

    def __init__(self, value: str, *, origin: str = "configuration") -> None:
        """Keep a value; ``origin`` says in ``repr`` where it is from."""
        self._value = value
        self._origin = origin

    @property
    def origin(self) -> str:
        """Where the value is from: a file, a variable, or the configuration itself."""
        return self._origin

    @property
    def padded(self) -> bool:
        """Whether white space stands around the value, as when it was copied with too much."""
        return self._value != self._value.strip()

    def reveal(self) -> str:
        """Return the value in memory."""
        return self._value

    def values(self) -> tuple[str, ...]:
        """Return what must not be shown."""
        return (self._value,)

    def refresh(self, *, force: bool = False) -> bool:  # noqa: ARG002 - for those of a file
        """Look for a new value; this one has none to look for."""
        return False

    def __repr__(self) -> str:
        """Return the origin."""
        return f"<secret from {self._origin}>"

    def __eq__(self, other: object) -> bool:
        """Compare origin and value."""
        if not isinstance(other, Secret):
            return NotImplemented
        return (self._origin, self._value) == (other._origin, other._value)

    def __hash__(self) -> int:
        """Hash the origin: the value may change."""
        return hash(self._origin)

    def __copy__(self) -> Self:
        """Return the same secret."""
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        """Return the same secret, as ``dataclasses.asdict`` asks for it."""
        return self

    def __reduce_ex__(self, _protocol: object) -> Never:
        """Refuse to be pickled."""
        msg = "a secret is not serialized"
        raise TypeError(msg)


class FileSecret(Secret):
    """A secret in a file, as Docker, Kubernetes and systemd provide them."""

    __slots__ = ("_former", "_path", "_stamp")

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            OSError: It cannot be read.
            ValueError: It is empty, too long or not UTF-8; the message says which.
        """
        self._stamp, value = _read(path)
        super().__init__(value, origin=str(path))
        self._former = value
        self._path = path

    def values(self) -> tuple[str, ...]:
        """Return what must not be shown: the value before this one may be good for a while yet."""
        return tuple({self._value: None, self._former: None})

    def refresh(self, *, force: bool = False) -> bool:
        """Read the file again when it has changed, or when ``force``.

        Blocks for one ``os.stat``, and for a short read when there is something new. A file that is
        missing, unreadable or unfit at that moment keeps the last value. Returns whether the value
        is another one.
        """
        try:
            if not force and stamp(self._path.stat()) == self._stamp:
                return False
            self._stamp, value = _read(self._path)
        except (OSError, ValueError):
            return False
        if value == self._value:
            return False
        self._former, self._value = self._value, value
        return True

    def __eq__(self, other: object) -> bool:
        """Compare two of files by their files: whatever was read, both will read the same next."""
        if isinstance(other, FileSecret):
            return self._path == other._path
        return super().__eq__(other)

    __hash__ = Secret.__hash__


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What WHMCS knows a caller by: an API credential, or the legacy login of an administrator.

    Either ``identifier`` and ``secret``, or ``username`` and ``password``; ``access_key`` stands
    for the list of allowed addresses (WHMCS's "API Access Key").
    """

    identifier: Secret | None = None
    secret: Secret | None = None
    username: str | None = None
    password: Secret | None = None
    access_key: Secret | None = None

    def __post_init__(self) -> None:
        """Raise ``ValueError`` unless exactly one of the two pairs is whole."""
        pairs = (self.identifier, self.secret), (self.username, self.password)
        if sorted(sum(part is not None for part in pair) for pair in pairs) != [0, 2]:
            msg = "a credential is identifier and secret, or username and password"
            raise ValueError(msg)

    def form(self) -> dict[str, str]:
        """Return the fields of the POST as WHMCS names them ("API authentication")."""
        fields = {} if self.username is None else {"username": self.username}
        if self.password is not None:
            fields["password"] = _md5(self.password.reveal())
        named = {"identifier": self.identifier, "secret": self.secret, "accesskey": self.access_key}
        return fields | {name: part.reveal() for name, part in named.items() if part is not None}

    def refresh(self, *, force: bool = False) -> bool:
        """Refresh every secret; return whether any has a new value. Blocks as a secret's does."""
        # Not `any`, which would leave out those behind the first new one.
        return sum(secret.refresh(force=force) for secret in self._secrets()) > 0

    def values(self) -> tuple[str, ...]:
        """Return every value that must not be shown, the md5 that is sent included."""
        own = tuple(value for secret in self._secrets() for value in secret.values())
        return own if self.password is None else (*own, *map(_md5, self.password.values()))

    def _secrets(self) -> list[Secret]:
        parts = (self.identifier, self.secret, self.password, self.access_key)
        return [part for part in parts if part is not None]


def open_regular(path: Path) -> BinaryIO:
    """Open a file; refuse what would block or have no end, like a pipe or a device.

    Raises:
        OSError: It cannot be opened, or is no regular file.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        reason = "not a regular file"
        raise OSError(0, reason)
    return path.open("rb")


def _read(path: Path) -> tuple[Stamp, str]:
    with open_regular(path) as file:
        # Taken before the read: what is written meanwhile then counts as a change.
        before = stamp(os.fstat(file.fileno()))
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        msg = "longer than 64 KiB"
        raise ValueError(msg)
    value = _decoded(raw)
    if value is None or not value.strip():
        msg = "not UTF-8" if value is None else "empty"
        raise ValueError(msg)
    return before, value


def _decoded(raw: bytes) -> str | None:
    # No error leaves here: Python's own would carry the bytes.
    try:
        text = raw.decode("utf-8-sig")  # what editors on Windows begin a file with is no secret
    except UnicodeDecodeError:
        return None
    return text.removesuffix("\r\n") if text.endswith("\r\n") else text.removesuffix("\n")


def _md5(password: str) -> str:
    # WHMCS's protocol, not a choice: the legacy login sends the md5 of the password.
    return hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()

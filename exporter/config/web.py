"""The web configuration: TLS, users and headers, in the format of Prometheus's exporter-toolkit.

https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md is the
document. What ``promtool check web-config`` takes is taken, but for what could never work: a hash
that no password matches, a user whose name HTTP can't send, versions of TLS without any in between.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from exporter.config import document, exposure
from exporter.config.problems import ConfigError, Place, Problems
from exporter.config.section import Scope, Section, expect
from exporter.config.tree import Node, Scalar, Table
from exporter.config.values import Unfit, choice, text, username
from exporter.config.web_tls import TLS_ENABLING, TLS_KEYS, ServerTLS, boolean, read_tls

T = TypeVar("T")

# The headers that may be set, and their values where those are a closed set.
_HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
    "Content-Security-Policy": (),
}
# Any letter stands for the same algorithm in Go, and what is behind the hash is not looked at.
_HASH = re.compile(r"\$2[!-~]?\$(0[4-9]|[12][0-9]|3[01])\$([./A-Za-z0-9]{53}).*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """How the pages are served: over TLS or not, to whom, and with which headers.

    ``users`` has the bcrypt hash of each user's password; without users everybody is let in. A
    blank header is not sent. ``files`` are those that were read, and ``warnings`` are for the log.
    """

    tls: ServerTLS = field(default_factory=ServerTLS)
    headers: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[bytes, bytes] = field(default_factory=dict, repr=False)
    files: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()


def load(path: Path) -> WebConfig:
    """Read and check a web configuration file and the certificates that it names.

    Blocks on files.

    Raises:
        ConfigError: Anything is wrong; it holds every problem, and no hash.
    """
    problems = Problems()
    scope = Scope(problems=problems, environment={})
    tls, headers, users = _read(path, scope)
    if problems:
        raise ConfigError(problems.lines())
    if users:
        scope.secret_files[path] = None
    return WebConfig(
        tls=tls,
        headers=headers,
        users=users,
        files=(path, *tls.files),
        warnings=(*tls.warnings, *exposure.warnings(scope.secret_files)),
    )


def _read(path: Path, scope: Scope) -> tuple[ServerTLS, dict[str, str], dict[bytes, bytes]]:
    start = Place(str(path), path.parent)
    root = document.read(path, scope.problems, may_be_empty=True)
    table = _table(root, scope.problems) or Table({}, start)
    with Section(scope, table.place, table) as section:
        tls = read_tls(_inner(section, "tls_server_config", TLS_KEYS, blank=TLS_ENABLING))
        with _inner(section, "http_server_config", ("http2", "headers")) as http:
            # The exporter speaks HTTP/1.1, which every client of HTTP/2 speaks as well.
            http.scalar("http2", boolean, default=True)
            headers = _headers(http)
        return tls, headers, _users(section)


def _table(node: Node | None, problems: Problems) -> Table | None:
    """Return a mapping; YAML's null is none, as in Go."""
    return None if node is None or _is_null(node) else expect(node, Table, problems)


def _inner(
    section: Section, key: str, keys: tuple[str, ...], *, blank: tuple[str, ...] = ()
) -> Section:
    """Return a section without those of its ``keys`` that are null, and of ``blank`` the blank."""
    table = _table(section.find(key).get(key), section.scope.problems)
    if table is None:
        return Section(section.scope, section.place)
    values = {name: table.entries[name].value for name in keys if name in table.entries}
    absent = [name for name, node in values.items() if _is_null(node)]
    absent += [name for name in blank if name in values and _is_blank(values[name])]
    return Section(section.scope, table.place, table.without(*absent))


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.kind == "null"


def _is_blank(node: Node) -> bool:
    return isinstance(node, Scalar) and node.text == ""


def _headers(http: Section) -> dict[str, str]:
    table = _table(http.find("headers").get("headers"), http.scope.problems)
    if table is None:
        return {}
    headers = {}
    with Section(http.scope, table.place, table) as section:
        for name, values in _HEADERS.items():
            node = section.find(name).get(name)
            value = _parsed(section, name, node, partial(_header, values=values)) if node else None
            if value is not None:
                headers[name] = value
    return headers


def _header(value: str, *, values: tuple[str, ...]) -> str:
    return choice(value, options=values) if values else text(value)


def _users(section: Section) -> dict[bytes, bytes]:
    key = "basic_auth_users"
    table = _table(section.find(key).get(key), section.scope.problems)
    users = {}
    for name, entry in table.entries.items() if table else ():
        user = _parsed(section, key, Scalar(name, entry.place), username)
        hashed = _parsed(section, key, entry.value, _hash)
        if user is not None and hashed is not None:
            users[user.encode()] = hashed
    return users


def _parsed(section: Section, key: str, node: Node, parse: Callable[[str], T]) -> T | None:
    """Return a value that may be blank, as null is here."""
    if isinstance(node, Scalar) and node.empty:
        node = Scalar("", node.place)
    return section.parsed(key, node, parse)


def _hash(value: str) -> bytes:
    """Return a bcrypt hash as every library takes it: version 2b, and nothing behind it."""
    match = _HASH.fullmatch(value)
    if match is None:
        msg = "not a bcrypt hash of cost 04 to 31; make one with htpasswd -nBC 10 USER"
        raise Unfit(msg)
    return f"$2b${match[1]}${match[2]}".encode()

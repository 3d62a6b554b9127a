"""One site from the environment, for a container or a sidecar.

The variables become the same tree as a file, so everything is checked by the same code.
"""

from collections.abc import Mapping
from pathlib import Path

from exporter.config.addresses import host_of
from exporter.config.login import forms
from exporter.config.problems import Place
from exporter.config.tree import Entry, Listing, Node, Scalar, Table

URL = "WHMCS_URL"
START = Place("environment", Path())

_PLAIN = {
    URL: "url",
    "WHMCS_SITE": "name",
    "WHMCS_USERNAME": "username",
    "WHMCS_INTERVAL": "interval",
    "WHMCS_TIMEOUT": "timeout",
    "WHMCS_STALE_AFTER": "stale_after",
    "WHMCS_HOST_HEADER": "host_header",
    "WHMCS_ALLOW_HTTP": "allow_http",
}
_TIMEZONE = "WHMCS_WAITING_TIMEZONE"
_SECRETS = ("identifier", "secret", "password", "access_key")


def spelling() -> dict[str, str]:
    """Return the variables by the keys that they stand for."""
    names = {key: variable for variable, key in _PLAIN.items()} | {"waiting.timezone": _TIMEZONE}
    for secret in _SECRETS:
        literal, file, variable = forms(secret)
        names |= dict.fromkeys((literal, variable), _variable(secret))
        names[file] = f"{_variable(secret)}_FILE"
    return names


def table(environment: Mapping[str, str]) -> Table:
    """Return the variables as the mapping of a site; an empty one counts as not set."""
    given = {name: Scalar(text, _place(name)) for name, text in environment.items() if text}
    nodes: dict[str, Node] = {key: given[name] for name, key in _PLAIN.items() if name in given}
    nodes.setdefault("name", _default_name(given[URL]))
    for secret in _SECRETS:
        nodes |= _secret(secret, given)
    if sources := given.get("WHMCS_SOURCES"):
        nodes["sources"] = _listing(sources)
    if ca_file := given.get("WHMCS_CA_FILE"):
        nodes["tls_config"] = _entries({"ca_file": ca_file}, ca_file.place)
    if timezone := given.get(_TIMEZONE):
        nodes["waiting"] = _entries({"timezone": timezone}, timezone.place)
    return _entries(nodes, START)


def _secret(key: str, given: Mapping[str, Scalar]) -> dict[str, Node]:
    _, file_key, variable_key = forms(key)
    variable, nodes = _variable(key), dict[str, Node]()
    if file := given.get(f"{variable}_FILE"):
        nodes[file_key] = file
    if variable in given:
        # By its name, as `KEY_env` in a file has it: the value stays where it is.
        nodes[variable_key] = Scalar(variable, _place(variable))
    return nodes


def _default_name(url: Scalar) -> Scalar:
    return Scalar(host_of(url.text) or "whmcs", url.place)


def _listing(scalar: Scalar) -> Listing:
    words = (word.strip() for word in scalar.text.split(","))
    return Listing(tuple(Scalar(word, scalar.place) for word in words if word), scalar.place)


def _entries(nodes: Mapping[str, Node], place: Place) -> Table:
    return Table({key: Entry(node.place, node) for key, node in nodes.items()}, place)


def _variable(key: str) -> str:
    return f"WHMCS_{key.upper()}"


def _place(variable: str) -> Place:
    return Place(f"environment: {variable}", Path())

"""What is known of a case at hand: the values of the words in capitals in ``cases``."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from exporter.doctor import advice
from exporter.whmcs.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from exporter import config
    from exporter.doctor.calls import Call
    from exporter.whmcs.client import Credential

_PORTS = {"http": 80, "https": 443}
_UNKNOWN_ADDRESS = "its public address"


class Facts:
    """What is known of one site and its calls."""

    def __init__(self, site: config.Site, actions: Iterable[str]) -> None:
        """Know ``site``, which needs ``actions``."""
        departments = ((each.name, each.credential) for each in site.departments.credentials)
        self._owners = {
            id(credential): (name, credential)
            for name, credential in (("", site.credential), *departments)
        }
        self.site = of_url(site.url) | {
            "URL": site.url,
            "ACTIONS": ", ".join(actions),
            "CREDENTIAL": "the site's credential",
        }

    def owner(self, credential: Credential) -> str:
        """Return whose credential it is: a department's name; nothing for the site's own."""
        return self._owners[id(credential)][0]

    def of_call(self, call: Call, calls: Sequence[Call]) -> dict[str, str]:
        """Return what is known of a call that failed; it stands for those that failed alike."""
        name, credential = self._owners[id(call.credential)]
        facts = self.site | {"ACTION": ", ".join(_alike(call, calls)), "GIVEN": _given(credential)}
        if name:
            facts["CREDENTIAL"] = f"the credential of {name}"
        return facts | {"ADDRESS": _address(str(call.error))}


def of_url(url: str) -> dict[str, str]:
    """Return HOST and PORT of a URL."""
    parts = urlsplit(url)
    return {"HOST": parts.hostname or "", "PORT": str(parts.port or _PORTS[parts.scheme.lower()])}


def _alike(call: Call, calls: Sequence[Call]) -> list[str]:
    return [
        each.action
        for each in calls
        if each.credential is call.credential and _case(each) is _case(call)
    ]


def _case(call: Call) -> object:
    return advice.find(call.error) if isinstance(call.error, ApiError) else None


def _given(credential: config.Credential) -> str:
    """Say where the parts of a credential are from, and never what they are."""
    named = {
        "identifier": credential.identifier,
        "secret": credential.secret,
        "password": credential.password,
    }
    parts = [f"`{name}` ({_origin(part)})" for name, part in named.items() if part is not None]
    return " and ".join([*(["`username`"] if credential.username else []), *parts])


def _origin(secret: config.Secret) -> str:
    padded = "; there is white space around it" if secret.padded else ""
    return f"from {secret.origin}{padded}"


def _address(said: str) -> str:
    """Return the address that WHMCS names when it refuses one."""
    match = re.search(r"Invalid IP ([0-9A-Fa-f.:]+)", said)
    try:
        return str(ipaddress.ip_address(match[1])) if match else _UNKNOWN_ADDRESS
    except ValueError:
        return _UNKNOWN_ADDRESS

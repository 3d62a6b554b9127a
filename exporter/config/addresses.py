"""URLs and host names: what is sent to, through or as.

No message shows the value: a URL may hold a user name and a password. What passes here is a URL for
every HTTP client, and ASCII: a name in another script has an ASCII form (``xn--``), a path has
percent signs. The standard library's ``urlsplit`` takes nearly everything, so a pattern decides.
"""

import ipaddress
import re

from exporter.config.model import API_PATH
from exporter.config.values import Unfit

_NAME = r"(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?"
_HOST = rf"(?P<host>{_NAME}|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?"
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<userinfo>[^/?#]*@)?"
    rf"{_HOST}(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?P<rest>[?#].*)?",
    re.IGNORECASE | re.DOTALL,
)
_PROXY = "http://proxy.example:3128"
_MAX_NAME = 253
_MAX_PORT = 65535


def base_url(value: str, *, allow_http: bool) -> str:
    """Return the base of a WHMCS installation, without a trailing slash.

    Plain HTTP, which sends the credential in clear, is refused unless it stays on this machine or
    is allowed.
    """
    base = value.rstrip("/")
    parts = _split(base, "https://billing.example", "leave it out, and use `basic_auth`")
    if (parts["path"] or "").lower().endswith(API_PATH):
        msg = f"the URL ends in {API_PATH}, which is added by itself; write what stands before it"
        raise Unfit(msg)
    if parts["scheme"].lower() == "http" and not allow_http and not _is_loopback(parts["host"]):
        msg = "http would send the credential in clear; write https://, or set `allow_http: true`"
        raise Unfit(msg)
    return base


def proxy_url(value: str) -> str:
    """Return the URL of an HTTP proxy."""
    base = value.rstrip("/")
    if _split(base, _PROXY, "leave it out")["path"]:
        msg = f"a path in the URL of a proxy; write it like {_PROXY}"
        raise Unfit(msg)
    return base


def host_header(value: str) -> str:
    """Return the value of a Host header: a name or an address, perhaps with a port."""
    match = re.fullmatch(_HOST, value)
    if not match or not _is_sound(match):
        msg = "not a host; write a name and perhaps a port, like whmcs.example:8443"
        raise Unfit(msg)
    return value


def server_name(value: str) -> str:
    """Return the name that the certificate must be for."""
    if not re.fullmatch(_NAME, value) or len(value) > _MAX_NAME:
        msg = "not the name of a host; write one like whmcs.example"
        raise Unfit(msg)
    return value


def host_of(url: str) -> str | None:
    """Return the host of a URL, or ``None`` when it is none."""
    match = _URL.fullmatch(url)
    return match["host"].strip("[]") if match else None


def _split(url: str, like: str, userinfo: str) -> re.Match[str]:
    match = _URL.fullmatch(url)
    if not match or not _is_sound(match):
        msg = f"not a URL of http or https; write it like {like}"
        raise Unfit(msg)
    if match["userinfo"]:
        msg = f"a user name or password in the URL; {userinfo}"
        raise Unfit(msg)
    if match["rest"]:
        msg = "a query or a fragment in the URL; leave out `?` or `#` and what is behind it"
        raise Unfit(msg)
    return match


def _is_sound(match: re.Match[str]) -> bool:
    host, port = match["host"], match["port"]
    if port and not 0 < int(port) <= _MAX_PORT:
        return False
    return _address(host) is not None if host.startswith("[") else len(host) <= _MAX_NAME


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host.lower() == "localhost" or (address is not None and address.is_loopback)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None

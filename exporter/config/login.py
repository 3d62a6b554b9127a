"""The secrets of a section, and the credentials made of them."""

import re
from pathlib import Path

from exporter.config.model import BasicAuth
from exporter.config.secret import Credential, FileSecret, Secret
from exporter.config.section import Section
from exporter.config.tree import Node
from exporter.config.values import Unfit, text, username

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Where systemd puts what a unit loads (`LoadCredential=`), and takes it away again.
_CREDENTIALS = Path("/run/credentials")
_FILL = "put the secret into it"
_GIVE = "give the path of a file that holds the secret"


def forms(key: str) -> tuple[str, str, str]:
    """Return the keys under which a secret may be given, of which exactly one is."""
    return key, f"{key}_file", f"{key}_env"


_API = (*forms("identifier"), *forms("secret"))
_ADMIN = ("username", *forms("password"))


def credential(section: Section, site: Section) -> Credential | None:
    """Read the credential of a section; the access key is the site's."""
    access_key = _secret(site, "access_key") if site.find(*forms("access_key")) else None
    found = section.find(*_API, *_ADMIN)
    admin = [key for key in found if key in _ADMIN]
    if not found:
        section.lacks(f"no credential; give {_pairs(section)}")
    elif not admin:
        return _of_api(section, access_key)
    elif len(admin) == len(found):
        return _of_admin(section, access_key)
    else:
        section.problem(found[admin[0]].place, f"two kinds of login; give {_pairs(section)}")
    return None


def basic_auth(section: Section) -> BasicAuth | None:
    """Read the user and password for what stands in front of WHMCS."""
    if not section.is_given:
        return None
    name, password = section.required("username", username), _secret(section, "password")
    return BasicAuth(username=name, password=password) if name and password else None


def _of_api(section: Section, access_key: Secret | None) -> Credential | None:
    identifier, secret = _secret(section, "identifier"), _secret(section, "secret")
    if identifier is None or secret is None:
        return None
    return Credential(identifier=identifier, secret=secret, access_key=access_key)


def _of_admin(section: Section, access_key: Secret | None) -> Credential | None:
    name, password = section.required("username", text), _secret(section, "password")
    if name is None or password is None:
        return None
    return Credential(username=name, password=password, access_key=access_key)


def _pairs(section: Section) -> str:
    names = (section.spelled(key) for key in ("identifier", "secret", "username", "password"))
    return "{} and {}, or {} and {}".format(*names)


def _secret(section: Section, key: str) -> Secret | None:
    found = section.find(*forms(key))
    if not found:
        section.lacks(f"no {section.spelled(key)}; give {section.spelled(*forms(key))}")
        return None
    (form, node), *others = found.items()
    if others:
        names = " and ".join(section.spelled(form) for form in found)
        section.problem(others[0][1].place, f"{names} are given; give one of them")
        return None
    return _value(section, form, node)


def _value(section: Section, key: str, node: Node) -> Secret | None:
    if key.endswith("_file"):
        folder = node.place.folder
        return section.parsed(key, node, lambda value: _from_file(section, folder, value))
    if key.endswith("_env"):
        return section.parsed(key, node, lambda value: _from_variable(section, value))
    return section.parsed(key, node, lambda value: _literal(value, "configuration"))


def _literal(value: str, origin: str) -> Secret:
    try:
        value.encode()
    except UnicodeEncodeError:
        msg = "the secret is not UTF-8; write it in UTF-8"
        # The cause would carry the value.
        raise Unfit(msg) from None
    return Secret(value, origin=origin)


def _from_variable(section: Section, name: str) -> Secret:
    if not _VARIABLE.fullmatch(name):
        msg = "not the name of an environment variable; write one like WHMCS_SECRET"
        raise Unfit(msg)
    value = section.scope.environment.get(name)
    if not value:
        msg = "this environment variable is not set or empty; set it, or give the name of another"
        raise Unfit(msg)
    return _literal(value, f"${name}")


def _from_file(section: Section, folder: Path, name: str) -> Secret:
    path = folder / text(name)
    section.scope.secret_files[path] = None
    try:
        return FileSecret(path)
    except OSError as error:
        reason, right = error.strerror, _right(path, error)
    except ValueError as error:
        reason, right = str(error), _FILL
    msg = f"the file of the secret cannot be used ({reason}); {right}"
    raise Unfit(msg)


def _right(path: Path, error: OSError) -> str:
    # `is_relative_to` takes quadratic time from Python 3.12 on.
    if path.parts[: len(_CREDENTIALS.parts)] == _CREDENTIALS.parts:
        return "it is there while the service runs, for the service and for root"
    if isinstance(error, PermissionError):
        return "let the exporter's user read it"
    return _GIVE

"""Who may call a simulated WHMCS, and what it says to whoever may not."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from hashlib import md5

DEFAULT_CREDENTIAL = "simulated"
FORBIDDEN = 403


class Refusal(Exception):
    """A request that WHMCS refuses.

    Attributes:
        status: HTTP status.
        message: The answer's `message`.
    """

    def __init__(self, status: int, message: str) -> None:
        """Refuse with this HTTP status and message."""
        super().__init__(message)
        self.status = status
        self.message = message


def not_allowed(action: str) -> Refusal:
    """Make the refusal of an action that the API role does not list."""
    message = f'Invalid Permissions: API action "{action.lower()}" is not allowed'
    return Refusal(FORBIDDEN, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A credential and what it opens.

    Attributes:
        identifier: Of an API credential; with `-dept-ID` behind it, and the same secret, it is
            the credential of a user assigned to that department alone.
        secret: Of the API credential.
        username: Of the legacy login; an empty one never fits.
        password: Of the legacy login, where its MD5 is sent.
        departments: Ids that the user is assigned to; None: all.
        permissions: Actions that the API role lists, any case; None: all.
    """

    identifier: str = DEFAULT_CREDENTIAL
    secret: str = field(default=DEFAULT_CREDENTIAL, repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    departments: frozenset[int] | None = None
    permissions: frozenset[str] | None = None

    def check(self, form: Mapping[str, str], department_ids: Collection[int]) -> "Access":
        """Find the access that the form's credentials open.

        Args:
            form: The request's fields.
            department_ids: Departments that have a credential of their own.

        Raises:
            Refusal: They open none.
        """
        if "identifier" not in form and "username" in form:
            return self._login(form)
        own = {self.identifier: self} | {
            f"{self.identifier}-dept-{each}": replace(self, departments=frozenset({each}))
            for each in department_ids
        }
        found = own.get(form.get("identifier", ""))
        if found is None or form.get("secret") != self.secret:
            raise Refusal(FORBIDDEN, "Invalid or missing credentials")
        return found

    def require(self, action: str) -> None:
        """Refuse an action that the API role does not list.

        Raises:
            Refusal: It does not.
        """
        if self.permissions is None or action.lower() in {
            each.lower() for each in self.permissions
        }:
            return
        raise not_allowed(action)

    def _login(self, form: Mapping[str, str]) -> "Access":
        if not self.username or form["username"] != self.username:
            raise Refusal(FORBIDDEN, "Authentication Failed")
        if form.get("password") != md5(self.password.encode(), usedforsecurity=False).hexdigest():
            raise Refusal(FORBIDDEN, "Invalid password provided")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Which addresses may call at all.

    Attributes:
        addresses: The allow-list, exact.
        access_key: What opens from anywhere else. Without both, the door is open.
    """

    addresses: frozenset[str] = frozenset()
    access_key: str = field(default="", repr=False)

    def check(self, form: Mapping[str, str], address: str) -> None:
        """Let a request pass by its address or its `accesskey`.

        Raises:
            Refusal: It has neither.
        """
        if not self.addresses and not self.access_key:
            return
        if address in self.addresses:
            return
        if not self.access_key or form.get("accesskey") != self.access_key:
            raise Refusal(FORBIDDEN, f"Invalid IP {address}")

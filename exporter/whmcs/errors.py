"""What can go wrong with one call of WHMCS's API.

::

    ApiError
    ├── TimedOut            timeout        the deadline of the call passed, at whatever stage
    ├── TLSFailed           tls            handshake or certificate
    ├── ConnectFailed       connect        name, refusal, reset, or an end before the answer's end
    ├── TooLarge            too_large      head, decoded body, nesting or lists beyond a limit
    ├── Redirected          redirect       any 3xx
    ├── RateLimited         rate_limited   429; 503 with Retry-After
    ├── IPDenied            ip_denied      this address is not allowed, or banned
    ├── PermissionMissing   permission     the credential's role lacks the action
    ├── AuthFailed          auth           the credential is wrong or disabled
    ├── ActionFailed        api_error      any other refusal by WHMCS
    ├── HTTPStatus          http_status    any other status but 200
    ├── NotJSON             not_json       200, and not one JSON document
    └── SchemaMismatch      schema         JSON, but not what the action promises

The order is the order of judging: the first that fits is the one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

E = TypeVar("E", bound=BaseException)


class ApiError(Exception):
    """One call failed.

    ``reason`` is a label value of ``whmcs_api_failures_total``: a closed set. ``hint`` says what to
    do in a few words; the doctor knows more. The text is for people; it goes into the log and onto
    the landing page, so it never holds a secret.
    """

    reason: ClassVar[str]
    hint: ClassVar[str]


class TimedOut(ApiError):
    """The deadline of the call passed."""

    reason = "timeout"
    hint = "look at WHMCS's load and at firewalls that drop packets, or raise `timeout`"


class TLSFailed(ApiError):
    """The TLS handshake failed, or a certificate was refused by either side."""

    reason = "tls"
    hint = "look at the certificate's names and expiry, and at `tls_config`"


class ConnectFailed(ApiError):
    """No connection, or it ended before the answer did."""

    reason = "connect"
    hint = "look at `url`, at DNS, and whether the web server runs"


class TooLarge(ApiError):
    """The answer is larger, nested deeper or of more parts than the exporter is ready to hold."""

    reason = "too_large"
    hint = "look at what answers at `url`, or raise `limits.response_bytes`"


class Redirected(ApiError):
    """WHMCS, or what stands in front of it, sent the call elsewhere; it is never followed."""

    reason = "redirect"
    hint = "write the final address as `url`"


class RateLimited(ApiError):
    """The server asked to be left alone, for ``retry_after`` seconds when it said so."""

    reason = "rate_limited"
    hint = (
        "look whether WHMCS is in maintenance; exempt this host from the limit in front of it, or "
        "raise `interval`"
    )

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """Keep the wait that the server asked for, in seconds; None when it named none."""
        super().__init__(message)
        self.retry_after = retry_after


class IPDenied(ApiError):
    """WHMCS does not take calls from this address."""

    reason = "ip_denied"
    hint = "add this host's address to API IP Access Restriction in WHMCS; look at its Banned IPs"


class PermissionMissing(ApiError):
    """The credential is good, but may not use this action."""

    reason = "permission"
    hint = "tick the action in the credential's API role, and API Access in its administrator's"


class AuthFailed(ApiError):
    """The credential is unknown, wrong or disabled."""

    reason = "auth"
    hint = "correct identifier and secret; see that their administrator is enabled"


class ActionFailed(ApiError):
    """WHMCS answered ``result=error`` with a message of another kind."""

    reason = "api_error"
    hint = "look at what WHMCS said"


class HTTPStatus(ApiError):
    """An answer with another status than 200 that explains itself in no way known here."""

    reason = "http_status"
    hint = "look at the error logs of the web server and of PHP"


class NotJSON(ApiError):
    """The answer is not one JSON document in UTF-8."""

    reason = "not_json"
    hint = "open `url` in a browser: a maintenance page, a licence error or a warning of PHP"


class SchemaMismatch(ApiError):
    """The answer is JSON, but lacks what the action promises."""

    reason = "schema"
    hint = "look for an add-on of WHMCS that changes the API, and at WHMCS's version"


def bare(error: E) -> E:
    """Return an error without its frames and what led to it.

    They hold the answer, which may be megabytes of anything, and often the error itself: in such a
    circle it would stay until the garbage is looked through.
    """
    error.__context__ = None
    return error.with_traceback(None)


_KINDS = (
    TimedOut,
    TLSFailed,
    ConnectFailed,
    TooLarge,
    Redirected,
    RateLimited,
    IPDenied,
    PermissionMissing,
    AuthFailed,
    ActionFailed,
    HTTPStatus,
    NotJSON,
    SchemaMismatch,
)
REASONS: tuple[str, ...] = tuple(kind.reason for kind in _KINDS)
"""Every value that the label ``reason`` can have."""
HINTS: Mapping[str, str] = {kind.reason: kind.hint for kind in _KINDS}
"""What to do about each reason, in a few words for the log and the landing page."""

"""One HTTP answer, judged: the document of a success, or the one error that fits first.

Rests on WHMCS's documentation of authentication and on what public API clients have seen: a
refusal's reason stands in the body of a 4xx as often as in a 200, as JSON or, from older
versions, as ``result=error;message=…`` although JSON was asked for. So the body is read first.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus as Status
from typing import TYPE_CHECKING
from urllib.parse import unquote

from exporter.whmcs import errors
from exporter.whmcs.document import JSON, has_equal_keys, parse
from exporter.whmcs.entities import unescape
from exporter.whmcs.redaction import LONGEST, blot, censor, quote

if TYPE_CHECKING:
    from collections.abc import Collection

# How WHMCS's messages begin, in the order of judging.
_MESSAGES: tuple[tuple[type[errors.ApiError], re.Pattern[str]], ...] = (
    (
        errors.IPDenied,
        re.compile(
            r"invalid ip\b|forbidden ip\b|(?>.*?\bip\b).*\bbanned\b", re.IGNORECASE | re.DOTALL
        ),
    ),
    (errors.PermissionMissing, re.compile(r"invalid permissions|access denied", re.IGNORECASE)),
    (
        errors.AuthFailed,
        re.compile(
            r"invalid or missing credentials|authentication failed"
            r"|invalid password|administrator account disabled",
            re.IGNORECASE,
        ),
    ),
)
_BANNED_PAGE = re.compile(
    r"forbidden\s+ip\b|\b(?:ip|address)\b[^<]{0,60}\bbanned\b|\bbanned\b[^<]{0,60}\b(?:ip|address)\b",
    re.IGNORECASE,
)
_TITLE = re.compile("<title[^<>]{0,100}>([^<]{1,200})<", re.IGNORECASE)
_TEXT_REFUSAL = re.compile(
    r"\s*result=(?P<result>[^;\s]+)(?:;.*?message=(?P<message>.*))?", re.DOTALL
)
_ABSURD_DIGITS = 10
# What is said is said soon; a megabyte of words would take a second to search.
_LONGEST_PAGE = 64 * 1024
_LONGEST_TITLE = 1024
# Decoding a whole message, which may be a megabyte long, only to match its beginning is slow.
_LONGEST_BEGINNING = 4096


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response with its whole body, decoded unless ``problem`` says why not."""

    status: int
    body: bytes
    retry_after: str | None = None
    location: str | None = None
    problem: str = ""


def judge(answer: Answer, secrets: Collection[str] = ()) -> dict[str, JSON]:
    """Return the document of a successful answer.

    Args:
        answer: What came over the wire.
        secrets: Values that an error's text must not repeat, should WHMCS echo them.

    Raises:
        ApiError: The first that fits, in the order of the errors' tree.
    """
    document, unreadable = _read(answer.body)
    _refuse_redirect_and_limit(answer, secrets)
    message = _refusal(document, answer.body if unreadable else b"")
    said = "" if message is None else f"WHMCS says: {quote(message, secrets)}"
    if message is not None:
        _refuse_known(message, said)
    if answer.status == Status.UNAUTHORIZED:
        raise errors.AuthFailed("HTTP status 401")
    if message is not None:
        raise errors.ActionFailed(said)
    if answer.status != Status.OK:
        raise errors.HTTPStatus(f"HTTP status {answer.status}{_page(answer, secrets)}")
    if unreadable:
        raise errors.NotJSON(f"{unreadable}{answer.problem}{_page(answer, secrets)}")
    trusted = _trusted(document)
    censor(trusted, answer.body, secrets)
    return trusted


def _read(body: bytes) -> tuple[JSON, errors.NotJSON | None]:
    try:
        return parse(body), None
    except errors.NotJSON as error:
        return None, errors.bare(error)


def _refuse_redirect_and_limit(answer: Answer, secrets: Collection[str]) -> None:
    if Status.MULTIPLE_CHOICES <= answer.status < Status.BAD_REQUEST:
        # What is behind `?` is of no use, and may be what was sent.
        location = blot(unquote(blot(answer.location or "", secrets)), secrets)
        path = re.split("[?#]", location)[0]
        to = f" to {quote(path, secrets, location)}" if path else ""
        raise errors.Redirected(f"HTTP status {answer.status}{to}: redirects are not followed")
    limited = answer.status == Status.TOO_MANY_REQUESTS or (
        answer.status == Status.SERVICE_UNAVAILABLE and answer.retry_after is not None
    )
    if limited:
        wait = _seconds(answer.retry_after, datetime.now(UTC))
        raise errors.RateLimited(f"HTTP status {answer.status}", wait)


def _refusal(document: JSON, unreadable: bytes) -> str | None:
    """Return the message of a refusal; None when the answer is none."""
    if isinstance(document, dict) and "result" in document:
        result, message = document["result"], document.get("message")
        return None if _is_success(result) else (message if isinstance(message, str) else "")
    text = unreadable[:_LONGEST_PAGE].decode("utf-8-sig", "replace")
    if match := _TEXT_REFUSAL.match(text):
        return None if _is_success(match["result"]) else (match["message"] or "")
    page = _BANNED_PAGE.search(text)
    return f"Forbidden IP ({page[0]})" if page else None


def _page(answer: Answer, secrets: Collection[str]) -> str:
    """Return how a page calls itself: a firewall's or a maintenance page's title tells it apart."""
    head = answer.body[:_LONGEST_PAGE].decode("utf-8", "replace")
    begun = _TITLE.search(head)
    if begun is None:
        return ""
    # A title ends at a `<`, which may be within a secret.
    rest = blot(head[begun.start() :][:_LONGEST_TITLE], secrets)
    title = _TITLE.match(rest)
    return f' (a page titled "{quote(title[1], secrets, rest)}")' if title else ""


def _is_success(result: JSON) -> bool:
    return isinstance(result, str) and result.lower() == "success"


def _refuse_known(message: str, said: str) -> None:
    beginning = unescape(message.lstrip()[:_LONGEST_BEGINNING]).strip()[:LONGEST]
    for error, pattern in _MESSAGES:
        if pattern.match(beginning):
            raise error(said)


def _trusted(document: JSON) -> dict[str, JSON]:
    if not isinstance(document, dict):
        raise errors.SchemaMismatch("the answer is no JSON object")
    if "result" not in document:
        raise errors.SchemaMismatch("the answer has no `result`")
    if has_equal_keys(document):
        raise errors.SchemaMismatch("the answer has a key twice in one object")
    return document


def _seconds(retry_after: str | None, now: datetime) -> float | None:
    """Read a ``Retry-After`` (RFC 9110, 10.2.3): seconds or a date; None when it is neither."""
    text = (retry_after or "").strip()
    if re.fullmatch("[0-9]+", text):
        # Longer than any patience, and longer than `float` may be asked to read.
        return float(text) if len(text) < _ABSURD_DIGITS else math.inf
    try:
        date = parsedate_to_datetime(text)
        # A date without a zone comes back naive; HTTP's dates are UTC.
        return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds())
    except (ValueError, OverflowError):
        return None

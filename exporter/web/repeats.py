"""Scrapes that are asked for in the very bytes that one before was asked for.

A scraper says the same for as long as it lives. To parse, route and answer it takes aiohttp several
times longer than all else does, so what a first request has meant is remembered, and equal ones are
answered by that: with the same head, and with the body that there is now.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import HttpVersion11, hdrs

from exporter.web.pieces import SMALL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiohttp import web

HEAD_END = b"\r\n\r\n"
# Scrapers use a fifth of it.
_LONGEST = 2048


@dataclass(frozen=True, slots=True)
class Answer:
    """How a request is answered each time.

    ``body`` returns the body as it is now, and counts the request; None where this would hold up
    the event loop, or may not be: then the usual way has to be gone. ``head`` has places for the
    body's length and the date.
    """

    head: bytes
    body: Callable[[], bytes | None]

    def parts(self) -> tuple[bytes, bytes] | None:
        """Return what to send now, a small body as a part of the head; None: go the usual way."""
        body = self.body()
        if body is None:
            return None
        head = self.head % (len(body), _date(int(time.time())))
        return (head + body, b"") if len(body) < SMALL else (head, body)


class Repeats:
    """The answers to requests, by their bytes."""

    def __init__(self, most: int = 64) -> None:
        """Remember nothing yet, and so many at most; a whole head of each, 128 KiB in all."""
        self._most = most
        self._answers: dict[bytes, Answer] = {}

    def learn(
        self,
        asked: bytes | None,
        request: web.Request,
        response: web.StreamResponse,
        body: Callable[[], bytes | None],
    ) -> None:
        """Remember how a request was answered, if equal ones may be so; the oldest makes room.

        ``asked`` are its bytes; None where it did not come by itself.
        """
        if asked is None or asked in self._answers or not _is_repeatable(request):
            return
        self._answers[asked] = Answer(_head(response.headers), body)
        if len(self._answers) > self._most:
            del self._answers[next(iter(self._answers))]

    def answer(self, asked: bytes) -> Answer | None:
        """Return how this was answered before."""
        return self._answers.get(asked)


def is_whole(data: bytes) -> bool:
    """Tell whether these may be one request's bytes and no other's, and are worth to be kept."""
    return len(data) <= _LONGEST and data.find(HEAD_END) == len(data) - len(HEAD_END)


def _is_repeatable(request: web.Request) -> bool:
    """Tell whether an equal request can be answered by an equal head and a body, and no more."""
    return (
        request.method == hdrs.METH_GET
        and request.version == HttpVersion11
        and request.keep_alive
        and not request.body_exists
        and hdrs.EXPECT not in request.headers
    )


def _head(headers: Mapping[str, str]) -> bytes:
    """Write a head in which the body's length and the date are still to be filled in."""
    fixed = {name: value.replace("%", "%%") for name, value in headers.items()}
    lines = fixed | {hdrs.CONTENT_LENGTH: "%d", hdrs.DATE: "%b"}
    status = f"HTTP/1.1 {HTTPStatus.OK:d} {HTTPStatus.OK.phrase}"
    head = "".join(f"\r\n{name}: {value}" for name, value in lines.items())
    return f"{status}{head}".encode() + HEAD_END


@lru_cache(maxsize=1)
def _date(seconds: int) -> bytes:
    return formatdate(seconds, usegmt=True).encode()

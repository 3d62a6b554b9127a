"""One POST per action, bounded in time and size, with every failure one of ours."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import quote_plus, urlencode

import aiohttp
from aiohttp import http_exceptions

from exporter import threads
from exporter.whmcs import body, errors
from exporter.whmcs.answer import Answer, judge
from exporter.whmcs.connector import Connector
from exporter.whmcs.tls import bound_buffers
from exporter.whmcs.transfer import READ_BYTES, Transfer, current
from exporter.whmcs.transport import failure

if TYPE_CHECKING:
    import ssl
    from collections.abc import Collection, Iterable, Mapping

    from exporter.whmcs.actions import Action

T = TypeVar("T")

_ENDED = (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)
# To judge and decode a body takes up to 0.3 s of CPU for each MiB.
_LARGE_BODY = 64 * 1024


class Password(Protocol):
    """A secret that may change while the exporter runs."""

    def reveal(self) -> str:
        """Return the value in memory."""

    def values(self) -> tuple[str, ...]:
        """Return each value that must not be shown."""

    def refresh(self, *, force: bool = False) -> bool:
        """Read it again where it comes from a file; tell whether it is another one."""


class Credential(Protocol):
    """What a call proves its right with."""

    def form(self) -> Mapping[str, str]:
        """Return the POST fields, named as WHMCS's authentication document names them."""

    def values(self) -> tuple[str, ...]:
        """Return each value that must not be shown."""

    def refresh(self, *, force: bool = False) -> bool:
        """Read again what comes from files; return whether any value has changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where and how one WHMCS installation is reached.

    ``url`` ends in ``/includes/api.php``; ``response_bytes`` bounds a decoded body;
    ``basic_auth`` is a name and password for what stands in front of WHMCS; ``credentials`` are all
    that calls are made with: a server that knows one may repeat it in an answer to another.
    """

    url: str
    response_bytes: int
    ssl_context: ssl.SSLContext | None = None
    server_name: str | None = None
    host_header: str | None = None
    proxy_url: str | None = None
    basic_auth: tuple[str, Password] | None = None
    credentials: tuple[Credential, ...] = ()


def open_session(
    user_agent: str, traces: Iterable[aiohttp.TraceConfig] = ()
) -> aiohttp.ClientSession:
    """Make the one session that all sites share; to be closed by the caller.

    It keeps no cookies (a PHP session would tie calls together), reads no proxy from the
    environment, and leaves decompression to ``Client``, which bounds it.
    """
    bound_buffers()
    return aiohttp.ClientSession(
        connector=Connector(),
        trace_configs=list(traces),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={
            "User-Agent": user_agent,
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "Content-Type": "application/x-www-form-urlencoded",
        },
        # The deadline of a call is the caller's; aiohttp's own would race with it.
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        auto_decompress=False,
        read_bufsize=READ_BYTES,
        trust_env=False,
    )


@dataclass(frozen=True, slots=True)
class Identity:
    """What a server identifies a request by, as digests.

    ``credential`` changes with each value that is sent as proof, ``address`` with the way that the
    request takes: a proxy has an address of its own, and an access key replaces the IP allowlist.
    """

    credential: bytes
    address: bytes


class Client:
    """WHMCS's API at one endpoint."""

    def __init__(self, session: aiohttp.ClientSession, endpoint: Endpoint) -> None:
        """Call ``endpoint`` through ``session``, which stays the caller's."""
        self._session = session
        self._endpoint = endpoint

    @property
    def credentials(self) -> Iterable[Credential]:
        """Return every credential that is configured for the endpoint."""
        return self._endpoint.credentials

    def identity(self, credential: Credential) -> Identity:
        """Return what the server identifies a request with ``credential`` by."""
        form = credential.form()
        endpoint = self._endpoint
        login = self._headers().get("Authorization", "")
        return Identity(
            credential=_digest(endpoint.url, endpoint.proxy_url or "", login, *form.values()),
            address=_digest(endpoint.proxy_url or "", form.get("accesskey", "")),
        )

    def refresh(self, *, force: bool = False) -> bool:
        """Read the client's own password again; tell whether it is another one."""
        login = self._endpoint.basic_auth
        return login is not None and login[1].refresh(force=force)

    async def post(
        self,
        action: Action[T],
        parameters: Mapping[str, str],
        credential: Credential,
        *,
        limit: float,
    ) -> T:
        """Call one action and return the decoded value of its success.

        Args:
            action: The action, with the decoder of its response.
            parameters: The action's own fields.
            credential: Whose rights to use.
            limit: Seconds for all of it: name resolution, body and decoding included.

        Raises:
            ApiError: Whatever went wrong; nothing else is raised for what a server can do.
        """
        form = {
            "action": action.name,
            "responsetype": "json",
            **credential.form(),
            **parameters,
        }
        # What is sent is what may come back, even if a secret changes meanwhile.
        secrets = self._secrets(credential)
        try:
            async with asyncio.timeout(limit):
                answer = await self._exchange(form)
                return await _decoded(action, answer, secrets)
        except TimeoutError:
            raise errors.TimedOut(f"no whole answer within {limit:.3g} s") from None
        except (
            aiohttp.ClientError,
            http_exceptions.HttpProcessingError,
            OSError,
            UnicodeError,
        ) as error:
            # The original may quote what the server sent, a secret it echoes perhaps.
            endpoint = self._endpoint
            raise failure(errors.bare(error), endpoint.url, endpoint.proxy_url) from None

    async def _exchange(self, form: Mapping[str, str]) -> Answer:
        """Send a call, again where a kept connection had ended before it came to be used.

        A server that closes one without a word does it while a call is on its way, sooner or
        later. aiohttp repeats no POST by itself, but ours only read (RFC 9110, 9.2.2).
        """
        while True:
            transfer = Transfer()
            current.set(transfer)
            try:
                return await self._send(form, transfer)
            except aiohttp.ClientError as error:
                transfer.check()
                # Each time one kept connection less, so there is an end to it.
                if not (transfer.reused and isinstance(error, _ENDED)):
                    raise

    async def _send(self, form: Mapping[str, str], transfer: Transfer) -> Answer:
        endpoint = self._endpoint
        async with self._session.post(
            endpoint.url,
            # Encoded here: aiohttp's own forms, which hold files too, take three times as long.
            data=urlencode(form).encode(),
            headers=self._headers(),
            allow_redirects=False,
            proxy=endpoint.proxy_url,
            ssl=endpoint.ssl_context or True,
            server_hostname=endpoint.server_name,
        ) as response:
            found = await body.read(response, endpoint.response_bytes, transfer)
            transfer.finish()
            return Answer(
                response.status,
                found.data,
                problem=found.problem,
                retry_after=response.headers.get("Retry-After"),
                location=response.headers.get("Location"),
            )

    def _headers(self) -> dict[str, str]:
        endpoint = self._endpoint
        headers = {"Host": endpoint.host_header} if endpoint.host_header else {}
        if endpoint.basic_auth is not None:
            username, password = endpoint.basic_auth
            headers["Authorization"] = f"Basic {_login(username, password.reveal())}"
        return headers

    def _secrets(self, credential: Credential) -> frozenset[str]:
        """Return what must not be shown, as it is and as it is sent."""
        own: frozenset[str] = frozenset()
        if self._endpoint.basic_auth is not None:
            username, password = self._endpoint.basic_auth
            own = own.union(*((each, _login(username, each)) for each in password.values()))
        every = (credential, *self._endpoint.credentials)
        secrets = own.union(*(each.values() for each in every))
        return secrets.union(map(quote_plus, secrets))


def _digest(*values: str) -> bytes:
    return hashlib.sha256("\0".join(values).encode("utf-8", "surrogatepass")).digest()


def _login(username: str, password: str) -> str:
    return b64encode(f"{username}:{password}".encode()).decode()


async def _decoded(action: Action[T], answer: Answer, secrets: Collection[str]) -> T:
    """Judge and decode an answer, a large one in a thread so that the event loop goes on."""
    if len(answer.body) <= _LARGE_BODY:
        return action.decode(judge(answer, secrets))
    return await threads.compute(lambda: action.decode(judge(answer, secrets)))

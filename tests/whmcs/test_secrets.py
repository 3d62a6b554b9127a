"""A hunt for one secret through everything that a failed call leaves behind."""

import json
import logging
import traceback
from asyncio import StreamReader, StreamWriter
from pathlib import Path
from typing import cast

import pytest

from exporter.config.secret import Credential, FileSecret, Secret
from exporter.whmcs.errors import ApiError
from tests.whmcs.authority import Authority
from tests.whmcs.calls import call, failure
from tests.whmcs.server import (
    OK,
    Request,
    Server,
    answer,
    says,
    says_and_resets,
    says_and_waits,
    serving,
)

SENTINEL = "Sentinel47"
ECHO = SENTINEL.encode()
CREDENTIAL = Credential(
    identifier=Secret(SENTINEL), secret=Secret(SENTINEL), access_key=Secret(SENTINEL)
)
LOGIN = ("user", Secret(SENTINEL))
PLAIN = "http://whmcs.example/"
TLS = "https://whmcs.example/"

# What a server can send that repeats a secret, or makes the client fail with it in its hands.
ANSWERS = {
    "nothing": b"",
    "garbage": ECHO + b"\r\n\r\n",
    "status line": b"HTTP/1.1 " + ECHO + b"\r\n\r\n",
    "reason": answer(b"", status=f"500 {SENTINEL}"),
    "long reason": OK + ECHO * 1000,
    "field": OK + ECHO + b"\r\n\r\n",
    "bad field": OK + b"X: " + ECHO + b"\x00\r\n\r\n",
    "long field": OK + b"X: " + ECHO * 1000 + b"\r\n\r\n",
    "many fields": OK + (b"X: " + ECHO + b"\r\n") * 1000,
    "length": OK + b"Content-Length: " + ECHO + b"\r\n\r\n",
    "chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n" + ECHO + b"\r\n",
    "short body": OK + b"Content-Length: 99\r\n\r\n" + ECHO,
    "redirect": answer(ECHO, f"Location: /?{SENTINEL}", status="302 Found"),
    "path of a redirect": answer(b"", f"Location: /{SENTINEL}/", status="302 Found"),
    "encoded redirect": answer(b"", "Location: /%53entinel47/", status="302 Found"),
    "title": answer(b"<title>No " + ECHO + b"</title>"),
    "encoded title": answer(b"<title>No &#83;entinel47</title>", status="403 No"),
    "limit": answer(ECHO, f"Retry-After: {SENTINEL}", status="429 No"),
    "page": answer(ECHO),
    "page of a status": answer(ECHO, status="500 No"),
    "banned": answer(b"<p>Your IP " + ECHO + b" is banned</p>"),
    "login": answer(ECHO, f'WWW-Authenticate: Basic realm="{SENTINEL}"', status="401 No"),
    "message": answer(json.dumps({"result": "error", "message": f"No {SENTINEL}"}).encode()),
    "other case": answer(
        json.dumps({"result": "error", "message": f"No {SENTINEL.upper()}"}).encode()
    ),
    "encoded": answer(b'{"result": "error", "message": "No &#83;entinel47"}'),
    "escaped": answer(rb'{"result": "error", "message": "No \u0053entinel47"}'),
    "text": answer(b"result=error;message=Invalid IP " + ECHO),
    "result": answer(json.dumps({"result": SENTINEL}).encode()),
    "no result": answer(json.dumps({SENTINEL: SENTINEL}).encode()),
    "no object": answer(json.dumps(SENTINEL).encode()),
    "broken JSON": answer(b'{"' + ECHO + b'": '),
    "too deep": answer(b"[" * 70 + b'"' + ECHO + b'"' + b"]" * 70),
    "too large": answer(ECHO * 1000),
    "gzip": answer(ECHO, "Content-Encoding: gzip"),
}


def hunt(error: ApiError, log: str) -> None:
    """Look for the secret wherever an error is shown."""
    shown = [str(error), repr(error), *traceback.format_exception(error), log]
    shown += [str(argument) for argument in error.args]
    assert SENTINEL.lower() not in "".join(shown).lower()
    # Whatever led to it may quote the server, and is not shown.
    assert error.__suppress_context__ or error.__context__ is None


@pytest.mark.parametrize("name", ANSWERS)
async def test_answers(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """No answer makes an error or the log show a secret."""
    caplog.set_level(logging.DEBUG)
    async with serving(says(ANSWERS[name])) as server:
        error = await failure(server.endpoint(basic_auth=LOGIN), CREDENTIAL)
    hunt(error, caplog.text)


@pytest.mark.parametrize("name", ["nothing", "garbage", "reason", "field", "long field", "login"])
@pytest.mark.parametrize("url", [PLAIN, TLS])
async def test_proxies(name: str, url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nor does what a proxy answers."""
    caplog.set_level(logging.DEBUG)
    async with serving(says(ANSWERS[name])) as proxy:
        endpoint = proxy.endpoint(url=url, proxy_url=proxy.address, basic_auth=LOGIN)
        error = await failure(endpoint, CREDENTIAL)
    hunt(error, caplog.text)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://a..b/", "nonsense"])
async def test_no_connection(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nor does a call that reaches nobody."""
    caplog.set_level(logging.DEBUG)
    endpoint = Server("http://localhost:1", []).endpoint(url=url, basic_auth=LOGIN)
    hunt(await failure(endpoint, CREDENTIAL), caplog.text)


async def test_certificate(authority: Authority, caplog: pytest.LogCaptureFixture) -> None:
    """Nor does a certificate that is refused, whatever name it is for."""
    caplog.set_level(logging.DEBUG)
    tls = authority.server_context(f"{SENTINEL}.example")
    async with serving(says(answer()), tls=tls) as server:
        error = await failure(server.endpoint(basic_auth=LOGIN), CREDENTIAL)
    hunt(error, caplog.text)


async def test_password_in_front_of_whmcs() -> None:
    """The password of what stands in front of WHMCS is hidden like WHMCS's own."""
    async with serving(says(ANSWERS["message"])) as server:
        hunt(await failure(server.endpoint(basic_auth=LOGIN)), "")


async def test_other_credentials_of_the_site() -> None:
    """Nor is a secret shown that went with another call to the same site."""
    async with serving(says(ANSWERS["message"])) as server:
        hunt(await failure(server.endpoint(credentials=(CREDENTIAL,))), "")


async def test_reset_and_deadline(caplog: pytest.LogCaptureFixture) -> None:
    """Nor does an answer that stops in the middle."""
    caplog.set_level(logging.DEBUG)
    start = OK + b"Content-Length: 99\r\n\r\n" + ECHO
    for script in (says_and_resets(start), says_and_waits(start)):
        async with serving(script) as server:
            endpoint = server.endpoint(basic_auth=LOGIN)
            hunt(await failure(endpoint, CREDENTIAL, limit=0.1), caplog.text)


async def test_secret_that_changes_meanwhile(tmp_path: Path) -> None:
    """The secret that was sent stays hidden even when another one replaced it meanwhile."""
    path = tmp_path / "secret"
    path.write_text(SENTINEL, encoding="utf-8")
    secret = FileSecret(path)
    credential = Credential(identifier=Secret("id"), secret=secret)

    async def script(reader: StreamReader, writer: StreamWriter) -> None:
        path.write_text("another", encoding="utf-8")
        assert secret.refresh(force=True)
        await says(ANSWERS["message"])(reader, writer)

    async with serving(script) as server:
        error = await failure(server.endpoint(), credential)
    assert "another" == secret.reveal()
    hunt(error, "")


async def test_names_as_sent() -> None:
    """What stands in a request, in its head and in its body, is no name of anything."""
    odd = "a+/ä& sentinel47"
    requests: list[Request] = []

    async def repeat(_: StreamReader, writer: StreamWriter) -> None:
        (request,) = requests
        sent = [request.headers["authorization"], *request.body.decode().split("&")]
        rows = [{"title": each, "count": 1} for each in sent]
        writer.write(answer(json.dumps({"result": "success", "status": rows}).encode()))

    credential = Credential(identifier=Secret("identifier47"), secret=Secret(odd))
    async with serving(repeat, requests=requests) as server:
        endpoint = server.endpoint(basic_auth=("user", Secret(odd)))
        rows = cast("list[dict[str, str]]", (await call(endpoint, credential))["status"])
    titles = [row["title"] for row in rows]
    assert "Basic ***" == titles[0]
    assert {"identifier=***", "secret=***"} < set(titles)

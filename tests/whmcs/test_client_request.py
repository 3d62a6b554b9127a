"""What the client sends: one POST, which WHMCS and what stands in front of it understand."""

import asyncio
import base64
from pathlib import Path

import pytest

from exporter.config.secret import Credential, FileSecret, Secret
from exporter.whmcs.client import Client, Endpoint, open_session
from tests.whmcs.calls import ACTION, CREDENTIAL, PARAMETERS, PATIENCE, call
from tests.whmcs.server import SUCCESS, Server, answer, says, serving

ODD = "&=+%;#?/\\\"' \t\r\n\x00\x7f<>ü\U0001f39f" + "".join(map(chr, range(32, 127)))


async def test_form() -> None:
    """The action, the form of the answer, the credential and the parameters are posted."""
    async with serving(says(answer())) as server:
        assert {"result": "success"} == await call(server.endpoint())
    (request,) = server.requests
    assert "POST /includes/api.php HTTP/1.1" == request.start
    assert [
        ("action", ACTION.name),
        ("responsetype", "json"),
        ("identifier", "identifier47"),
        ("secret", "secret47"),
        ("includeCountsByStatus", "1"),
    ] == request.form


async def test_headers() -> None:
    """The head says who calls, what is sent and what may come back, and nothing else."""
    async with serving(says(answer())) as server:
        await call(server.endpoint())
    (request,) = server.requests
    assert {
        "host": server.address.removeprefix("http://"),
        "user-agent": "test/1",
        "accept": "application/json",
        "accept-encoding": "gzip",
        "content-type": "application/x-www-form-urlencoded",
        "content-length": str(len(request.body)),
    } == request.headers


async def test_legacy_login_and_access_key() -> None:
    """An administrator's password is posted as its md5, and the access key beside it."""
    credential = Credential(
        username="admin", password=Secret("password"), access_key=Secret("key47")
    )
    async with serving(says(answer())) as server:
        await call(server.endpoint(), credential)
    assert [
        ("username", "admin"),
        ("password", "5f4dcc3b5aa765d61d8327deb882cf99"),
        ("accesskey", "key47"),
    ] == server.requests[0].form[2:-1]


async def test_odd_characters() -> None:
    """A credential arrives as it is, whatever it holds."""
    credential = Credential(identifier=Secret(ODD), secret=Secret(ODD[::-1]))
    async with serving(says(answer())) as server:
        await call(server.endpoint(), credential)
    assert [("identifier", ODD), ("secret", ODD[::-1])] == server.requests[0].form[2:4]


async def test_host_header() -> None:
    """A site on this machine is asked for by its own name."""
    async with serving(says(answer())) as server:
        await call(server.endpoint(host_header="whmcs.acme.example"))
    assert "whmcs.acme.example" == server.requests[0].headers["host"]


async def test_basic_auth() -> None:
    """What stands in front of WHMCS gets its own user and password, in UTF-8."""
    async with serving(says(answer())) as server:
        await call(server.endpoint(basic_auth=("prömetheus", Secret("pä:ss"))))
    expected = base64.b64encode("prömetheus:pä:ss".encode()).decode()
    assert f"Basic {expected}" == server.requests[0].headers["authorization"]


async def test_no_cookies() -> None:
    """A cookie is not sent back: each call stands alone."""
    raw = answer(SUCCESS, "Set-Cookie: PHPSESSID=1", "Connection: close")
    async with serving(says(raw)) as server, open_session("test/1") as session:
        client = Client(session, server.endpoint())
        for _ in range(2):
            await client.post(ACTION, PARAMETERS, CREDENTIAL, limit=PATIENCE)
    assert 2 == len(server.requests)
    assert "cookie" not in server.requests[1].headers


async def test_no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the configuration names a proxy."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with serving(says(answer())) as server:
        assert {"result": "success"} == await call(server.endpoint())


async def test_changed_secret_is_used(tmp_path: Path) -> None:
    """Each call posts the secrets of its moment."""
    path = tmp_path / "secret"
    path.write_text("old", encoding="utf-8")
    secret = FileSecret(path)
    credential = Credential(identifier=Secret("id"), secret=secret)
    async with serving(says(answer())) as server:
        await call(server.endpoint(), credential)
        path.write_text("new", encoding="utf-8")
        secret.refresh(force=True)
        await call(server.endpoint(), credential)
    assert ["old", "new"] == [dict(request.form)["secret"] for request in server.requests]


async def test_refresh(tmp_path: Path) -> None:
    """The password in front of WHMCS is read again when asked, and a change is told."""
    path = tmp_path / "password"
    path.write_text("old", encoding="utf-8")
    nowhere = Server("http://localhost:1", [])
    async with open_session("test/1") as session:
        client = Client(session, nowhere.endpoint(basic_auth=("x", FileSecret(path))))
        # Reading a file blocks.
        assert False is await asyncio.to_thread(client.refresh)
        assert False is await asyncio.to_thread(client.refresh, force=True)
        path.write_text("new", encoding="utf-8")
        assert True is await asyncio.to_thread(client.refresh, force=True)


async def test_nothing_to_refresh() -> None:
    """Without a password of its own a client has none that could change."""
    async with open_session("test/1") as session:
        client = Client(session, Server("http://localhost:1", []).endpoint())
        assert client.refresh(force=True) is False


def test_endpoint_shows_no_password() -> None:
    """An endpoint can be printed."""
    endpoint = Endpoint(
        url="http://localhost", response_bytes=1, basic_auth=("x", Secret("hunter2"))
    )
    assert "hunter2" not in repr(endpoint)

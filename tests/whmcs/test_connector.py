"""Kept connections: used again while they are sound, and not a call longer."""

import asyncio
from asyncio import StreamReader, StreamWriter

import pytest

from exporter.whmcs.client import Client, open_session
from tests.whmcs.calls import CREDENTIAL
from tests.whmcs.server import SUCCESS, Server, answer, read_request

STRAY = answer(b'{"result": "success", "stray": true}')


class Kept:
    """Answers each request on a connection, and says something unasked when it is told to."""

    def __init__(self) -> None:
        """Begin without any connection."""
        self.writers: list[StreamWriter] = []

    async def converse(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Answer until the other side leaves."""
        self.writers.append(writer)
        try:
            while True:
                await read_request(reader)
                writer.write(answer())
        except asyncio.IncompleteReadError:
            writer.close()

    async def say(self, raw: bytes) -> None:
        """Say something unasked on the newest connection, and let it be read."""
        self.writers[-1].write(raw)
        for _ in range(40):
            await asyncio.sleep(0)


async def connections(unasked: bytes) -> int:
    """Call three times, with something unasked in between; return how often was connected."""
    kept = Kept()
    server = await asyncio.start_server(kept.converse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_session("test/1") as session:
        client = Client(session, Server(f"http://127.0.0.1:{port}", []).endpoint())
        for _ in range(3):
            document = await client.post("GetTicketCounts", {}, CREDENTIAL, limit=10)
            assert {"result": "success"} == document
            await kept.say(unasked)
    return len(kept.writers)


async def test_a_sound_connection_is_used_again() -> None:
    """Calls one after another share a connection."""
    assert 1 == await connections(b"")


@pytest.mark.parametrize(
    "unasked",
    [STRAY, STRAY * 2, STRAY[:-10], b"garbage", answer(SUCCESS, status="408 Request Timeout")],
    ids=["answer", "two answers", "half an answer", "garbage", "timeout"],
)
async def test_what_was_not_asked_for_is_no_answer(unasked: bytes) -> None:
    """A connection on which something came unasked is given up, and what came with it."""
    assert 3 == await connections(unasked)

"""Clients that hold connections and do nothing: they are turned out, everybody else is served."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn

from fake_engine import FakeEngine
from opir.runtime.restore import Restorer
from opir.server import connections
from opir.server.addresses import open_socket
from opir.server.connections import Connection
from opir.server.process import configuration
from opir.server.service import Service
from opir.server.settings import ServerSettings

pytestmark = pytest.mark.anyio

HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
PATIENCE = 20.0


@asynccontextmanager
async def listening() -> AsyncIterator[int]:
    """A server on a real socket, in this process; yields its port."""
    service = Service(Restorer.from_engine(FakeEngine(), tile=0), ServerSettings())
    server = uvicorn.Server(configuration(service))
    with open_socket("127.0.0.1", 0) as listener:
        running = asyncio.create_task(server._serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        yield listener.getsockname()[1]
        assert len(server.server_state.connections) == 0
        server.should_exit = True
        await running


async def connected(port: int, *, buffer: int | None = None) -> Streams:
    client = socket.socket()
    if buffer is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
    return await asyncio.open_connection(sock=client, limit=buffer or 65_536)


async def to_the_end(reader: asyncio.StreamReader) -> bytes:
    """Read until the server ends the connection, in whatever way."""
    try:
        return await asyncio.wait_for(reader.read(), PATIENCE)
    except ConnectionResetError:
        return b""


async def closed(*streams: Streams) -> None:
    for _, writer in streams:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await asyncio.wait_for(writer.wait_closed(), PATIENCE)
    await asyncio.sleep(0.1)  # until the server has noticed


@pytest.mark.parametrize("sent", [b"", b"GET / HT", HEAD, HEAD + b"\r\n" + HEAD])
async def test_a_head_that_does_not_come(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "head_seconds", 0.2)
    async with listening() as port:
        reader, writer = await connected(port)
        writer.write(sent)
        answered = await to_the_end(reader)
        assert answered.count(b"200 OK") == sent.count(b"\r\n\r\n")
        await closed((reader, writer))


async def test_a_head_that_trickles(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then does not start the clock anew."""
    monkeypatch.setattr(Connection, "head_seconds", 0.5)
    async with listening() as port:
        reader, writer = await connected(port)
        loop = asyncio.get_running_loop()
        start = loop.time()
        for _ in range(200):
            if reader.at_eof() or reader.exception() is not None or loop.time() > start + PATIENCE:
                break
            writer.write(b"x")
            await asyncio.sleep(0.05)
        assert await to_the_end(reader) == b""
        assert loop.time() - start < PATIENCE
        await closed((reader, writer))


async def test_an_ordinary_client_is_not_hurried(
    monkeypatch: pytest.MonkeyPatch, picture: Callable[..., bytes]
) -> None:
    """The clock is for the head alone: a body may take longer, and so may the time between two requests."""
    monkeypatch.setattr(Connection, "head_seconds", 0.3)
    data = picture()
    async with listening() as port:
        reader, writer = await connected(port)
        for _ in range(2):
            head = f"POST /v1/restore HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(data)}\r\n\r\n"
            writer.write(head.encode() + data[:100])
            await asyncio.sleep(0.6)
            writer.write(data[100:])
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
            assert answer.startswith(b"HTTP/1.1 200")
            length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length"))
            await reader.readexactly(int(length.partition(b":")[2]))
            await asyncio.sleep(0.6)
        await closed((reader, writer))


async def test_a_client_that_does_not_read_its_answer(
    monkeypatch: pytest.MonkeyPatch, picture: Callable[..., bytes]
) -> None:
    monkeypatch.setattr(Connection, "answer_seconds", 0.3)
    data = picture("BMP", height=1500, width=1500)
    async with listening() as port:
        streams = await connected(port, buffer=4096)
        head = f"POST /v1/restore?format=BMP HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(data)}\r\n\r\n"
        streams[1].write(head.encode() + data)
        await asyncio.wait_for(streams[1].drain(), PATIENCE)
        await asyncio.wait_for(streams[0].readexactly(12), PATIENCE)  # the answer has begun
        await asyncio.sleep(1.5)
        # the server has ended it (listening checks that), although nobody has read or hung up
        other = await connected(port)
        other[1].write(HEAD + b"Connection: close\r\n\r\n")
        assert (await to_the_end(other[0])).startswith(b"HTTP/1.1 200")
        assert len(await to_the_end(streams[0])) < len(data)
        await closed(streams, other)


async def test_connections_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 2)
    async with listening() as port:
        idle = [await connected(port) for _ in range(2)]
        await asyncio.sleep(0.1)
        late = await connected(port)
        late[1].write(HEAD + b"\r\n")
        head, _, body = (await to_the_end(late[0])).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 5" in head
        assert b"x-content-type-options: nosniff" in head
        assert json.loads(body)["error"]["kind"] == "too_many_connections"
        await closed(*idle)
        again = await connected(port)
        again[1].write(HEAD + b"Connection: close\r\n\r\n")
        assert (await to_the_end(again[0])).startswith(b"HTTP/1.1 200")
        await closed(late, again)


async def test_what_is_no_http_gets_the_shape_of_errors_too() -> None:
    async with listening() as port:
        streams = await connected(port)
        streams[1].write(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
        head, _, body = (await to_the_end(streams[0])).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400")
        assert json.loads(body) == {"error": {"kind": "bad_request", "message": "invalid http request received"}}
        await closed(streams)

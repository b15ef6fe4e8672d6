"""Answers that are sent before a request has come whole, and connections that end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from benchmarks import serve

from tympan.serve.connections import MOST_HEAD, protocol
from tympan.serve.running import bound
from tympan.serve.settings import ServeSettings

# More than a head may have, and more than is read at once.
BODY = 5 * MOST_HEAD
HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % BODY
Pipes = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def full(scope: Any, receive: Any, send: Any) -> None:
    """An application that refuses before it has read anything, as a full queue does."""
    headers = [(b"content-length", b"4")]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": b"full"})


class At:
    """Where a server listens, and its settings."""

    def __init__(self, port: int) -> None:
        self.host, self.port = "127.0.0.1", port

    async def opened(self) -> Pipes:
        return await asyncio.open_connection(self.host, self.port)


@contextlib.asynccontextmanager
async def serving(**limits: Any) -> AsyncIterator[At]:
    """A server in this process, whose queue is full."""
    import uvicorn

    settings = ServeSettings(port=0, **limits)
    listening = bound(settings)
    config = uvicorn.Config(
        full, http=protocol(settings), lifespan="off", log_level="error", timeout_keep_alive=60
    )
    server = uvicorn.Server(config)
    # Without the handlers of signals, which are for the main thread of a process of its own.
    running = asyncio.create_task(server._serve([listening]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield At(listening.getsockname()[1])
    finally:
        server.should_exit = True
        await running


async def told(reader: asyncio.StreamReader) -> bytes:
    """The status of an answer, which is read whole."""
    head = await reader.readuntil(b"\r\n\r\n")
    assert await reader.readexactly(4) == b"full"
    return head.split()[1]


def run(check: Callable[[At], Awaitable[None]], **limits: Any) -> None:
    async def whole() -> None:
        async with serving(**limits) as at:
            await asyncio.wait_for(check(at), 60)

    asyncio.run(whole())


def test_the_rest_of_a_body_that_is_answered_costs_no_connection() -> None:
    async def check(at: At) -> None:
        reader, writer = await at.opened()
        for _ in range(2):  # the second on the connection of the first
            writer.write(HEAD + bytes(100))
            assert await told(reader) == b"429"
            for size in (BODY - 100 - 60_000, 60_000):
                writer.write(bytes(size))
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()

    run(check)


def test_a_head_after_such_a_body_has_its_own_limit() -> None:
    async def check(at: At) -> None:
        reader, writer = await at.opened()
        writer.write(HEAD + bytes(100))
        await told(reader)
        writer.write(bytes(BODY - 100) + b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)

        async def go_on() -> None:
            for _ in range(1000):
                writer.write(b"X: %s\r\n" % (b"a" * 1000))
                await writer.drain()
                await asyncio.sleep(0.001)

        with pytest.raises(ConnectionError):
            await go_on()

    run(check)


CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("head", "piece", "pause_s"),
    [
        (HEAD, b"a", 3600.0),
        (HEAD, b"a", 0.05),
        (CHUNKED, b"400\r\n" + bytes(1024) + b"\r\n", 0.001),
    ],
    ids=["silent", "slow", "endless"],
)
def test_such_a_body_is_not_waited_for_without_end(
    head: bytes, piece: bytes, pause_s: float
) -> None:
    async def check(at: At) -> None:
        reader, writer = await at.opened()
        writer.write(head)
        assert await told(reader) == b"429"

        async def send() -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(pause_s)

        sending = asyncio.create_task(send())
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        sending.cancel()

    run(check, idle_s=0.3, most_bytes=100_000, least_bytes_s=1000.0)


def test_the_load_uses_no_connection_that_is_about_to_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # A server that ends a connection just as a second request comes after a while of silence.
    seen, came = serve.Seen(), []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(4))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readexactly(1)
        writer.close()

    async def check() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
            at: Any = At(listening.sockets[0].getsockname()[1])
            client = serve.Client(at)
            for _ in range(2):
                try:
                    seen.note(await client.post(b"RIFF"), 0.0)
                except (OSError, asyncio.IncompleteReadError) as error:
                    seen.lose(error)
                await asyncio.sleep(0.1)
            client.close()

    asyncio.run(check())
    assert (seen.lost, len(came)) == (1, 1)  # in use: nobody can know, and it is told
    assert "lost: " in capsys.readouterr().err
    monkeypatch.setattr(serve, "_IDLE_S", 0.05)
    asyncio.run(check())
    assert (seen.lost, len(came)) == (1, 3)
    assert seen.statuses == {200: 3}

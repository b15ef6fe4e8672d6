"""Connections of HTTP: those that are too slow are put out, those with an answer are left alone."""

from __future__ import annotations

import asyncio
from typing import Any

from tympan.serve.settings import ServeSettings

# Bytes of the head of a request.
MOST_HEAD = 65_536


def protocol(settings: ServeSettings) -> Any:
    """uvicorn's HTTP, which closes connections whose request does not come.

    It waits for the head of a request without end, so that a few hundred clients that send a byte
    now and then would hold all its connections (*slow loris*).
    """
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class Prompt(_Clocked, HttpToolsProtocol):
        """A connection with a clock."""

        _settings = settings

    return Prompt


class _Clocked:
    """What is added to uvicorn's connection: a clock for heads, and for bodies after their answer.

    An answer may be sent before the body has come, as where the queue is full. Its connection is
    not idle then: what comes is no head of a next request, and closing it would reset it, which
    throws away the answer on its way. The rest of the body is read and dropped.
    """

    transport: Any
    loop: asyncio.AbstractEventLoop
    cycle: Any
    _settings: ServeSettings
    _clock: asyncio.TimerHandle | None = None
    _upgraded = False
    _head = 0  # bytes of a head that is not whole
    _in_body = _ended = False  # whether a body is coming; whether the last bytes ended a request
    _rest_s, _rest = 0.0, 0  # of a body after its answer: since when, and bytes

    def connection_made(self, transport: Any) -> None:
        """A client has come."""
        super().connection_made(transport)  # type: ignore[misc]
        self._wait(self._settings.header_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        self._stop()
        super().connection_lost(exc)  # type: ignore[misc]

    def on_headers_complete(self) -> None:
        """A head is whole."""
        self._in_body = True
        super().on_headers_complete()  # type: ignore[misc]

    def on_message_complete(self) -> None:
        """A request is whole."""
        self._in_body, self._ended = False, True
        super().on_message_complete()  # type: ignore[misc]

    def handle_websocket_upgrade(self) -> None:
        """It goes on as a live connection, which has clocks of its own."""
        self._upgraded = True
        self._stop()
        super().handle_websocket_upgrade()  # type: ignore[misc]

    def data_received(self, data: bytes) -> None:
        """Something has come; the clock of a head runs on until it is whole."""
        self._ended = False
        super().data_received(data)  # type: ignore[misc]
        if self._upgraded or not self._answered:
            self._head = self._rest = 0
            self._stop()
        elif self._in_body:
            self._drop(len(data))
        else:
            self._count_head(len(data))

    @property
    def _answered(self) -> bool:
        """Whether the server owes nothing."""
        return self.cycle is None or self.cycle.response_complete

    def _count_head(self, size: int) -> None:
        if self._ended:  # the end of a body that was dropped, and perhaps the begin of a head
            self._stop()
            self._head = self._rest = size = 0
        self._head += size
        if self._head > MOST_HEAD:
            self._close()
        elif self._clock is None:
            self._wait(self._settings.header_s)

    def _drop(self, size: int) -> None:
        """Let a body that is answered go on, as slowly and as long as any (`serve.guard`)."""
        if not self._rest:
            self._rest_s = self.loop.time()
        self._rest += size
        spent_s = self.loop.time() - self._rest_s - self._settings.idle_s
        slow = spent_s > 0 and self._rest < self._settings.least_bytes_s * spent_s
        if slow or self._rest > self._settings.most_bytes:
            self._close()
        self._stop()
        self._wait(self._settings.idle_s)

    # -- the clock -------------------------------------------------------------------------------

    def _wait(self, seconds: float) -> None:
        self._clock = self.loop.call_later(seconds, self._late)

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _late(self) -> None:
        self._clock = None
        if self._answered:
            self._close()

    def _close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

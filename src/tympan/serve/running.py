"""Running the server: uvicorn, with clients that are too slow put out."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from typing import Any

from tympan.errors import ArgumentError, MissingDependencyError
from tympan.serve.app import INSTALL, create_app
from tympan.serve.settings import ServeSettings

# Connections at once; what comes beyond is told 503 by uvicorn, before anything is read.
MOST_CONNECTIONS = 1000
# Bytes of the head of a request.
MOST_HEAD = 65_536
# How long the end waits for what is worked on.
GRACE_S = 60


def serve(settings: ServeSettings, say: Callable[[str], None] = print) -> None:
    """Run a server until it is told to end (SIGTERM, Ctrl-C), which finishes what it has taken.

    Args:
        settings: what it listens to, what it offers, its limits.
        say: called with a line when it is ready.

    Raises:
        ArgumentError: others could reach it, and there is no token; or the port is taken.
        MissingDependencyError: its packages are not installed.
    """
    if not settings.local and not settings.token:
        what = f"{settings.host} can be reached by other computers, and there is no token"
        raise ArgumentError(what, fix="give --token-file, or --host 127.0.0.1")
    try:
        import uvicorn
    except ImportError as error:
        what = "the server needs uvicorn"
        raise MissingDependencyError(what, fix=INSTALL) from error
    app = create_app(settings)
    listening = bound(settings)
    config = uvicorn.Config(
        app,
        http=protocol(settings),
        ws="websockets-sansio",
        ws_max_size=1 << 20,
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GRACE_S,
        h11_max_incomplete_event_size=32_768,
    )
    service = app.state.service
    ready = f"tympan listens at {address(settings, listening)}"
    server = _server(config, lambda: say(ready), lambda: setattr(service, "ending", True))
    server.run(sockets=[listening])
    if not server.started:
        sys.exit(1)


def bound(settings: ServeSettings) -> socket.socket:
    """A socket at the address of the settings.

    Raises:
        ArgumentError: it is taken, or none of this computer's.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((settings.host.strip("[]"), settings.port))
    except (OSError, OverflowError) as error:
        found.close()
        why = getattr(error, "strerror", None) or error
        what = f"cannot listen at {settings.host}:{settings.port}: {why}"
        raise ArgumentError(what, fix="give another --port, or --port 0 for a free one") from error
    return found


def address(settings: ServeSettings, listening: socket.socket) -> str:
    """Where a browser on this computer finds it."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listening.getsockname()[1]}"


def _server(config: Any, ready: Callable[[], None], ending: Callable[[], None]) -> Any:
    """uvicorn's server, which says when it is ready, and when it is told to end."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready()

        def handle_exit(self, sig: int, frame: Any) -> None:
            ending()
            super().handle_exit(sig, frame)

    return Server(config)


def protocol(settings: ServeSettings) -> Any:
    """uvicorn's HTTP, which closes connections whose request does not come.

    It waits for the head of a request without end, so that a few hundred clients that send a byte
    now and then would hold all its connections (*slow loris*).
    """
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class Prompt(HttpToolsProtocol):
        """A connection with a clock for the heads of its requests."""

        _clock: asyncio.TimerHandle | None = None
        _head = 0
        _upgraded = False

        def connection_made(self, transport: Any) -> None:
            """A client has come."""
            super().connection_made(transport)
            self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            """It has gone."""
            self._stop()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            """Something has come; the clock runs on until a head is whole."""
            super().data_received(data)
            if self._upgraded or not self._idle:
                self._head = 0
                self._stop()
                return
            self._head += len(data)
            if self._head > MOST_HEAD and not self.transport.is_closing():
                self.transport.close()
            elif self._clock is None:
                self._wait()

        def handle_websocket_upgrade(self) -> None:
            """It goes on as a live connection, which has clocks of its own."""
            self._upgraded = True
            self._stop()
            super().handle_websocket_upgrade()

        @property
        def _idle(self) -> bool:
            return self.cycle is None or self.cycle.response_complete

        def _wait(self) -> None:
            self._clock = self.loop.call_later(settings.header_s, self._late)

        def _stop(self) -> None:
            if self._clock is not None:
                self._clock.cancel()
                self._clock = None

        def _late(self) -> None:
            self._clock = None
            if self._idle and not self.transport.is_closing():
                self.transport.close()

    return Prompt

"""Running the server: uvicorn, with the limits of a connection."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from typing import Any

from tympan.errors import ArgumentError, MissingDependencyError
from tympan.serve.app import INSTALL, create_app
from tympan.serve.connections import protocol
from tympan.serve.settings import ServeSettings

# Connections at once; what comes beyond is told 503 by uvicorn, before anything is read.
MOST_CONNECTIONS = 1000
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

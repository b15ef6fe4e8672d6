"""The application: routes behind the guard."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from tympan import __version__
from tympan.errors import MissingDependencyError
from tympan.serve.settings import ServeSettings

if TYPE_CHECKING:
    from fastapi import FastAPI

INSTALL = "pip install 'tympan[serve]'"


def create_app(settings: ServeSettings | None = None) -> FastAPI:
    """The server as an ASGI application.

    Args:
        settings: what it offers, and its limits.

    Raises:
        MissingDependencyError: FastAPI is not installed.
        TympanError: a model that it is to offer is not there.

    >>> app = create_app(ServeSettings())
    >>> "/v1/classify" in {route.path for route in app.routes}
    True
    >>> app.state.service.spool.close()
    """
    try:
        import prometheus_client  # noqa: F401
        import python_multipart  # noqa: F401
        from fastapi import FastAPI
    except ImportError as error:
        what = f"the server needs packages that are not here ({error.name})"
        raise MissingDependencyError(what, fix=INSTALL) from error
    from tympan.serve.commands import add_commands
    from tympan.serve.facts import add_facts
    from tympan.serve.folder import add_folder
    from tympan.serve.guard import Guard
    from tympan.serve.listen import add_listen
    from tympan.serve.openai import add_openai
    from tympan.serve.pages import add_pages
    from tympan.serve.questions import add_verbs
    from tympan.serve.service import Service

    settings = settings or ServeSettings()
    service = Service(settings)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            try:
                yield
            finally:
                if folder is not None:
                    await folder.training.close()

    app = FastAPI(
        title="tympan",
        version=__version__,
        summary="Ask questions of recordings.",
        lifespan=life,
        docs_url=None,  # its page fetches from elsewhere; ours does not
        redoc_url=None,
    )
    app.state.service = service
    add_verbs(app, service)
    add_commands(app, service)
    add_facts(app, service)
    add_openai(app, service)
    add_listen(app, service)
    add_pages(app, service)
    folder = add_folder(app, service)
    _tell_refusals(app)
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(_Counted, metrics=service.metrics)
    return app


def _tell_refusals(app: FastAPI) -> None:
    """Whatever is refused, and by whom: the same form."""
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import JSONResponse

    from tympan.errors import TympanError
    from tympan.serve.refusals import Refusal, refusal_of

    async def refused(request: Request, error: Any) -> JSONResponse:
        return JSONResponse(error.body(), error.status, headers=error.headers)

    async def mistaken(request: Request, error: Any) -> JSONResponse:
        return await refused(request, refusal_of(error))

    async def not_there(request: Request, error: Any) -> JSONResponse:
        told = f"{error.detail}: {request.method} {request.url.path[:200]}. See /docs."
        return await refused(request, Refusal(error.status_code, told, "no_route"))

    async def gone(request: Request, error: Any) -> JSONResponse:
        return await refused(request, Refusal(499, "The client has gone.", "client_gone"))

    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(TympanError, mistaken)
    app.add_exception_handler(HTTPException, not_there)
    app.add_exception_handler(ClientDisconnect, gone)


class _Counted:
    """Counts requests and measures how long they take."""

    def __init__(self, app: Any, metrics: Any) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Take a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s, status = time.monotonic(), "499"

        async def sent(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, sent)
        finally:
            # The pattern of the route, so that no client can make up names without end.
            route = getattr(scope.get("route"), "path", "none")
            self._metrics.requests.labels(route, status).inc()
            self._metrics.seconds.labels(route).observe(time.monotonic() - began_s)

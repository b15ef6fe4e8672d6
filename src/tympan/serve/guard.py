"""What stands before every route: who may ask, how much may come, and how slowly.

An ASGI application around another. It knows no route but those that are open to all.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from tympan.serve.refusals import Refusal
from tympan.serve.settings import ServeSettings

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# What holds no secret: the pages, whose scripts ask for the token themselves, and the health.
OPEN = ("/", "/docs", "/studio", "/health", "/openapi.json")
# The address of a report holds a key that only who knows the token is told.
_OPEN_FOLDERS = ("/assets/", "/report/")
# Without this a page of another origin sees none of these headers.
_EXPOSED = (
    b"access-control-expose-headers",
    b"retry-after, content-disposition, x-digital-source-type, x-tympan-unspoken",
)
DRAINED_BYTES, DRAINED_S = 2**16, 0.5
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


class Guard:
    """Checks host, origin and token, and watches what comes in.

    Args:
        app: the application behind it.
        settings: of the server.
    """

    def __init__(self, app: App, settings: ServeSettings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        try:
            self._check_host(headers)
            self._check_origin(headers, scope)
            self._check_token(headers, scope)
            if scope["type"] == "http":
                self._check_size(headers)
        except Refusal as refusal:
            await _refuse(scope, receive, send, refusal)
            return
        if scope.get("method") == "OPTIONS" and b"origin" in headers:
            await _allow(send, headers[b"origin"])
            return
        if scope["type"] == "http":
            receive = _Watched(receive, self._settings).receive
            send = self._with_headers(send, headers)
        await self._app(scope, receive, send)

    # -- who -------------------------------------------------------------------------------------

    def _check_host(self, headers: MutableMapping[bytes, bytes]) -> None:
        """Without a token a page of another site could have its own name lead here."""
        if self._settings.token:
            return
        host = _text(headers.get(b"host")).rpartition("@")[2].lower()
        name = urlsplit(f"//{host}").hostname if host else ""
        known = {"localhost", "127.0.0.1", "::1", self._settings.host, *self._settings.names}
        if name not in known:
            text = "This server does not go by that name; who runs it can add it."
            raise Refusal(403, text, "unknown_host")

    def _check_origin(self, headers: MutableMapping[bytes, bytes], scope: Scope) -> None:
        """Scripts of other pages are refused unless the operator has named them."""
        origin = _text(headers.get(b"origin"))
        if not origin or origin in self._settings.origins:
            return
        if urlsplit(origin).netloc.lower() == _text(headers.get(b"host")).lower():
            return
        raise Refusal(403, "Scripts of that page may not use this server.", "foreign_origin")

    def _check_token(self, headers: MutableMapping[bytes, bytes], scope: Scope) -> None:
        path = scope["path"]
        is_open = path in OPEN or path.startswith(_OPEN_FOLDERS) or scope.get("method") == "OPTIONS"
        if not self._settings.token or is_open:
            return
        given = _text(headers.get(b"authorization"))
        given = given[7:].strip() if given[:7].lower() == "bearer " else ""
        if not given and scope["type"] == "websocket":
            # A browser can send no other header than this one.
            offered = [
                one.strip() for one in _text(headers.get(b"sec-websocket-protocol")).split(",")
            ]
            given = next((one[6:] for one in offered if one.startswith("token.")), "")
        if not hmac.compare_digest(given.encode(), self._settings.token.encode()):
            text = "The token is missing or wrong: send it as Authorization: Bearer TOKEN."
            bearer = {"WWW-Authenticate": "Bearer"}
            raise Refusal(401, text, "invalid_api_key", headers=bearer)

    # -- what ------------------------------------------------------------------------------------

    def _check_size(self, headers: MutableMapping[bytes, bytes]) -> None:
        told = _text(headers.get(b"content-length"))
        if told.isdigit() and int(told) > self._settings.most_bytes:
            raise too_large(self._settings)

    def _with_headers(self, send: Send, headers: MutableMapping[bytes, bytes]) -> Send:
        origin = headers.get(b"origin", b"")
        foreign = _text(origin) in self._settings.origins and bool(origin)

        async def sent(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower() for name, _ in message.get("headers", [])}
                more = [one for one in _HEADERS if one[0] not in own]
                if foreign:
                    more += [
                        (b"access-control-allow-origin", origin),
                        (b"vary", b"Origin"),
                        _EXPOSED,
                    ]
                message["headers"] = [*message.get("headers", []), *more]
            await send(message)

        return sent


class _Watched:
    """Counts what comes in, and refuses what comes too slowly."""

    def __init__(self, receive: Receive, settings: ServeSettings) -> None:
        self._receive, self._settings = receive, settings
        self._began_s = time.monotonic()
        self._bytes, self._whole = 0, False

    async def receive(self) -> MutableMapping[str, Any]:
        """The next message.

        Raises:
            Refusal: too much, or too slow.
        """
        if self._whole:
            return await self._receive()  # whether the client goes is waited for without end
        settings = self._settings
        try:
            async with asyncio.timeout(settings.idle_s):
                message = await self._receive()
        except TimeoutError as error:
            raise too_slow() from error
        if message["type"] != "http.request":
            return message
        self._bytes += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._bytes > settings.most_bytes:
            raise too_large(settings)
        spent_s = time.monotonic() - self._began_s - settings.idle_s
        if not self._whole and spent_s > 0 and self._bytes < settings.least_bytes_s * spent_s:
            raise too_slow()
        return message


def too_large(settings: ServeSettings) -> Refusal:
    """Refuse a body that is too long."""
    text = f"A request may have {settings.most_bytes:,} bytes: send a compressed recording."
    return Refusal(413, text, "too_large", headers={"Connection": "close"})


def too_slow() -> Refusal:
    """Refuse a body that does not come."""
    return Refusal(408, "The request came too slowly.", "too_slow", headers={"Connection": "close"})


async def _allow(send: Send, origin: bytes) -> None:
    """Answer a browser that asks whether a page of another origin may use the server: it may."""
    headers = [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-methods", b"GET, POST, DELETE"),
        (b"access-control-allow-headers", b"authorization, content-type"),
        (b"access-control-max-age", b"600"),
        (b"vary", b"Origin"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _refuse(scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
    body = json.dumps(refusal.body()).encode()
    if scope["type"] == "websocket":
        await receive()  # the wish to connect
        await send({"type": "websocket.close", "code": 1008, "reason": refusal.message[:120]})
        return
    await _drain(receive)
    told = {"Connection": "close", **refusal.headers}
    headers = [(name.lower().encode(), value.encode()) for name, value in told.items()]
    headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _drain(receive: Receive) -> None:
    """Read a little of what a client is still sending, and drop it.

    If the connection were closed before, its system would throw away the answer as well.
    """
    left = DRAINED_BYTES
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAINED_S):
            while left > 0:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
                left -= len(message.get("body", b""))


def _text(value: bytes | None) -> str:
    return "" if value is None else value.decode("latin-1")

"""The live route: sound goes in, what models decide comes out, on one connection.

A WebSocket at `/v1/listen?verb=…`, with the verb's options in the address. The client sends sound
in binary messages: bare samples (`format=s16le:16000:1`), or what a browser's MediaRecorder makes
(WebM or Ogg with Opus, `format=webm`). It ends with the text message `{"type": "end"}`. The server
sends JSON: `ready`, then `partial` and `scores` that may still change, `decided` that do not, at
the end `answer`; or `error`. The models get the sound as those of `tympan watch` do.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.websockets import WebSocket, WebSocketDisconnect

from tympan.errors import ArgumentError
from tympan.serve.asked import fields_in
from tympan.serve.decoding import StreamDecoder
from tympan.serve.options import options_of
from tympan.serve.refusals import Refusal, refusal_of
from tympan.serve.service import Service
from tympan.serve.workers import Pending

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tympan.live.sources.raw import Layout

CODED = ("webm", "ogg")
USUAL = "s16le:16000:1"
# A client that sends nothing for so long has gone without a word.
SILENT_S = 60.0
LONGEST_S = 24 * 3600.0
# Messages of sound that the worker has not taken yet.
MOST_AHEAD = 64


def add_listen(app: FastAPI, service: Service) -> None:
    """The live route."""

    async def listen(socket: WebSocket) -> None:
        offered = socket.scope.get("subprotocols", [])
        await socket.accept("tympan" if "tympan" in offered else None)
        try:
            await Listening(socket, service).run()
        except Refusal as refusal:
            await _end(socket, {"type": "error", **refusal.body()})
        except WebSocketDisconnect:
            pass

    app.add_api_websocket_route("/v1/listen", listen)


async def _end(socket: WebSocket, told: dict[str, Any]) -> None:
    try:
        await socket.send_json(told)
        await socket.close(1000 if told["type"] != "error" else 1008)
    except (RuntimeError, WebSocketDisconnect):
        pass  # it has gone already


class Listening:
    """One live connection.

    Args:
        socket: accepted.
        service: that answers.
    """

    def __init__(self, socket: WebSocket, service: Service) -> None:
        self._socket, self._service = socket, service
        self._ahead = asyncio.Semaphore(MOST_AHEAD)
        self._pending: Pending | None = None

    async def run(self) -> None:
        """Until the client ends, or goes.

        Raises:
            Refusal: the stream cannot be answered.
        """
        metrics, most = self._service.metrics, self._service.settings.most_listeners
        if metrics.listeners >= most:
            text = f"{most} live connections are open already: try again later."
            raise Refusal(429, text, "queue_full")
        metrics.listeners += 1
        try:
            order, layout = self._order()
            if layout is None:
                await self._coded(order)
            else:
                await self._bare(order, layout)
        finally:
            metrics.listeners -= 1

    def _order(self) -> tuple[dict[str, Any], Layout | None]:
        """What a worker is told, and the layout of bare samples."""
        service = self._service
        found = fields_in(self._socket)
        name = found.text("verb") or ""
        verb = service.offers.verbs.get(name)
        if verb is None or verb.takes != "recording":
            known = [one.name for one in service.offers.verbs.values() if one.takes == "recording"]
            text = f"verb is {name[:40]!r}: one of {', '.join(known)}."
            raise Refusal(400, text, "invalid_value", param="verb")
        offer = service.offers.choose(verb, found.text("model"))
        form = found.text("format") or USUAL
        layout = None if form in CODED else _layout(form, service)
        options, files = options_of(
            verb, found, service.settings, known=("verb", "model", "format")
        )
        if files:
            text = f"{files[0]} is a recording, which a live connection cannot be sent."
            raise Refusal(400, text, "unsupported_parameter", param=files[0])
        head = {"do": "listen", "verb": verb.name, "model": offer.place, "options": options}
        return {**head, "name": "stream", "who": offer.name}, layout

    # -- sound in ----------------------------------------------------------------------------------

    async def _bare(self, order: dict[str, Any], layout: Layout) -> None:
        """Bare samples go to the worker as they come."""
        shape = {"rate_hz": layout.rate_hz, "channels": layout.channels}
        held = b""

        async def sound() -> AsyncIterator[bytes]:
            nonlocal held
            async for data in self._received():
                held += data
                whole = len(held) // layout.frame_bytes * layout.frame_bytes
                if whole:
                    wave = layout.samples(held[:whole])
                    held = held[whole:]
                    yield np.ascontiguousarray(wave.T, dtype="<f4").tobytes()

        await self._answered({**order, **shape}, sound())

    async def _coded(self, order: dict[str, Any]) -> None:
        """Coded sound goes through a decoder of its own, which tells rate and channels."""
        decoder = StreamDecoder(self._service.settings)
        await decoder.start()

        async def feed() -> None:
            async for data in self._received():
                await decoder.push(data)
            await decoder.push(b"")

        feeding = asyncio.create_task(feed())
        decoded = decoder.sound()
        try:
            first = await _either(anext(decoded, None), feeding)
            if first is None:
                raise Refusal(400, "The stream holds no sound.", "unreadable_audio")
            shape = {key: first[0][key] for key in ("rate_hz", "channels")}

            async def sound() -> AsyncIterator[bytes]:
                yield first[1]
                async for told, payload in decoded:
                    if {key: told[key] for key in shape} != shape:
                        text = "The stream changes its rate or channels: begin a new one."
                        raise Refusal(400, text, "unreadable_audio")
                    yield payload

            await self._answered({**order, **shape}, sound(), feeding)
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
            await decoder.close()

    async def _received(self) -> AsyncIterator[bytes]:
        """The binary messages of the client, until it ends."""
        while True:
            try:
                async with asyncio.timeout(SILENT_S):
                    message = await self._socket.receive()
            except TimeoutError as error:
                text = f"Nothing came for {SILENT_S:g} s."
                raise Refusal(408, text, "too_slow") from error
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1000))
            if message.get("bytes"):
                yield message["bytes"]
            elif message.get("text") and _ends(message["text"]):
                return

    # -- answers out -------------------------------------------------------------------------------

    async def _answered(
        self,
        order: dict[str, Any],
        sound: AsyncIterator[bytes],
        feeding: asyncio.Task[None] | None = None,
    ) -> None:
        """Send sound to the worker and what it says to the client, until both have ended."""
        desk = self._service.desk
        self._pending = desk.begin(order)
        telling = asyncio.create_task(self._tell(self._pending))
        facts = {"model": order["who"], "verb": order["verb"]}
        await self._socket.send_json({"type": "ready", **facts, "rate_hz": order["rate_hz"]})
        pushing = asyncio.create_task(self._push(self._pending, sound))
        tasks = [telling, pushing, *([] if feeding is None else [feeding])]
        try:
            while not telling.done():
                waiting = [one for one in tasks if not one.done()]
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for one in tasks:
                    if one.done() and not one.cancelled():
                        one.result()  # what went wrong is raised here
            await _end(self._socket, telling.result())
        finally:
            for one in (telling, pushing):
                one.cancel()
            await asyncio.gather(telling, pushing, return_exceptions=True)
            await desk.cancel(self._pending)

    async def _push(self, pending: Pending, sound: AsyncIterator[bytes]) -> None:
        while pending.worker is None:
            await asyncio.sleep(0.01)
        worker = pending.worker
        pending.begun = True  # a stream that has begun cannot begin anew
        async for data in sound:
            await self._ahead.acquire()  # a model that is too slow makes the client wait
            await worker.send({"do": "push", "id": pending.number}, data)
        await worker.send({"do": "end", "id": pending.number})

    async def _tell(self, pending: Pending) -> dict[str, Any]:
        """Send what is found; the answer is returned."""
        async with aclosing(self._service.desk.news(pending, LONGEST_S)) as news:
            async for message, _ in news:
                if "took" in message:
                    self._ahead.release()
                for name in ("decided", "partial", "scores"):
                    if name in message:
                        await self._socket.send_json({"type": name, name: message[name]})
                if "answer" in message:
                    return {"type": "answer", "answer": message["answer"]}
        raise Refusal(500, "The stream was lost.", "worker_lost")


async def _either(wanted: Any, other: asyncio.Task[None]) -> Any:
    """The result of one, unless the other fails before it."""
    task = asyncio.ensure_future(wanted)
    await asyncio.wait({task, other}, return_when=asyncio.FIRST_COMPLETED)
    if not task.done() and other.exception() is not None:
        task.cancel()
        other.result()
    return await task


def _layout(form: str, service: Service) -> Layout:
    from tympan.live.sources.raw import parse_layout

    try:
        found = parse_layout(form[:40])
    except ArgumentError as error:
        text = f"format is {form[:40]!r}: webm, ogg, or bare samples such as {USUAL}."
        raise Refusal(400, text, "invalid_value", param="format") from error
    if found.channels > service.settings.most_channels:
        raise refusal_of(ArgumentError(f"{found.channels} channels are too many"), param="format")
    return found


def _ends(text: str) -> bool:
    try:
        told = json.loads(text[:1000])
    except ValueError:
        told = None
    if isinstance(told, dict) and told.get("type") == "end":
        return True
    raise Refusal(400, 'A text message is {"type": "end"}; sound is binary.', "invalid_value")

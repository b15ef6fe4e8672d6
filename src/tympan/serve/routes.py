"""The routes: one for each question, made from its verb, and what clients ask about the server."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from tympan._words import suggested
from tympan.audio.synthetic import DIGITAL_SOURCE_TYPE
from tympan.serve.asked import Fields, switch
from tympan.serve.encoding import sound_format
from tympan.serve.options import options_of
from tympan.serve.refusals import Refusal, sentence
from tympan.serve.service import Service, while_there
from tympan.serve.spool import remove
from tympan.tasks.commands import Command
from tympan.tasks.verbs import Verb

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tympan.serve.frames import Message

Handler = Callable[[Request], Awaitable[Response]]
_MEDIA = {".srt": "application/x-subrip", ".vtt": "text/vtt", ".csv": "text/csv"}


def add_verbs(app: FastAPI, service: Service) -> None:
    """A route for every question that is installed."""
    from tympan.serve.schema import operation_of

    for verb in service.offers.verbs.values():
        kinds = {"recording": recording_route, "text": text_route, "nothing": nothing_route}
        make = kinds.get(verb.takes, unknown_route)
        app.add_api_route(
            f"/v1/{verb.name}",
            make(verb, service),
            methods=["POST"],
            name=verb.name,
            summary=verb.help,
            tags=["questions"],
            openapi_extra=operation_of(verb),
            response_model=None,
        )


def recording_route(verb: Verb, service: Service) -> Handler:
    """The route of a question about a recording."""

    async def route(request: Request) -> Response:
        async with AsyncExitStack() as stack:
            found = await stack.enter_async_context(service.fields(request))
            offer = service.offers.choose(verb, found.text("model"))
            ending, streams = sent_as(verb, found)
            if streams:
                order = await stack.enter_async_context(service.order(verb, found, offer))
                order["tell"] = True
                return events_of(service, order, stack.pop_all())
            return await while_there(
                request.receive, _answered(verb, service, found, offer, ending)
            )

    return route


async def _answered(
    verb: Verb, service: Service, found: Fields, offer: Any, ending: str
) -> Response:
    async with service.order(verb, found, offer) as order:
        return await saved(service, order, ending)


async def saved(service: Service, order: Message, ending: str) -> Response:
    """The answer as JSON, or as a file with an ending."""
    if not ending:
        return JSONResponse(service.published(await service.desk.answer(order)))
    target = service.spool.new(ending)
    try:
        await service.desk.answer({**order, "save": str(target)})
        return _file(target, ending)
    except BaseException:
        remove(target)
        raise


def _file(target: Path, ending: str) -> Response:
    """What an answer was written to, removed when it is sent."""
    from starlette.background import BackgroundTask

    if not target.is_file():
        raise Refusal(500, f"The answer could not be written as {ending}.", "internal_error")
    media = _MEDIA.get(ending) or mimetypes.guess_type(f"a{ending}")[0]
    return FileResponse(
        target,
        media_type=media or "application/octet-stream",
        filename=f"answer{ending}",
        background=BackgroundTask(remove, target),
    )


def ending_of(verb: Verb | Command, found: Fields) -> str:
    """The ending of the file that the answer is wanted as; empty: JSON."""
    given = found.text("format")
    if given is None or given == "json":
        return ""
    ending = f".{given.lstrip('.')}"
    known = {one.lower(): one for one in verb.save_as}
    if ending.lower() not in known:
        names = [one.lstrip(".") for one in verb.save_as]
        hint = suggested(given[:40], names, "format")
        text = sentence(f"{verb.name} has no format {given[:40]!r}: {hint}")
        raise Refusal(400, text, "invalid_value", param="format")
    return known[ending.lower()]


def sent_as(verb: Verb | Command, found: Fields) -> tuple[str, bool]:
    """The ending of the file that the answer is wanted as, empty: JSON; and whether it is streamed.

    Raises:
        Refusal: there is no such format, or a file is to be streamed.
    """
    ending, streams = ending_of(verb, found), switch(found, "stream")
    if streams and ending:
        text = "What is streamed is JSON: leave out the format, or stream."
        raise Refusal(400, text, "invalid_value", param="stream")
    return ending, streams


def events_of(service: Service, order: Message, stack: AsyncExitStack) -> Response:
    """What is decided as server-sent events; the answer is the last."""

    async def events() -> AsyncIterator[str]:
        try:
            async with aclosing(service.desk.news(service.desk.begin(order))) as news:
                async for message, _ in news:
                    for name in ("decided", "at_s"):
                        if name in message:
                            yield event(name, message[name])
                    if "answer" in message:
                        yield event("answer", service.published(message))
        except Refusal as refusal:
            yield event("error", refusal.body()["error"])

    return Streamed(events(), "text/event-stream", stack)


SOURCE_TYPE = "x-digital-source-type"
"""The header that says, with IPTC's term, that a trained model made the sound."""


class Streamed(StreamingResponse):
    """A response that is sent while it is made, and ends where the client goes.

    Args:
        content: its parts.
        media_type: of the whole.
        stack: what is held until it is sent; closed whatever happens.
    """

    def __init__(self, content: Any, media_type: str, stack: AsyncExitStack) -> None:
        super().__init__(content, media_type=media_type)
        self.held = stack

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send it."""
        async with self.held:
            try:
                await while_there(receive, super().__call__(scope, receive, send))
            except Refusal:
                pass  # nobody is there to be told
            finally:
                close = getattr(self.body_iterator, "aclose", None)
                if close is not None:
                    await close()


def event(name: str, value: Any) -> str:
    """A server-sent event."""
    return f"event: {name}\ndata: {json.dumps(value)}\n\n"


def text_route(verb: Verb, service: Service) -> Handler:
    """The route of a question about a text, of which sound is made."""

    async def route(request: Request) -> Response:
        async with AsyncExitStack() as stack:
            found = await stack.enter_async_context(service.fields(request))
            offer = service.offers.choose(verb, found.text("model"))
            name = found.text("format") or "wav"
            text = checked_text(found.text("text") or "", "text", service)
            options, _ = options_of(
                verb, found, service.settings, known=("text", "model", "format")
            )
            order = {
                "do": "speak",
                "verb": verb.name,
                "model": offer.place,
                "options": options,
                "text": text,
                "format": name,
            }
            return await spoken(service, order, stack)

    return route


def checked_text(text: str, param: str, service: Service) -> str:
    """A text that can be spoken.

    Raises:
        Refusal: it is empty, or too long.
    """
    most = service.settings.most_text
    if not text.strip():
        raise Refusal(400, f"{param} is empty.", "missing_text", param=param)
    if len(text) > most:
        told = f"{param} has {len(text):,} characters, and may have {most:,}: send it in parts."
        raise Refusal(400, told, "too_long", param=param)
    return text


async def spoken(service: Service, order: Message, stack: AsyncExitStack) -> Response:
    """Sound, sent while it is made; what goes wrong before the first of it has its own status."""
    from tympan.errors import ArgumentError
    from tympan.serve.refusals import refusal_of

    try:
        media = sound_format(order["format"]).media
    except ArgumentError as error:
        raise refusal_of(error, param="format") from error
    news = service.desk.news(service.desk.begin(order))
    try:
        first = [payload async for payload in _until_sound(news)]
    except BaseException:
        await news.aclose()
        raise

    async def sound() -> AsyncIterator[bytes]:
        try:
            for payload in first:
                yield payload
            async for _, payload in news:
                if payload:
                    yield payload
        finally:
            await news.aclose()

    sent = Streamed(sound(), media, stack.pop_all())
    # AAC and PCM have no place for the mark that a machine speaks.
    sent.headers[SOURCE_TYPE] = DIGITAL_SOURCE_TYPE
    return sent


async def _until_sound(news: AsyncIterator[tuple[Message, bytes]]) -> AsyncIterator[bytes]:
    async for _, payload in news:
        if payload:
            yield payload
            return


def nothing_route(verb: Verb, service: Service) -> Handler:
    """The route of a question that takes nothing but its options."""

    async def route(request: Request) -> Response:
        async with service.fields(request) as found:
            offer = service.offers.choose(verb, found.text("model"))
            ending = ending_of(verb, found)
            options, _ = options_of(verb, found, service.settings, known=("model", "format"))
            head = {"do": "make", "verb": verb.name, "model": offer.place, "options": options}
            order = {**head, "made": str(service.spool.new())}
            return await while_there(request.receive, saved(service, order, ending))

    return route


def unknown_route(verb: Verb, service: Service) -> Handler:
    """The route of a question that takes what no route can take yet."""

    async def route(request: Request) -> Response:
        text = f"{verb.name} takes a {verb.takes}, which this server cannot be sent."
        raise Refusal(501, text, "not_served")

    return route

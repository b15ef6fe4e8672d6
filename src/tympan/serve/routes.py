"""What routes share: a recording's way to its answer, as JSON, a file, or events."""

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
from tympan.serve.asked import Fields, switch
from tympan.serve.refusals import Refusal, sentence
from tympan.serve.service import Service, while_there
from tympan.serve.spool import remove
from tympan.tasks.commands import Command
from tympan.tasks.verbs import Verb

if TYPE_CHECKING:
    from tympan.serve.frames import Message

Handler = Callable[[Request], Awaitable[Response]]
_MEDIA = {".srt": "application/x-subrip", ".vtt": "text/vtt", ".csv": "text/csv"}


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


class Streamed(StreamingResponse):
    """A response that is sent while it is made, and ends where the client goes.

    Args:
        content: its parts.
        media_type: of the whole.
        stack: what is held until it is sent; closed whatever happens.

    Attributes:
        unspoken: of a text, what is not in its sound.
    """

    unspoken: tuple[str, ...] = ()

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

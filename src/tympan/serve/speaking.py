"""Routes of questions about a text: its sound, sent while it is made."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from tympan.audio.synthetic import DIGITAL_SOURCE_TYPE
from tympan.serve.encoding import sound_format
from tympan.serve.options import options_of
from tympan.serve.refusals import Refusal
from tympan.serve.routes import Handler, Streamed
from tympan.serve.service import Service
from tympan.tasks.verbs import Verb

if TYPE_CHECKING:
    from tympan.serve.frames import Message

SOURCE_TYPE = "x-digital-source-type"
"""The header that says, with IPTC's term, that a trained model made the sound."""
UNSPOKEN = "x-tympan-unspoken"
"""The header that names what in the text is not spoken."""
MOST_NAMES, MOST_LETTERS = 12, 20


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
        first, unspoken = await _until_sound(news)
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
    if unspoken:
        sent.unspoken = tuple(unspoken)
        sent.headers[UNSPOKEN] = named(unspoken)
    return sent


async def _until_sound(news: AsyncIterator[tuple[Message, bytes]]) -> tuple[list[bytes], list[str]]:
    """The first of the sound, and what in the text will not be spoken."""
    unspoken: list[str] = []
    async for message, payload in news:
        unspoken += message.get("unspoken", ())
        if payload:
            return [payload], unspoken
    return [], unspoken


def named(unspoken: Sequence[str]) -> str:
    """What is not spoken, as a header holds it: in UTF-8 with percent signs, of bounded length.

    >>> named(["🙂", "a, b"]), named(["x"] * 20)[-8:]
    ('%F0%9F%99%82, a%2C%20b', ', x, ...')
    """
    found = [quote(one[:MOST_LETTERS], safe="") for one in unspoken[:MOST_NAMES]]
    return ", ".join([*found, "..."] if len(unspoken) > MOST_NAMES else found)

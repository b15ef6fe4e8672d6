"""Routes that clients of OpenAI's server take: what was said, and say this.

After OpenAI's *API reference*, Audio (2025). What a model here cannot do is refused in the form of
their errors; no field is passed over in silence.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from tympan.serve.asked import Fields, switch
from tympan.serve.refusals import Refusal
from tympan.serve.routes import Streamed, saved
from tympan.serve.service import Service, while_there
from tympan.serve.speaking import checked_text, spoken
from tympan.tasks.verbs import Verb

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tympan.serve.frames import Message

TRANSCRIBE, SPEAK = "transcribe", "speak"
FORMS = ("json", "text", "srt", "verbose_json", "vtt", "diarized_json")
SOUNDS = ("mp3", "opus", "aac", "flac", "wav", "pcm")
# Fields of theirs that no model here has a use for, and what may be done instead.
_NO_USE = {
    "prompt": "send likely words and names as hotwords (extra_body)",
    "known_speaker_names": "send a voice book as book to /v1/transcribe",
    "known_speaker_references": "send a voice book as book to /v1/transcribe",
    "include": "scores of words are not given",
    "instructions": "speed, and pitch at /v1/speak, are what can be asked for",
}


def add_openai(app: FastAPI, service: Service) -> None:
    """Their three routes."""
    more: dict[str, Any] = {"methods": ["POST"], "tags": ["OpenAI"], "response_model": None}
    app.add_api_route(
        "/v1/audio/transcriptions", transcriptions(service), **more, summary="What was said?"
    )
    app.add_api_route("/v1/audio/translations", translations, **more, summary="Is refused.")
    app.add_api_route("/v1/audio/speech", speech(service), **more, summary="Say a text.")


def _verb(service: Service, name: str) -> Verb:
    found = service.offers.verbs.get(name)
    if found is None:
        raise Refusal(501, f"This server has no question {name!r}.", "no_model")
    return found


def _without_use(found: Fields) -> None:
    """Refuse what cannot be done."""
    for name, instead in _NO_USE.items():
        if found.take(name) not in (None, "", []):
            text = f"{name} has no effect here: {instead}."
            raise Refusal(400, text, "unsupported_parameter", param=name)


async def translations(request: Request) -> Response:
    """No model here translates."""
    text = "No model here translates: /v1/audio/transcriptions gives the words that were spoken."
    raise Refusal(400, text, "unsupported")


def transcriptions(service: Service) -> Callable[[Request], Awaitable[Response]]:
    """The route of `client.audio.transcriptions.create`."""

    async def route(request: Request) -> Response:
        async with AsyncExitStack() as stack:
            found = await stack.enter_async_context(service.fields(request))
            verb = _verb(service, TRANSCRIBE)
            offer = service.offers.choose(verb, found.text("model"))
            form, streams, words = _wishes(found)
            if form == "diarized_json":
                found.values["speakers"] = True
            entering = stack.enter_async_context(service.order(verb, found, offer))
            order = await while_there(request.receive, entering)
            if streams:
                order["tell"] = True
                return Streamed(_told(service, order, form), "text/event-stream", stack.pop_all())
            return await while_there(request.receive, _written(service, order, form, words))

    return route


def _wishes(found: Fields) -> tuple[str, bool, tuple[bool, bool]]:
    """Form of the answer, whether it is streamed, and whether words and segments are wanted."""
    _without_use(found)
    form = found.text("response_format") or "json"
    if form not in FORMS:
        text = f"response_format is {form[:40]!r}: one of {', '.join(FORMS)}."
        raise Refusal(400, text, "invalid_value", param="response_format")
    streams = switch(found, "stream")
    if streams and form not in ("json", "text", "diarized_json"):
        text = f"{form} cannot be streamed: json, text and diarized_json can."
        raise Refusal(400, text, "invalid_value", param="stream")
    if not _is_zero(found.take("temperature", 0)):
        text = "temperature is 0 here: the most likely words are given."
        raise Refusal(400, text, "unsupported_parameter", param="temperature")
    if found.take("chunking_strategy", "auto") not in ("auto", None):
        text = "chunking_strategy is auto here: speech is cut at its pauses."
        raise Refusal(400, text, "unsupported_parameter", param="chunking_strategy")
    wanted = found.take("timestamp_granularities") or []
    wanted = wanted if isinstance(wanted, list) else [wanted]
    if not all(one in ("word", "segment") for one in wanted):
        text = "timestamp_granularities are word and segment."
        raise Refusal(400, text, "invalid_value", param="timestamp_granularities")
    if wanted and form != "verbose_json":
        text = f"{form} has no timestamp_granularities: verbose_json has."
        raise Refusal(400, text, "unsupported_parameter", param="timestamp_granularities")
    wanted = wanted or ["segment"]
    return form, streams, ("word" in wanted, "segment" in wanted)


def _is_zero(value: Any) -> bool:
    """Whether a temperature is that of the most likely words; None: it was not said."""
    try:
        return value is None or float(value) == 0
    except (TypeError, ValueError, OverflowError):
        return False


async def _written(
    service: Service, order: Message, form: str, wanted: tuple[bool, bool]
) -> Response:
    if form in ("srt", "vtt"):
        return await saved(service, order, f".{form}")
    answer = (await service.desk.answer(order))["answer"]
    if form == "text":
        return PlainTextResponse(f"{answer['text']}\n")
    if form == "json":
        return JSONResponse({"text": answer["text"], "usage": _usage(answer)})
    if form == "diarized_json":
        parts = [_spoken_by(number, one) for number, one in enumerate(answer["segments"])]
        head = {"task": "transcribe", "duration": answer["duration_s"], "text": answer["text"]}
        return JSONResponse({**head, "segments": parts, "usage": _usage(answer)})
    return JSONResponse(verbose(answer, *wanted))


def _usage(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "duration", "seconds": answer["duration_s"]}


def verbose(answer: Mapping[str, Any], words: bool, segments: bool) -> dict[str, Any]:
    """A transcript as `verbose_json`; what is not known of it is null.

    Args:
        answer: of `Transcript.to_json`.
        words: whether each word is wanted.
        segments: whether the segments are.

    >>> said = {"text": "", "language": "en", "duration_s": 1.0, "segments": []}
    >>> verbose(said, False, True)["segments"]
    []
    """
    found: dict[str, Any] = {
        "task": "transcribe",
        "language": answer["language"],
        "duration": answer["duration_s"],
        "text": answer["text"],
        "usage": _usage(answer),
    }
    unknown = dict.fromkeys(("avg_logprob", "compression_ratio", "no_speech_prob"))
    if segments:
        found["segments"] = [
            {"id": number, "seek": 0, "start": one["start_s"], "end": one["end_s"],
             "text": one["text"], "tokens": [], "temperature": 0.0, **unknown}
            for number, one in enumerate(answer["segments"])
        ]  # fmt: skip
    if words:
        found["words"] = [
            {"word": word["text"], "start": word["start_s"], "end": word["end_s"]}
            for one in answer["segments"]
            for word in one["words"]
        ]
    return found


def _spoken_by(number: int, one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "transcript.text.segment",
        "id": f"seg_{number}",
        "start": one["start_s"],
        "end": one["end_s"],
        "text": one["text"],
        "speaker": one.get("speaker") or "?",
    }


async def _told(service: Service, order: Message, form: str) -> AsyncIterator[str]:
    """The utterances as events, as soon as they are final."""
    begun = False
    try:
        async with aclosing(service.desk.news(service.desk.begin(order))) as news:
            async for message, _ in news:
                if "decided" in message and form != "diarized_json":
                    text = message["decided"]["text"]
                    delta = f"{' ' * begun}{text}"
                    yield _data({"type": "transcript.text.delta", "delta": delta})
                    begun = True
                for line in _ending(message.get("answer"), form):
                    yield line
    except Refusal as refusal:
        yield _data(refusal.body())


def _ending(answer: Mapping[str, Any] | None, form: str) -> Iterator[str]:
    """The last events; who speaks is known at the end."""
    if answer is None:
        return
    if form == "diarized_json":
        for number, one in enumerate(answer["segments"]):
            yield _data(_spoken_by(number, one))
    done = {"type": "transcript.text.done", "text": answer["text"]}
    yield _data({**done, "usage": _usage(answer)})


def _data(value: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(value)}\n\n"


def speech(service: Service) -> Callable[[Request], Awaitable[Response]]:
    """The route of `client.audio.speech.create`."""

    async def route(request: Request) -> Response:
        async with AsyncExitStack() as stack:
            found = await stack.enter_async_context(service.fields(request))
            verb = _verb(service, SPEAK)
            _without_use(found)
            order = _speech_order(service, verb, found)
            sent = await while_there(request.receive, spoken(service, order, stack))
            return _as_events(sent) if order["events"] else sent

    return route


def _speech_order(service: Service, verb: Verb, found: Fields) -> Message:
    from tympan.errors import ArgumentError
    from tympan.serve.refusals import refusal_of

    model, voice = found.text("model"), found.text("voice")
    text = checked_text(found.text("input") or "", "input", service)
    form = found.text("response_format") or "mp3"
    stream = found.text("stream_format") or "audio"
    speed = found.take("speed", 1.0)
    if found.values or found.files:
        name = next(iter({**found.values, **found.files}))[:80]
        raise Refusal(400, f"There is no field {name!r}.", "unknown_field", param=name)
    if form not in SOUNDS:
        told = f"response_format is {form[:40]!r}: one of {', '.join(SOUNDS)}."
        raise Refusal(400, told, "invalid_value", param="response_format")
    if stream not in ("audio", "sse"):
        told = "stream_format is audio or sse."
        raise Refusal(400, told, "invalid_value", param="stream_format")
    if isinstance(speed, int) and not isinstance(speed, bool):
        speed = float(speed)
    offer = service.offers.choose(verb, model)
    speakers = list(offer.about.get("labels") or ())
    if voice == "default":
        voice = None
    if voice is not None and speakers and voice not in speakers:
        told = f"The model {offer.name} has no voice {voice[:80]!r}: it has {', '.join(speakers)}."
        raise Refusal(400, told, "invalid_value", param="voice")
    try:
        options = verb.checked({"speaker": voice, "speed": speed})
    except ArgumentError as error:
        raise refusal_of(error, param="speed") from error
    head = {"do": "speak", "verb": verb.name, "model": offer.place, "options": options}
    return {**head, "text": text, "format": form, "events": stream == "sse"}


def _as_events(sent: Response) -> Response:
    """The same sound as server-sent events, in base64."""
    assert isinstance(sent, Streamed)
    parts = sent.body_iterator

    async def events() -> AsyncIterator[str]:
        async for part in parts:
            audio = base64.b64encode(bytes(part)).decode()  # type: ignore[arg-type]
            yield _data({"type": "speech.audio.delta", "audio": audio})
        usage = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
        left_out = {"unspoken": list(sent.unspoken)} if sent.unspoken else {}
        yield _data({"type": "speech.audio.done", "usage": usage, **left_out})

    sent.headers["content-type"] = "text/event-stream"
    sent.body_iterator = events()
    return sent

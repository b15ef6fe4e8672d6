"""The routes of OpenAI's server, asked by their own client."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

import tympan
from tests_serve import Running
from tympan.audio import load


@pytest.fixture(scope="module")
def client(server: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        api_key="none", base_url=f"{server.url}/v1", max_retries=0, timeout=120
    ) as found:
        yield found


@pytest.fixture(scope="module")
def said() -> tuple[str, bytes]:
    """A file's name and bytes: two sentences with a pause."""
    clip = tympan.speak("The weather was fine. We went to the sea, and it was cold.")
    return "said.wav", clip.to_wav_bytes()


def test_json_and_text(client: openai.OpenAI, said: tuple[str, bytes]) -> None:
    found = client.audio.transcriptions.create(model="whisper-1", file=said)
    text: Any = client.audio.transcriptions.create(
        model="english", file=said, response_format="text"
    )
    assert found.text.strip()
    assert str(text).strip() == found.text.strip()


def test_verbose_json_without_granularities(client: openai.OpenAI, said: tuple[str, bytes]) -> None:
    found = client.audio.transcriptions.create(
        model="english", file=said, response_format="verbose_json"
    )
    assert found.duration == pytest.approx(load(said[1]).duration_s, abs=0.01)
    assert found.segments
    assert found.words is None
    assert 0 <= found.segments[0].start < found.segments[0].end <= float(found.duration)


def test_verbose_json_with_words(client: openai.OpenAI, said: tuple[str, bytes]) -> None:
    found = client.audio.transcriptions.create(
        model="english",
        file=said,
        response_format="verbose_json",
        timestamp_granularities=["word"],
    )
    assert found.words
    assert found.segments is None
    assert " ".join(one.word for one in found.words) == found.text


@pytest.mark.parametrize("form", ["srt", "vtt"])
def test_subtitles(client: openai.OpenAI, said: tuple[str, bytes], form: Any) -> None:
    found = client.audio.transcriptions.create(model="english", file=said, response_format=form)
    assert "-->" in str(found)
    assert str(found).startswith("WEBVTT") == (form == "vtt")


def test_who_speaks(client: openai.OpenAI, said: tuple[str, bytes]) -> None:
    found: Any = client.audio.transcriptions.create(
        model="english", file=said, response_format="diarized_json"
    )
    assert found.segments
    assert found.segments[0].speaker


def test_a_stream_says_what_the_whole_says(client: openai.OpenAI, said: tuple[str, bytes]) -> None:
    parts: list[str] = []
    done = ""
    for event in client.audio.transcriptions.create(model="english", file=said, stream=True):
        if event.type == "transcript.text.delta":
            parts.append(event.delta)
        elif event.type == "transcript.text.done":
            done = event.text
    whole = client.audio.transcriptions.create(model="english", file=said).text
    assert done == whole
    assert "".join(parts).split() == whole.split()[: len("".join(parts).split())]


def test_silence_is_answered(client: openai.OpenAI) -> None:
    silence = tympan.synth.silence(duration_s=2, rate_hz=16_000).to_wav_bytes()
    for form in ("json", "verbose_json", "srt"):
        found: Any = client.audio.transcriptions.create(
            model="english", file=("s.wav", silence), response_format=form
        )
        assert (found if isinstance(found, str) else found.text).strip() == ""


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ({"prompt": "names"}, "prompt"),
        ({"temperature": 0.7}, "temperature"),
        ({"include": ["logprobs"]}, "include"),
        ({"language": "xx"}, "language"),
        ({"response_format": "docx"}, "response_format"),
        ({"chunking_strategy": {"type": "server_vad"}}, "chunking_strategy"),
        ({"timestamp_granularities": ["letter"]}, "timestamp_granularities"),
        ({"timestamp_granularities": ["word"]}, "timestamp_granularities"),
        ({"extra_body": {"stream": "maybe"}}, "stream"),
        ({"extra_body": {"best_of": 5}}, "best_of"),
        ({"stream": True, "response_format": "srt"}, "stream"),
    ],
)
def test_what_cannot_be_done_is_refused_as_their_error(
    client: openai.OpenAI, said: tuple[str, bytes], wish: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.transcriptions.create(model="english", file=said, **wish)
    assert caught.value.body["message"]
    assert caught.value.param == param


def test_a_model_that_is_not_there(client: openai.OpenAI, said: tuple[str, bytes]) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.audio.transcriptions.create(model="gpt-4o-transcribe", file=said)
    assert caught.value.code == "model_not_found"


def test_no_recording_and_no_sound(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.transcriptions.create(model="english", file=("a.xyz", b"nothing"))
    assert caught.value.code == "unreadable_audio"


def test_translations_are_refused(client: openai.OpenAI, said: tuple[str, bytes]) -> None:
    with pytest.raises(openai.BadRequestError, match="translates"):
        client.audio.translations.create(model="whisper-1", file=said)


@pytest.mark.parametrize("form", ["mp3", "opus", "aac", "flac", "wav", "pcm"])
def test_speech(client: openai.OpenAI, form: Any) -> None:
    found = client.audio.speech.create(
        model="tts-1", voice="bella", input="Good morning.", response_format=form, speed=1.5
    ).content
    pcm_s = len(found) / 2 / 24_000
    duration_s = pcm_s if form == "pcm" else load(io.BytesIO(found)).duration_s
    assert 0.3 < duration_s < 2


def test_speech_comes_while_it_is_made(client: openai.OpenAI) -> None:
    text = "The first sentence is short. " + "And here is another one that is longer. " * 3
    with client.audio.speech.with_streaming_response.create(
        model="en", voice="heart", input=text, response_format="pcm"
    ) as response:
        sizes = [len(part) for part in response.iter_bytes() if part]
    assert len(sizes) > 2


def test_speech_to_a_file(client: openai.OpenAI, tmp_path: Path) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="en", voice="heart", input="Good morning."
    ) as response:
        response.stream_to_file(tmp_path / "speech.mp3")
    assert load(tmp_path / "speech.mp3").duration_s > 0.3


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ({"voice": "alloy"}, "voice"),
        ({"speed": 9}, "speed"),
        ({"response_format": "wma"}, "response_format"),
        ({"instructions": "Whisper."}, "instructions"),
        ({"input": ""}, "input"),
        ({"input": "a" * 30_000}, "input"),
    ],
)
def test_speech_that_cannot_be_made(
    client: openai.OpenAI, wish: dict[str, Any], param: str
) -> None:
    given = {"model": "en", "voice": "heart", "input": "Good morning."} | wish
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.speech.create(**given)
    assert caught.value.param == param


def test_models(client: openai.OpenAI) -> None:
    assert "english" in [one.id for one in client.models.list()]
    assert client.models.retrieve("en").owned_by == "tympan"

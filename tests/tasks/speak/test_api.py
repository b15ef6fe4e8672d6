"""Speaking from Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tympan
from tests_speak import needs_en
from tympan.audio.synthetic import is_synthetic
from tympan.errors import ArgumentError, DataError, MissingDependencyError, TympanWarning
from tympan.text import Lexicon


def test_a_text_becomes_a_clip(voice_folder: Path) -> None:
    clip = tympan.speak("Good morning.", voice=voice_folder, speaker="bob", speed=1.2, pitch=2)
    assert clip.channels == 1
    assert is_synthetic(clip)
    assert "voice bob, model hum" in clip.tags["comment"]


def test_the_clip_is_the_stream(voice_folder: Path) -> None:
    parts = list(tympan.speak_stream("One. Two.", voice=voice_folder))
    clip = tympan.speak("One. Two.", voice=voice_folder)
    assert np.array_equal(np.concatenate([one.samples for one in parts]), clip.samples[0])


def test_what_is_not_spoken_is_warned_of(voice_folder: Path) -> None:
    with pytest.warns(TympanWarning, match="not spoken: 🙂, 漢"):
        tympan.speak("One 🙂. Two 漢.", voice=voice_folder)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"speed": 0.1}, "speed=0.1 is out of range"),
        ({"speed": float("nan")}, "speed=nan cannot be used"),
        ({"pitch": 99}, "pitch=99 is out of range"),
        ({"pitch": "high"}, "cannot be used"),
        ({"speaker": "eve"}, "no speaker 'eve'"),
        ({"lexicon": 3}, "a lexicon is a file or a Lexicon, not int"),
        ({"lexicon": Lexicon({"a": "b"}, "de")}, "does not fit a text in 'en'"),
        ({"text": "🙂"}, "nothing in the text can be spoken"),
        ({"text": b"Hi"}, "a text is wanted, not bytes"),
        ({"text": None}, "a text is wanted, not NoneType"),
        ({"ssml": True}, "the SSML is wrong"),
    ],
)
@pytest.mark.filterwarnings("ignore::tympan.errors.TympanWarning")
def test_a_mistake_is_named(voice_folder: Path, given: dict[str, object], line: str) -> None:
    with pytest.raises(ArgumentError, match=line):
        tympan.speak(**{"text": "Hi.", "voice": voice_folder, **given})  # type: ignore[arg-type]


def test_mistakes_are_known_before_anything_is_spoken(voice_folder: Path) -> None:
    with pytest.raises(ArgumentError, match="out of range"):
        tympan.speak_stream("Hi.", voice=voice_folder, speed=9)
    with pytest.raises(DataError, match=r"no\.txt"):
        tympan.speak_stream("Hi.", voice=voice_folder, lexicon="no.txt")


def test_an_engine_names_its_speaker() -> None:
    with pytest.raises(ArgumentError, match="two speakers are named, a and b"):
        tympan.speak("Hi.", voice="kokoro:a", speaker="b")


def test_answer_says_where_to_put_a_text() -> None:
    with pytest.raises(ArgumentError, match="takes a text, not a recording"):
        tympan.answer("speak", "a.wav")


def test_pages_refuse_a_voice(voice_folder: Path) -> None:
    clip = tympan.synth.sine(frequency_hz=440, duration_s=1, rate_hz=16000)
    with pytest.raises(ArgumentError, match="takes a text, not a recording"):
        tympan.hear(clip, models=str(voice_folder))


@needs_en
def test_the_shipped_voice_is_the_default() -> None:
    clip = tympan.speak("Good morning!")
    assert 0.5 < clip.duration_s < 2
    assert "model en" in clip.tags["comment"]
    assert 0.05 < np.abs(clip.samples).max() <= 1.2


def test_kokoro_says_how_it_is_installed() -> None:
    from tympan.tasks.engines import find_engine

    engine = find_engine("kokoro")
    assert engine is not None
    if engine.installed:
        pytest.skip("it is installed")
    with pytest.raises(MissingDependencyError, match="kokoro"):
        tympan.speak("Hi.", voice="kokoro:af_heart")

"""Times of words by the shipped recogniser, on speech of which they are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tympan.audio import Clip
from tympan.tasks.results import Word
from tympan.tasks.transcribe.aligning import OwnAligner
from tympan.tasks.transcribe.session import TranscribeSession
from tympan.tasks.transcribe.transcriber import Transcriber

RATE_HZ = 16_000
TEXT = "Seven geese crossed the muddy lane at dusk."


@pytest.fixture(scope="module")
def spoken() -> tuple[np.ndarray, list[tuple[str, float, float]]]:
    """A sentence `(t,)` and when each of its words is spoken."""
    import soxr

    from tympan.tasks.answering import load
    from tympan.tasks.speak.timing import marks_of

    voice = load("en", "speak", "cpu")
    part = next(voice.stream(TEXT, speed=0.9))
    words = [(one.text, one.start_s, one.end_s) for one in marks_of(part, voice.rate_hz).words]
    return soxr.resample(part.samples, voice.rate_hz, RATE_HZ).astype(np.float32), words


def test_words_are_where_they_are_spoken(
    spoken: tuple[np.ndarray, list[tuple[str, float, float]]],
) -> None:
    wave, marks = spoken
    found = OwnAligner().align(wave, [text for text, _, _ in marks])
    assert [word.text for word in found] == [text for text, _, _ in marks]
    off = [abs(word.start_s - start_s) for word, (_, start_s, _) in zip(found, marks, strict=True)]
    assert np.median(off) < 0.03
    assert max(off) < 0.15
    # How sure it is says nothing of the engine that wrote the words.
    assert all(word.score is None and word.estimated is None for word in found)


def test_what_does_not_fit_in_has_no_times(
    spoken: tuple[np.ndarray, list[tuple[str, float, float]]],
) -> None:
    wave, _ = spoken
    aligner = OwnAligner()
    assert aligner.align(wave[: RATE_HZ // 10], TEXT.split()) == []
    assert aligner.align(wave, []) == []
    other = "Nobody in this house has ever believed a single word of his."
    assert aligner.align(wave, other.split()) == []


def test_an_engine_without_times_gets_them(
    spoken: tuple[np.ndarray, list[tuple[str, float, float]]],
) -> None:
    wave, marks = spoken

    class Writer:
        """Writes what is said, and knows no times."""

        name, rate_hz, longest_s, languages, gives_times = "writer", RATE_HZ, 15.0, ("en",), False

        def words(self, wave, *, hot_words=(), language=None):
            return [Word(0, 0, text, None, True) for text in TEXT.split()]

    session = Transcriber(Writer(), aligner=OwnAligner()).session()
    assert isinstance(session, TranscribeSession)
    session.push(np.pad(wave, (RATE_HZ, RATE_HZ))[None])
    words = [word for one in session.result().segments for word in one.words]
    assert [word.text for word in words] == TEXT.split()
    off = [abs(w.start_s - 1 - start_s) for w, (_, start_s, _) in zip(words, marks, strict=True)]
    assert np.median(off) < 0.06


class Inventor:
    """Writes the same whatever it hears."""

    name, rate_hz, longest_s, languages, gives_times = "inventor", RATE_HZ, 15.0, ("en",), False

    def words(self, wave, *, hot_words=(), language=None):
        text = "I am going to show you how to use the microphone"
        return [Word(0, 0, one, None, True) for one in text.split()]


def test_a_band_that_passes_for_speech_gets_no_words(shared_data: Path) -> None:
    """Where hardly anything is speech, words that our own recogniser finds nowhere are left out."""
    (file,) = (shared_data / "real_music" / "jtd").glob("*8b77c067.opus")
    invented = Transcriber(Inventor())(file)
    assert invented.text  # the model of speech takes some of it for speech
    found = Transcriber(Inventor(), aligner=OwnAligner())(file)
    assert found.text == ""
    assert found.warnings[0] == "has no speech"
    assert found.warnings[1].startswith("text without speech was left out (at ")


def test_where_somebody_speaks_the_engine_is_believed(
    spoken: tuple[np.ndarray, list[tuple[str, float, float]]],
) -> None:
    wave = np.pad(spoken[0], (RATE_HZ, RATE_HZ))
    found = Transcriber(Inventor(), aligner=OwnAligner())(Clip(wave[None], RATE_HZ))
    assert found.text.startswith("I am going to show you")
    assert all(word.estimated for one in found.segments for word in one.words)

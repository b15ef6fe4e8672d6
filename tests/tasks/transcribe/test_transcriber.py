"""Recordings of every kind through a recogniser that hears tones, and one that always invents."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import tympan
from tympan.audio import Clip, synth
from tympan.errors import ArgumentError, AudioFileError
from tympan.tasks.results import Word
from tympan.tasks.transcribe.transcriber import Transcriber


class Inventor:
    """Whatever it hears, it writes what it learned from films."""

    name, rate_hz, longest_s, languages, gives_times = "inventor", 16000, 10.0, ("en", "de"), True

    def __init__(self) -> None:
        self.calls = 0

    def words(self, wave, *, hot_words=(), language=None):
        self.calls += 1
        text = "Subtitles were made by the amateurs of the community."
        return [Word(0.1 * i, 0.1 * i + 0.1, w, 0.8) for i, w in enumerate(text.split())]


@pytest.mark.parametrize(
    "clip",
    [
        synth.silence(duration_s=20, rate_hz=16000),
        synth.white_noise(duration_s=1, rate_hz=16000, amplitude=0.3, seed=1),
        synth.white_noise(duration_s=20, rate_hz=16000, amplitude=0.05, seed=2),
        synth.sine(440, duration_s=10, rate_hz=44100),
        synth.silence(duration_s=0.01, rate_hz=16000),
    ],
    ids=["silence", "a second of noise", "noise", "tone", "ten milliseconds"],
)
def test_without_speech_there_is_no_text(clip: Clip) -> None:
    inventor = Inventor()
    found = Transcriber(inventor)(clip)
    assert (found.text, found.segments) == ("", ())
    assert inventor.calls == 0
    assert found.warnings


def test_music_has_no_words(shared_data: Path) -> None:
    """Of single instruments and a band of ten, nothing is shown to the recogniser."""
    inventor = Inventor()
    files = sorted((shared_data / "real_music" / "babyslakh").glob("*.opus"))
    assert len(files) > 8
    model = Transcriber(inventor)
    heard = [one for one in map(tympan.load, files) if model(one).text]
    assert inventor.calls == 0
    assert not heard


def test_rates_and_channels_make_no_difference(coded_words: ModuleType) -> None:
    said = coded_words.text_of(10)
    wave = coded_words.coded(said)
    model = coded_words.model()
    clip = Clip(wave[None], 16000)
    assert model(clip).text.split() == said
    phone = clip.resample(8000)
    assert model(phone).text.split() == said
    six = Clip(np.stack([wave * g for g in (1, 0.8, 0.9, 0.7, 1, 0.9)]), 16000)
    assert model(six).text.split() == said
    high = clip.resample(48000)
    found = model(high)
    assert found.text.split() == said
    assert found.duration_s == pytest.approx(len(wave) / 16000)


def test_channels_by_themselves_are_speakers(coded_words: ModuleType) -> None:
    a, b = coded_words.text_of(5, 1), coded_words.text_of(5, 2)
    first, second = coded_words.coded(a, [0] * 5), coded_words.coded(b)
    silent = np.zeros(len(first) + 16000, np.float32)
    left, right = silent.copy(), silent.copy()
    left[: len(first)] = first
    right[16000 : 16000 + len(second)] = second
    clip = Clip(np.stack([left, right, silent, left]), 16000)
    found = coded_words.model()(clip, channels="separate")
    assert [(one.speaker, one.text.split()) for one in found.segments] == [
        ("channel 1", a),
        ("channel 2", b),
    ]
    assert found.warnings == ("channel 4 says what channel 1 says",)
    assert found.duration_s == pytest.approx(len(left) / 16000)
    with pytest.raises(ArgumentError, match="one channel"):
        coded_words.model()(clip, channels="separate", speakers=True)


def test_each_word_by_itself(coded_words: ModuleType) -> None:
    said = coded_words.text_of(4)
    found = coded_words.model()(coded_words.clip_of(said), words=True)
    assert [one.text for one in found.segments] == said
    assert all(len(one.words) == 1 and one.score == 0.9 for one in found.segments)


def test_a_language_that_it_does_not_know_is_refused(coded_words: ModuleType) -> None:
    with pytest.raises(ArgumentError, match=r"coded does not know the language 'de' \(it knows en"):
        coded_words.model()(coded_words.clip_of(["baba"]), language="de")


def test_a_stream_gives_utterances_in_time(coded_words: ModuleType) -> None:
    said = coded_words.text_of(9)
    wave = coded_words.coded(said, [0, 0, 1.0, 0, 0, 1.0, 0, 0, 0])
    blocks = [wave[i : i + 800] for i in range(0, len(wave), 800)]
    taken: list[int] = []

    def coming():
        for number, block in enumerate(blocks):
            taken.append(number)
            yield block

    found = []
    for one in coded_words.model(15.0).stream(coming()):
        found.append(one.text.split())
        if len(found) == 1:
            # 0.75 s of words, 0.6 s of pause: it does not wait for the end.
            assert taken[-1] * 800 / 16000 < 1.7
    assert found == [said[:3], said[3:6], said[6:]]


def test_an_empty_file_and_a_damaged_one(coded_words: ModuleType, tmp_path: Path) -> None:
    empty = tmp_path / "empty.wav"
    empty.write_bytes(b"")
    with pytest.raises(AudioFileError, match=r"empty\.wav"):
        coded_words.model()(empty)
    said = coded_words.text_of(60)
    whole = coded_words.clip_of(said).save(tmp_path / "whole.flac")
    raw = bytearray(whole.read_bytes())
    place = len(raw) // 2
    raw[place : place + 40] = bytes(40)
    damaged = tmp_path / "damaged.flac"
    damaged.write_bytes(raw)
    with pytest.raises(AudioFileError):
        coded_words.model()(damaged)
    with pytest.warns(UserWarning, match="damaged"):
        left = tympan.load(damaged, partial=True)
    found = coded_words.model()(left).text.split()
    begin = next(i for i, (x, y) in enumerate(zip(found, said, strict=False)) if x != y)
    assert begin > 20


def test_many_recordings_one_after_another(coded_words: ModuleType) -> None:
    texts = [coded_words.text_of(n, n) for n in (3, 8, 5)]
    model = coded_words.model()
    clips = [coded_words.clip_of(one) for one in texts]
    assert [one.text.split() for one in model.answer_many(clips)] == texts


def test_speakers_are_told_apart(shared_data: Path) -> None:
    """Of two people of LibriSpeech, who read one after another, each word is of the right one."""

    class Clock:
        """Hears a word each half second."""

        name, rate_hz, longest_s, languages, gives_times = "clock", 16000, 20.0, ("en",), True

        def words(self, wave, *, hot_words=(), language=None):
            count = int(len(wave) / 8000)
            return [Word(i / 2, i / 2 + 0.4, f"w{i}", 0.9) for i in range(count)]

    folder = shared_data / "librispeech" / "audio" / "test-other"
    names = sorted({p.name.split("-")[0] for p in folder.glob("*.flac")})[:2]
    parts = [tympan.load(sorted(folder.glob(f"{name}-*.flac"))[0], end_s=12) for name in names]
    clip = tympan.audio.concat(parts)
    found = Transcriber(Clock())(clip, speakers=True)
    middle_s = parts[0].duration_s
    right = [
        (w.start_s + w.end_s) / 2 < middle_s
        for one in found.segments
        for w in one.words
        if one.speaker == "speaker 1"
    ]
    assert {one.speaker for one in found.segments} >= {"speaker 1", "speaker 2"}
    assert np.mean(right) > 0.9

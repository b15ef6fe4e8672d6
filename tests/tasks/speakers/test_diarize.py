from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from made_voices import made_voice, spectrum_model
from tympan.audio import Clip
from tympan.errors import ArgumentError
from tympan.tasks.identify.book import Book
from tympan.tasks.results import Segments
from tympan.tasks.speakers import SpeakersModel, diarization_errors
from tympan.tasks.speakers.turns import bridged, smoothed

Turn = tuple[float, float, str]


def meeting(plan: list[tuple[int, float]], pause_s: float = 0.4) -> tuple[Clip, list[Turn]]:
    """Voices one after another, with pauses."""
    parts, truth, at = [np.zeros(4800, np.float32)], [], 0.3
    for take, (who, length_s) in enumerate(plan):
        parts.append(made_voice(who, take, length_s).samples[0])
        truth.append((at, at + length_s, str(who)))
        parts.append(np.zeros(round(16000 * pause_s), np.float32))
        at += length_s + pause_s
    wave = np.concatenate(parts)
    noise = 1e-3 * np.random.default_rng(0).standard_normal(len(wave))
    return Clip((wave + noise).astype(np.float32)[None], 16000, "meeting"), truth


def turns_of(answer: Segments) -> list[Turn]:
    return [(one.start_s, one.end_s, one.label) for one in answer.segments]


@pytest.fixture(scope="module")
def model() -> SpeakersModel:
    return SpeakersModel(spectrum_model(), threshold=0.75)


PLAN = [(0, 4.0), (1, 5.0), (0, 3.0), (2, 6.0), (1, 3.0), (2, 4.0)]


def test_turns_are_found_with_their_number(model: SpeakersModel):
    clip, truth = meeting(PLAN)
    answer = model(clip)
    assert len({one.label for one in answer.segments}) == 3
    assert diarization_errors(truth, turns_of(answer), 0.25).der < 0.08
    assert answer.segments[0].label == "speaker 1"


def test_a_number_that_is_given_is_kept(model: SpeakersModel):
    clip, _ = meeting(PLAN)
    assert len({one.label for one in model(clip, speakers=2).segments}) == 2
    assert len({one.label for one in model(clip, max_speakers=1).segments}) == 1
    with pytest.raises(ArgumentError, match="speakers=0"):
        model(clip, speakers=0)


def test_no_turn_is_lost_where_the_number_is_forced(model: SpeakersModel):
    clip, truth = meeting(PLAN)
    answer = turns_of(model(clip, speakers=1))
    errors = diarization_errors([(a, b, "all") for a, b, _ in truth], answer, 0.25)
    assert errors.missed_s < 0.5


def test_blocks_give_what_the_whole_gives(model: SpeakersModel):
    clip, _ = meeting(PLAN)
    whole, session = model(clip), model.session(name="meeting")
    for start in range(0, clip.num_samples, 3333):
        session.push(clip.samples[:, start : start + 3333])
    assert turns_of(session.result()) == turns_of(whole)


def test_silence_has_no_speakers(model: SpeakersModel):
    answer = model(Clip(np.zeros((1, 48000), np.float32), 16000))
    assert answer.segments == ()
    assert "no speech" in answer.warnings[0] or "silent" in answer.warnings[0]


def test_a_book_gives_names(model: SpeakersModel):
    voices = model.voices
    book = Book()
    for who, name in ((0, "Ann"), (1, "Bob")):
        takes = [voices.voice(made_voice(who, take)) for take in (50, 51)]
        book = book.enrolled(name, takes, voices.name, voices.digest)
    clip, _ = meeting(PLAN)
    names = {one.label for one in model(clip, book=book).segments}
    assert {"Ann", "Bob"} < names
    assert len(names) == 3


def test_turns_are_saved_as_rttm(model: SpeakersModel, tmp_path: Path):
    clip, _ = meeting(PLAN[:2])
    answer = model(clip)
    lines = answer.save(tmp_path / "a.rttm").read_text().splitlines()
    assert len(lines) == len(answer.segments)
    assert all(line.startswith("SPEAKER ") for line in lines)


def test_a_short_recording_is_one_turn(model: SpeakersModel):
    answer = model(made_voice(0, 0, 1.0))
    assert {one.label for one in answer.segments} == {"speaker 1"}


def test_too_little_speech_to_tell_speakers_apart_is_said(model: SpeakersModel):
    clip, _ = meeting(PLAN)  # 25 s of speech
    (warning,) = model(clip).warnings
    assert warning.startswith("has 2")
    assert "s of speech: with less than 60 s, two people may be taken for one" in warning
    assert model(clip, speakers=3).warnings == ()
    long, _ = meeting([(0, 40.0), (1, 30.0)])
    assert model(long).warnings == ()


def test_the_path_changes_only_for_a_gain():
    steady = np.array([[0.5, 0.4]] * 3 + [[0.4, 0.5]] + [[0.5, 0.4]] * 3)
    times = np.arange(7) / 4
    assert smoothed(steady, times, 0.3).tolist() == [0] * 7
    assert smoothed(steady, times, 0.0).tolist() == [0, 0, 0, 1, 0, 0, 0]
    changed = np.array([[0.9, 0.1]] * 4 + [[0.1, 0.9]] * 4)
    assert smoothed(changed, np.arange(8) / 4, 0.3).tolist() == [0] * 4 + [1] * 4


def test_pauses_are_bridged_up_to_a_length():
    active = np.array([0, 1, 0, 0, 1, 0, 0, 0, 1, 0], bool)
    assert bridged(active, 2).astype(int).tolist() == [0, 1, 1, 1, 1, 0, 0, 0, 1, 0]
    assert not bridged(np.zeros(4, bool), 2).any()

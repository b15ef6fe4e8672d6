from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tympan.audio import Clip
from tympan.errors import ArgumentError
from tympan.tasks.identify.api import compared, with_expected
from tympan.tasks.identify.book import Book
from tympan.tasks.identify.expected import expected, left_out, own_trials, stranger_trials
from tympan.tasks.identify.model import IdentifyModel, open_set
from tympan.tasks.identify.voice import clipped_share

Voices = Callable[..., Clip]


@pytest.fixture(scope="module")
def book(model: IdentifyModel, voices: Voices) -> Book:
    found = Book()
    for who, name in enumerate(("Ann", "Bob", "Cy")):
        takes = [model.voice(voices(who, take)) for take in range(3)]
        found = found.enrolled(name, takes, model.name, model.digest)
    return with_expected(found, model)[0]


def test_known_voices_get_their_names(model: IdentifyModel, book: Book, voices: Voices):
    for who, name in enumerate(book.names):
        answer = model(voices(who, 9), book=book)
        assert answer.speaker == name
        assert answer.candidates[0].speaker == name
        assert answer.probability > 0.5


def test_strangers_get_none(model: IdentifyModel, book: Book, voices: Voices):
    answers = [model(voices(who), book=book) for who in range(100, 130)]
    assert sum(one.speaker is not None for one in answers) <= 1
    assert all(one.scored for one in answers)


def test_blocks_give_what_the_whole_gives(model: IdentifyModel, book: Book, voices: Voices):
    wave = voices(0, 9, 7.3).samples[0]
    whole = model.voice_of(wave)
    session = model.session(book=book)
    for start in range(0, len(wave), 777):
        session.push(wave[None, start : start + 777])
    session.result()
    assert np.allclose(session.voice().vector, whole.vector, atol=1e-5)
    assert session.voice().speech_s == pytest.approx(whole.speech_s)


def test_silence_noise_gaps_and_clipping(model: IdentifyModel, book: Book, voices: Voices):
    silent = Clip(np.zeros((1, 32000), np.float32), 16000)
    assert model(silent, book=book).reason == "is silent"
    loud = voices(0, 0, level=0.9)
    clipped = Clip(np.clip(loud.samples * 20, -1, 1), 16000)
    assert "clipped" in model(clipped, book=book).reason
    short = voices(0, 0, 0.3)
    answer = model(short, book=book)
    assert answer.speaker is None
    assert answer.similarity is None
    assert "of speech" in answer.reason
    little = model(voices(0, 0, 1.5), book=book)
    assert little.scored
    assert "speech" in little.warnings[0]


def test_pauses_are_no_speech(model: IdentifyModel, voices: Voices):
    wave = voices(0, 0, 2.0).samples[0]
    padded = np.concatenate([wave, np.zeros(16000 * 20, np.float32)])
    alone, among = model.voice_of(wave), model.voice_of(padded)
    assert among.duration_s == pytest.approx(22.0)
    assert among.speech_s == pytest.approx(alone.speech_s, abs=0.1)
    assert float(among.vector @ alone.vector) > 0.98


def test_other_sounds_are_not_scored_where_the_model_tells_speech(
    model: IdentifyModel, book: Book, voices: Voices
):
    never = replace(model, speech=np.append(np.zeros(16), -9.0).astype(np.float32))
    assert never(voices(0), book=book).reason.startswith("has no speech")


def test_without_a_book_it_is_said(
    model: IdentifyModel, voices: Voices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    answer = model(voices(0))
    assert "enroll" in answer.reason
    assert "not scored" in str(answer)


def test_a_book_of_another_model_is_refused(model: IdentifyModel, book: Book, voices: Voices):
    with pytest.raises(ArgumentError, match="made with the model"):
        model(voices(0), book=replace(book, digest="zzz"))


def test_the_threshold_of_the_user_counts(model: IdentifyModel, book: Book, voices: Voices):
    assert model(voices(0, 9), book=book, threshold=1.0).speaker is None
    assert model(voices(500), book=book, threshold=0.0).speaker is not None
    with pytest.raises(ArgumentError, match="between 0 and 1"):
        model(voices(0), book=book, threshold=2.0)
    with pytest.raises(ArgumentError, match="no option 'bok'"):
        model(voices(0), bok=book)


def test_shares_of_an_open_set_leave_room_for_nobody():
    shares = open_set(np.array([3.0, 1.0, -2.0]))
    odds = np.exp([3.0, 1.0, -2.0]) / 6
    assert np.allclose(shares, odds / (odds.sum() + 0.5))
    assert open_set(np.array([-800.0, 900.0])).tolist() == [0.0, 1.0]
    # One more stranger in the book makes nobody else likelier.
    assert open_set(np.array([1.0, -50.0]))[0] < open_set(np.array([1.0]))[0]


def test_expected_errors_are_those_of_the_book(model: IdentifyModel, book: Book):
    found = expected(book, model.scorer, 0.05)
    own, strangers = own_trials(book, model.scorer), stranger_trials(book, model.scorer)
    assert (found.own, found.strangers) == (9, 40 + 9)
    assert found.false_reject == pytest.approx((own < found.threshold).mean())
    assert (strangers >= found.threshold).mean() <= 0.05
    assert book.calibration["strangers"] == 49


def test_a_lower_rate_of_false_accepts_asks_for_more(model: IdentifyModel, voices: Voices):
    # Two people who sound nearly alike: the threshold must rise above their likeness.
    a = [model.voice(voices(0, take)) for take in range(2)]
    book = Book().enrolled("Ann", a, model.name, model.digest)
    alone = expected(book, model.scorer, 0.02)
    twin = book.enrolled("Twin", [model.voice(voices(0, 7))], model.name, model.digest)
    both = expected(twin, model.scorer, 0.02)
    assert both.threshold > alone.threshold


def test_one_recording_leaves_false_rejects_unknown(model: IdentifyModel, voices: Voices):
    book = Book().enrolled("Ann", [model.voice(voices(0))], model.name, model.digest)
    assert expected(book, model.scorer).false_reject is None
    assert "not known" in str(expected(book, model.scorer))


def test_two_recordings_are_compared(model: IdentifyModel, voices: Voices):
    a, b, c = (model.voice(voices(*one)) for one in ((0, 0), (0, 1), (1, 0)))
    same, other = compared(model, a, b), compared(model, a, c)
    assert same.same
    assert not other.same
    assert same.probability > 0.5 > other.probability
    assert same.probability == pytest.approx(1 / (1 + np.exp(-same.log_odds)))
    silent = model.voice(Clip(np.zeros((1, 16000), np.float32), 16000, "quiet"))
    neither = compared(model, a, silent)
    assert neither.same is None
    assert neither.similarity is None
    assert "quiet is silent" in neither.warnings


def test_many_recordings_give_what_each_gives(model: IdentifyModel, book: Book, voices: Voices):
    clips = [voices(who, 9, 1.0 + 1.3 * who) for who in range(3)]
    together = list(model.answer_many(clips, book=book))
    for clip, answer in zip(clips, together, strict=True):
        alone = model(clip, book=book)
        assert answer.speaker == alone.speaker
        assert answer.probability == pytest.approx(alone.probability, abs=1e-6)


def test_a_stranger_is_compared_with_others_than_itself(model: IdentifyModel, voices: Voices):
    """Its likeness to itself, 1, must not stand among those that normalise."""
    mean = model.voice(voices(0)).vector[None]
    cohort = model.scorer.cohort.astype(float)
    found = left_out(model.scorer, mean)
    for k in (0, 7, 39):
        others = np.delete(cohort, k, axis=0) @ cohort[k]
        near = np.sort(others)[-20:]
        of_voice = np.sort(cohort @ mean[0])[-20:]
        cosine = float(cohort[k] @ mean[0])
        z = [(cosine - x.mean()) / x.std() for x in (near, of_voice)]
        assert found[k, 0] == pytest.approx(np.mean(z), abs=1e-4)


def test_a_loud_wave_is_not_clipped_and_a_flat_one_is():
    loud = np.sin(2 * np.pi * 200 / 16000 * np.arange(16000)).astype(np.float32)
    assert clipped_share(loud) < 0.01
    assert clipped_share(np.clip(2 * loud, -1, 1)) > 0.3

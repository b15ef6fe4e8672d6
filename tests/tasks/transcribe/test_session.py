"""A recording through a recogniser: every word once, wherever the windows are cut."""

from __future__ import annotations

import json
from types import ModuleType

import numpy as np
import pytest

from tympan.tasks.results import Transcript
from tympan.tasks.transcribe.session import SessionOptions, TranscribeSession
from tympan.tasks.transcribe.windows import CutRules


@pytest.fixture(scope="module")
def continuous(coded_words: ModuleType) -> tuple[list[str], np.ndarray]:
    """240 words without a pause, a minute."""
    said = coded_words.text_of(240)
    return said, coded_words.coded(said)


def transcribed(
    coded_words: ModuleType, wave: np.ndarray, recogniser: object = None, block: int = 16000
) -> Transcript:
    session = TranscribeSession(recogniser or coded_words.CodedRecogniser(), coded_words.Loudness())
    for at in range(0, len(wave), block):
        session.push(wave[None, at : at + block])
    return session.result()


@pytest.mark.parametrize("gives_times", [True, False], ids=["times", "estimated"])
@pytest.mark.parametrize("part", range(4))
def test_a_text_cut_at_two_hundred_places_is_the_text(
    coded_words: ModuleType, continuous: tuple[list[str], np.ndarray], part: int, gives_times: bool
) -> None:
    """Fifty places in each part; every one is in another place of a word or gap."""
    said, wave = continuous
    for place in range(part, 200, 4):
        # The beginning moves, and with it all seams, over five words.
        drop = round(place / 200 * 5 * coded_words.WORD_S * coded_words.RATE_HZ)
        first = -(-drop // round(coded_words.WORD_S * coded_words.RATE_HZ))
        cut = wave[drop : drop + 14 * coded_words.RATE_HZ]
        last = first + (len(cut) - (first * 4000 - drop)) // 4000
        recogniser = coded_words.CodedRecogniser(gives_times=gives_times)
        found = transcribed(coded_words, cut, recogniser).text.split()
        assert len(recogniser.lengths_s) >= 5
        # Of the words that the recording itself cuts, a half may be heard.
        whole = said[first:last]
        begin = found.index(whole[0])
        assert begin <= 1
        assert found[begin : begin + len(whole)] == whole, place
        assert len(found) - begin - len(whole) <= 1


def test_the_size_of_blocks_changes_nothing(
    coded_words: ModuleType, continuous: tuple[list[str], np.ndarray]
) -> None:
    said, wave = continuous
    answers = [transcribed(coded_words, wave, block=size) for size in (1000, 12345, len(wave))]
    assert answers[0].text.split() == said
    assert answers[0] == answers[1] == answers[2]


def test_windows_end_at_pauses_and_times_are_those_of_the_file(coded_words: ModuleType) -> None:
    said = coded_words.text_of(12)
    pauses = [0, 0, 2.0, 0, 0, 0, 3.0, 0, 0, 0, 0, 0]
    recogniser = coded_words.CodedRecogniser(30.0)
    found = transcribed(coded_words, coded_words.coded(said, pauses), recogniser)
    assert len(recogniser.lengths_s) == 3
    assert [one.text.split() for one in found.segments] == [said[:3], said[3:7], said[7:]]
    starts = np.cumsum([0, *(coded_words.WORD_S + p for p in pauses[:-1])])
    got = [w.start_s for one in found.segments for w in one.words]
    assert np.abs(np.array(got) - starts).max() < 0.03


def test_utterances_come_when_they_are_final_and_partial_ones_before(
    coded_words: ModuleType,
) -> None:
    said = coded_words.text_of(8)
    wave = coded_words.coded(said, [0, 0, 0, 2.5, 0, 0, 0, 0])
    session = TranscribeSession(coded_words.CodedRecogniser(30.0), coded_words.Loudness())
    final, partial = [], []
    for at in range(0, len(wave), 1600):
        final += [one.text for one in session.push(wave[None, at : at + 1600])]
        now = session.partial()
        partial.append("" if now is None else now.text)
    assert final == [" ".join(said[:4])]
    assert [one.text for one in session.finish()] == [" ".join(said[4:])]
    assert " ".join(said[:2]) in partial
    assert " ".join(said[4:6]) in partial
    assert "" in partial


def test_after_an_interruption_nothing_is_recognised_again(
    coded_words: ModuleType, continuous: tuple[list[str], np.ndarray]
) -> None:
    _, wave = continuous
    whole = transcribed(coded_words, wave)
    for stop_s in (1, 10, 17, 33, 59):
        first = TranscribeSession(coded_words.CodedRecogniser(), coded_words.Loudness())
        for at in range(0, stop_s * 16000, 16000):
            first.push(wave[None, at : at + 16000])
        kept = json.loads(json.dumps(first.state()))
        recogniser = coded_words.CodedRecogniser()
        again = TranscribeSession(recogniser, coded_words.Loudness())
        again.restore(kept)
        for at in range(0, len(wave), 5000):
            again.push(wave[None, at : at + 5000])
        assert again.result() == whole
        full = coded_words.CodedRecogniser()
        transcribed(coded_words, wave, full)
        assert len(recogniser.lengths_s) == len(full.lengths_s) - kept["windows"]


def test_what_loops_is_heard_again_in_halves(coded_words: ModuleType) -> None:
    class Loops(coded_words.CodedRecogniser):  # type: ignore[name-defined, misc]
        """As Whisper sometimes does, it repeats itself in long windows."""

        def words(self, wave, **options):
            found = super().words(wave, **options)
            if len(wave) > 5 * 16000:
                return [one for one in found[:2] for _ in range(1)] * 20
            return found

    said = coded_words.text_of(32)
    pauses = [0.3 if i % 8 == 7 else 0.0 for i in range(32)]
    found = transcribed(coded_words, coded_words.coded(said, pauses), Loops(30.0))
    assert found.text.split() == said
    assert found.warnings == ()


def test_without_speech_there_is_no_text_and_nobody_is_asked(coded_words: ModuleType) -> None:
    recogniser = coded_words.CodedRecogniser()
    found = transcribed(coded_words, np.zeros(16000 * 20, np.float32), recogniser)
    assert (found.text, found.segments, found.warnings) == ("", (), ("has no speech",))
    assert recogniser.lengths_s == []


def test_hot_words_and_the_language_reach_the_recogniser(coded_words: ModuleType) -> None:
    recogniser = coded_words.CodedRecogniser()
    options = SessionOptions(hot_words=("Ann",), language="en", rules=CutRules(4.0))
    session = TranscribeSession(recogniser, coded_words.Loudness(), "a", options)
    session.push(coded_words.coded(coded_words.text_of(3))[None])
    assert session.result().language == "en"
    assert recogniser.asked == [(("Ann",), "en")]


def test_a_model_that_can_align_gives_the_times(coded_words: ModuleType) -> None:
    class Aligner:
        """Knows when each word is spoken."""

        def align(self, wave, words):
            found = coded_words.heard(wave)
            assert [w.text for w in found] == list(words)
            return found

    said = coded_words.text_of(6)
    recogniser = coded_words.CodedRecogniser(gives_times=False)
    session = TranscribeSession(recogniser, coded_words.Loudness(), aligner=Aligner())
    session.push(coded_words.coded(said)[None])
    words = [w for one in session.result().segments for w in one.words]
    assert [w.text for w in words] == said
    assert all(w.estimated is None for w in words)
    assert [round(w.start_s, 1) for w in words[:3]] == [0.0, 0.2, 0.5]

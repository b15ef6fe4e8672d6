"""What every voice has in common."""

from __future__ import annotations

import numpy as np
import pytest

from tympan.audio.synthetic import is_synthetic
from tympan.errors import ArgumentError
from tympan.tasks.speak.model import SpeakModel
from tympan.tasks.speak.voice import SpeechVoice

TEXT = "One. Two 🙂. Three!"


def test_a_clip_is_the_parts_one_after_another(voice: SpeakModel) -> None:
    parts = list(voice.stream(TEXT))
    clip = voice(TEXT)
    assert np.array_equal(clip.samples[0], np.concatenate([part.samples for part in parts]))
    assert clip.rate_hz == voice.rate_hz
    assert [part.sentence.unspoken for part in parts] == [(), ("🙂",), ()]


def test_a_clip_says_that_a_machine_made_it(voice: SpeakModel) -> None:
    clip = voice("One.", speaker="bob")
    assert is_synthetic(clip)
    assert "voice bob, model steady" in clip.tags["comment"]
    assert '"sha256": "abc"' in clip.tags["comment"]
    assert "voice ada" in voice("One.").tags["comment"]


@pytest.mark.parametrize("ssml", [False, True])
def test_what_is_skipped_is_read_and_not_spoken(voice: SpeakModel, ssml: bool) -> None:
    text = f"<speak>{TEXT}<break time='1s'/>Four.</speak>" if ssml else TEXT
    whole = list(voice.stream(text, ssml=ssml))
    rest = list(voice.stream(text, ssml=ssml, skip=2))
    assert [one.sentence for one in rest[:2]] == [one.sentence for one in whole[:2]]
    assert all(not len(one.samples) for one in rest[:2])
    for one, other in zip(rest[2:], whole[2:], strict=True):
        assert np.array_equal(one.samples, other.samples)


def test_what_is_skipped_costs_no_sound(voice: SpeakModel) -> None:
    class Silent(SpeechVoice):
        def part(self, *given: object, **options: object):  # type: ignore[no-untyped-def]
            raise AssertionError("it was spoken")

    silent = Silent("silent", ("a",), 8000, "en")
    assert len(list(silent.stream(TEXT, skip=9))) == 3


def test_nothing_to_speak_is_a_mistake(voice: SpeakModel) -> None:
    for text in ("", " \n", "🙂🙂", "。"):
        with pytest.raises(ArgumentError, match="nothing in the text can be spoken"):
            voice(text)


def test_another_speaker_is_refused_with_those_that_there_are(
    voice: SpeakModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ArgumentError, match=r"no speaker 'eve' \(give one of ada, bob; --list"):
        list(voice.stream("One.", speaker="eve"))
    with pytest.raises(ArgumentError, match=r"no speaker 'Bobb' \(did you mean bob\?\)"):
        list(voice.stream("One.", speaker="Bobb"))
    # The voice is shared by all tests of a process.
    monkeypatch.setattr(voice, "speakers", tuple(f"narrator {i}" for i in range(40)))
    with pytest.raises(ArgumentError, match="there are 40 speakers, such as") as caught:
        voice.number_of("eve")
    assert str(caught.value).count("narrator") == 3


def test_pauses_follow_the_speed(voice: SpeakModel) -> None:
    (part,) = voice.stream("One.", speed=2.0)
    last = [one for one in part.symbols if one.word >= 0][-1].end_s
    wanted = last + part.sentence.pause_s / 2
    assert len(part.samples) / voice.rate_hz == pytest.approx(wanted, abs=0.001)


def test_a_lexicon_comes_first(voice: SpeakModel) -> None:
    from tympan.text import Lexicon

    (part,) = voice.stream("One.", lexicon=Lexicon({"one": "tˈu"}))
    assert part.sentence.phonemes == "tˈu."


def test_the_first_sentence_does_not_wait_for_the_rest(voice: SpeakModel) -> None:
    def endless(text: str) -> float:
        return len(next(voice.stream(text)).samples)

    assert endless("One. " * 40_000) == endless("One. One.")

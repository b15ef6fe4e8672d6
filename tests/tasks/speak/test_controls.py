"""SSML: what each tag does to the sound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tympan.errors import ArgumentError
from tympan.tasks.speak.controls import Control, controlled, from_ipa, pronounced, spelled
from tympan.tasks.speak.model import SpeakModel, of_symbols
from tympan.tasks.speak.symbols import symbols_of
from tympan.tasks.speak.voice import SpokenPart


def parts(voice: SpeakModel, inside: str) -> list[SpokenPart]:
    return list(voice.stream(f"<speak>{inside}</speak>", ssml=True))


def samples(voice: SpeakModel, inside: str) -> np.ndarray:
    return np.concatenate([part.samples for part in parts(voice, inside)])


def said(inside: str) -> list[str]:
    found = controlled(f"<speak>{inside}</speak>", "en", None)
    return [" ".join(w.text for w in one.sentence.words) for one in found if one.sentence]


def phonemes(inside: str) -> str:
    found = controlled(f"<speak>{inside}</speak>", "en", None)
    return " ".join(one.sentence.phonemes for one in found if one.sentence)


def test_a_break_lasts_as_long_as_it_says(voice: SpeakModel) -> None:
    sizes = [
        len(samples(voice, f"One <break time='{ms}ms'/> two.")) for ms in (0, 500, 1234, 60_000)
    ]
    assert [size - sizes[0] for size in sizes] == [
        round(ms * voice.rate_hz / 1000) for ms in (0, 500, 1234, 60_000)
    ]


def test_a_break_does_not_follow_the_speed(voice: SpeakModel) -> None:
    text = "<speak>One <break time='{}ms'/> two.</speak>"
    sizes = [
        sum(len(p.samples) for p in voice.stream(text.format(ms), ssml=True, speed=2.0))
        for ms in (100, 1100)
    ]
    assert sizes[1] - sizes[0] == voice.rate_hz


def test_a_break_alone_is_silence(voice: SpeakModel) -> None:
    (part,) = parts(voice, "<break time='2s'/>")
    assert len(part.samples) == 2 * voice.rate_hz
    assert not part.samples.any()


def test_rate_is_of_its_words_alone(voice: SpeakModel) -> None:
    plain, slow = (
        parts(voice, text)[0]
        for text in ("One two three.", "One <prosody rate='50%'>two</prosody> three.")
    )

    def lasts(part: SpokenPart, word: int) -> float:
        return sum(one.end_s - one.start_s for one in part.symbols if one.word == word)

    assert lasts(slow, 1) == pytest.approx(2 * lasts(plain, 1), rel=0.2)
    assert lasts(slow, 0) == pytest.approx(lasts(plain, 0), abs=0.026)
    assert lasts(slow, 2) == pytest.approx(lasts(plain, 2), abs=0.026)


def test_a_loud_sentence_stays_within_full_scale(
    voice: SpeakModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    (plain,) = parts(voice, "One two three.")
    loud = replace(plain, samples=4 * plain.samples / np.abs(plain.samples).max())
    monkeypatch.setattr(voice, "part", lambda *given, **options: loud)
    (held,) = parts(voice, "One two three.")
    assert np.allclose(held.samples, loud.samples / 4)
    assert held.warnings == ("a sentence was made softer: it was beyond full scale",)
    assert not plain.warnings


def test_volume_is_exact_in_level(voice: SpeakModel) -> None:
    plain = samples(voice, "One two three.")
    soft = samples(voice, "<prosody volume='-6dB'>One two three.</prosody>")
    level_db = 20 * np.log10(np.std(soft) / np.std(plain))
    assert level_db == pytest.approx(-6, abs=0.1)


def test_pitch_is_of_its_words_alone(voice: SpeakModel) -> None:
    symbols = symbols_of("wˈʌn tˈu.")
    rates, tones, gains = of_symbols(symbols, (Control(pitch=3), Control(rate=2, volume_db=-6)))
    assert tones.tolist() == [3, 3, 3, 3, 3, 0, 0, 0, 0]
    assert rates.tolist() == [1, 1, 1, 1, 1, 2, 2, 2, 2]
    assert gains.tolist() == [0, 0, 0, 0, 0, -6, -6, -6, -6]


def test_a_voice_is_another_speaker(voice: SpeakModel) -> None:
    one, other = parts(voice, "<s>One.</s><voice name='bob'><s>Two.</s></voice>")
    plain = parts(voice, "<s>Two.</s>")[0]
    assert not np.array_equal(other.samples[:2000], plain.samples[:2000])
    (bob,) = voice.stream("Two.", speaker="bob")
    assert np.array_equal(other.samples, bob.samples)
    assert one.warnings == other.warnings == ()


def test_a_voice_that_is_not_there_is_named(voice: SpeakModel) -> None:
    (part,) = parts(voice, "<voice name='eve'>One.</voice>")
    assert part.warnings == ("steady has no speaker 'eve'",)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("1984", "digits", "one nine eight four"),
        ("3", "ordinal", "third"),
        ("11", "ordinal", "eleventh"),
        ("USA", "characters", "U S A"),
        ("a1b", "characters", "A one B"),
    ],
)
def test_say_as(text: str, kind: str, words: str) -> None:
    found = said(f"<say-as interpret-as='{kind}'>{text}</say-as>")
    assert " ".join(found).lower() == words.lower()


def test_each_phoneme_tag_holds_for_itself_alone() -> None:
    text = (
        "You say <phoneme ph='təˈmeɪtoʊ'>tomato</phoneme>, "
        "I say <phoneme ph='təˈmɑːtoʊ'>tomato</phoneme>, not tomato."
    )
    found = phonemes(text)
    assert "təmˈAtO," in found
    assert "təmˈɑtO," in found
    assert phonemes("not tomato.") in found
    assert said(text) == ["You say tomato I say tomato not tomato"]


def test_phonemes_stand_for_whatever_is_written() -> None:
    assert phonemes("<phoneme ph='hɛˈloʊ'>12 🙂 x</phoneme>!") == "hɛlˈO!"
    assert phonemes("re<phoneme ph='hɛˈloʊ'>x</phoneme>ed.").split()[1] == "hɛlˈO"


def test_a_sentence_shows_what_was_written_and_not_how_it_sounds() -> None:
    text = "A word, <phoneme ph='təˈmeɪtoʊ'>tomato</phoneme>, <phoneme ph='ˈaɪ'>eye</phoneme>."
    text = f"<speak>{text} A word.</speak>"
    found = [one.sentence for one in controlled(text, "en", None)]
    assert [" ".join(one.text.split()) for one in found if one] == [
        "A word, tomato, eye.", "A word.",
    ]  # fmt: skip


def test_phonemes_that_there_are_not_are_named() -> None:
    (one,) = controlled("<speak><phoneme ph='ø'>one</phoneme>.</speak>", "en", None)
    assert one.warnings == ("phonemes of 'one' are not followed: 'ø' is no phoneme of 'en'",)
    assert one.sentence is not None
    assert one.sentence.words[0].text == "one"
    assert pronounced("ˈ", "en") == ("", "there are none")


@pytest.mark.parametrize(
    ("ipa", "ours"),
    [("ˈtʃɪn", "ʧˈɪn"), ("dʒæm", "ʤæm"), ("ˈbɜːrd", "bˈɜɹd"), ("ˈlɪtəl", "lˈɪtᵊl"), ("ɡoʊ", "ɡO")],
)
def test_ipa(ipa: str, ours: str) -> None:
    assert from_ipa(ipa) == ours


def test_spelled_leaves_what_it_does_not_know() -> None:
    assert spelled("3 May", "date") == "3 May"


@pytest.mark.parametrize(
    "text", ["<speak>a", "a & b", "<speak>a</p></speak>", "", "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"]
)
def test_wrong_xml_is_one_line(voice: SpeakModel, text: str) -> None:
    with pytest.raises(ArgumentError) as error:
        list(voice.stream(text, ssml=True))
    assert "\n" not in str(error.value)

"""Any text to sentences: nothing raises, no word is lost, limits hold."""

from __future__ import annotations

import tracemalloc
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests_text import checked, phonemes, said
from tympan.errors import ArgumentError
from tympan.text import Lexicon, read, reading
from tympan.text.listing import listing

AWKWARD = (Path(__file__).parent / "awkward.txt").read_text("utf-8").split("\n")
PARTS = listing(
    "Dr. e.g. 1990s May 5 km IV 1:30 U.S. 's 2021 http:// www. .com $ £3 % ° ½ … ’ “ — - . , ? ! ( "
    ") [a](b) #x @y * _ ` < > & \\ / 漢字 🙂 \u200d \u0301 \x07 \x00 ß é ﬁ ٣ a A I THE x1 it's"
)


@given(st.text())
def test_no_text_fails_and_no_word_is_lost(text: str) -> None:
    checked(text)


@given(st.lists(st.sampled_from([*PARTS, "\n", "\n\n", " ", "word"]), max_size=40), st.booleans())
def test_no_mixture_of_odd_parts_fails(parts: list[str], apart: bool) -> None:
    checked((" " if apart else "").join(parts))


@settings(max_examples=20)
@given(st.text(alphabet=" abcdefgh,.;", min_size=500, max_size=3000))
def test_long_texts_come_in_parts(text: str) -> None:
    checked(text)


@pytest.mark.parametrize("language", ["en", "de"])
def test_awkward_sentences(language: str) -> None:
    assert len(AWKWARD) >= 500
    for text in AWKWARD:
        spoken = checked(text, language)
        assert spoken or not any(char.isalnum() for char in text), repr(text)


def test_long_sentence_is_divided_at_clauses() -> None:
    clause = "the cat sat on the mat and looked at the dog that slept by the door"
    sentences = checked(f"{clause}, {clause} there; {clause}, {clause}.")
    assert len(sentences) > 1
    assert [one.text[-6:] for one in sentences] == ["there;", " door."]
    assert sentences[0].words[-1].mark == ","
    assert sentences[-1].words[-1].mark == "."
    assert all(one.pause_s < 0.2 for one in sentences[:-1])
    assert not any(one.paragraph_end for one in sentences[:-1])
    assert sentences[-1].paragraph_end


def test_long_sentence_without_marks_is_divided_before_a_conjunction() -> None:
    words = "we walked along the river to the old mill where the water turned the heavy wheel "
    first, *_ = checked((words + "because ") * 6)
    assert first.words[-1].mark == ","
    assert first.text.endswith(("mill", "wheel", "because"))
    assert not first.text.endswith("because")


@pytest.mark.parametrize("unit", ["word ", "x", "a-", "é", "1", "<a>"])
def test_a_megabyte_without_an_end_is_read_in_little_memory(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    list(read("Warm up, zyxt and 20 é."))
    tracemalloc.start()
    for one in islice(read(text), 20):
        assert len(one.phonemes) <= 240
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000


@pytest.mark.parametrize("unit", ["😀", "漢", "\n", ". ", "[", "(", "\x00", "\u0301", "' ", "]("])
def test_a_long_text_of_nothing_ends(unit: str) -> None:
    checked(unit * 10_000)


def test_reading_is_lazy(monkeypatch: pytest.MonkeyPatch) -> None:
    cleaned = []
    clean = reading.clean
    monkeypatch.setattr(reading, "clean", lambda *args: cleaned.append(args) or clean(*args))
    next(read("One sentence here. " * 100))
    assert 1 <= len(cleaned) <= 3


def test_what_cannot_be_spoken_is_named() -> None:
    one, two = read("Hi \x07 there 😀😀 мир. Next 👩‍👩‍👧 one.")
    assert one.unspoken == ("U+0007", "😀😀", "мир")
    assert len(two.unspoken) == 1
    assert two.unspoken[0].startswith("👩")
    assert said("Hi \x07 there 😀😀 мир.") == "Hi there."


def test_a_text_of_nothing_to_say_gives_its_names() -> None:
    (only,) = read("😀 漢字")
    assert only.words == ()
    assert only.phonemes == ""
    assert only.unspoken == ("😀", "漢字")
    assert list(read("")) == list(read(" \n\t ")) == list(read("...")) == []


def test_what_follows_a_sentence_is_named_with_it() -> None:
    (only,) = read("Hello! 😀")
    assert only.unspoken == ("😀",)
    assert only.text == "Hello!"
    (only,) = read("😀.\n\nHello!")
    assert only.unspoken == ("😀",)
    assert only.text == "Hello!"


def test_a_lone_surrogate_is_named() -> None:
    (only,) = read("a\ud800b")
    assert only.unspoken == ("U+D800",)


def test_a_link_is_named_as_unspoken() -> None:
    (only,) = read("see [this page](https://a.org/b)")
    assert only.unspoken == ("https://a.org/b",)


def test_words_know_their_places() -> None:
    text = "He paid $20 “now” — 5 km."
    (one,) = read(text)
    assert [text[w.start : w.end] for w in one.words] == [
        "He", "paid", "$20", "$20", "now", "5 km", "5 km",
    ]  # fmt: skip


def test_marks_stand_once_after_their_word() -> None:
    assert said("What?!?! No,,, yes -- (well) ...") == "What? | No, yes— well…"
    assert phonemes("Hi") == "hˈI."


def test_paragraphs() -> None:
    first, second, third = read("One.\n\nTwo three. Four.")
    assert [one.paragraph_end for one in (first, second, third)] == [True, False, True]
    assert first.pause_s > second.pause_s
    assert said("A heading\n\nthe text") == "A heading. | the text."


def test_lines() -> None:
    wrapped = "This is a line of a paragraph that was wrapped by an editor at a\nwidth."
    assert said(wrapped).count("|") == 0
    assert said("- one\n- two\n- three") == "one. | two. | three."
    assert said("Dear Sir\nWe write") == "Dear Sir. | We write."


def test_markup_is_text() -> None:
    spoken = said('<speak>Hi <break time="1s"/> you</speak>')
    assert spoken.startswith("speak Hi break time equals")


def test_abbreviations_do_not_end_sentences() -> None:
    text = "Mr. Fox met Dr. Who, e.g. at 5 p.m. on Main St. in the U.S. today. He left."
    assert len(list(read(text))) == 2
    assert len(list(read("They came at 5 p.m. Then they left, etc. It was late."))) == 3


def test_capitals_throughout_are_words_and_in_between_emphasis() -> None:
    assert phonemes("IT WAS A GOOD DAY FOR US") == phonemes("it was a good day for us")
    assert phonemes("he was OVER it") == "hi wʌz ˈOvəɹ ɪt."


def test_lexicon_comes_first() -> None:
    own = Lexicon({"tympan": "tˈɪmpən", "NASA": "= nassau"})
    (one,) = read("Tympan at NASA.", lexicon=own)
    assert one.words[0].phonemes == "tˈɪmpən"
    assert one.words[2].phonemes == "nˈæsˌɔ"
    (one,) = read("Ein Tympan.", "de", lexicon=Lexicon({"tympan": "= timpann"}, "de"))
    assert one.phonemes == "ein timpann."


def test_unknown_words_can_be_spelled() -> None:
    (only,) = read("the zyxt cats", spell_unknown=True)
    assert only.phonemes == "ðə zˌiwˌIˌɛkstˈi kˈæts."


def test_wrong_arguments() -> None:
    with pytest.raises(ArgumentError, match="no language 'xx'"):
        read("a", "xx")
    with pytest.raises(ArgumentError, match="does not fit"):
        read("a", "de", lexicon=Lexicon({}))

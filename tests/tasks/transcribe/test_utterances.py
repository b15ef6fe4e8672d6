"""Words become utterances; each has one speaker."""

from __future__ import annotations

from tympan.tasks.results import Segment, Word
from tympan.tasks.transcribe.utterances import by_speaker, utterances


def words(text: str, start_s: float = 0.0, each_s: float = 0.4) -> list[Word]:
    return [
        Word(start_s + i * each_s, start_s + (i + 1) * each_s, w, 0.5)
        for i, w in enumerate(text.split())
    ]


def test_pauses_and_ends_of_sentences_divide() -> None:
    said = words("Good morning. How are you?") + words("and then", 5.0)
    found = utterances(said)
    assert [one.text for one in found] == ["Good morning.", "How are you?", "and then"]
    assert (found[2].start_s, found[2].score) == (5.0, 0.5)
    assert [w for one in found for w in one.words] == said
    assert utterances([]) == []


def test_what_never_pauses_is_divided_where_it_pauses_most() -> None:
    said = words(" ".join(f"w{i}" for i in range(100)))
    late = [Word(w.start_s + 0.3, w.end_s + 0.3, w.text) for w in said[48:]]
    found = utterances([*said[:48], *late])
    assert all(one.end_s - one.start_s <= 20 for one in found)
    assert sum(len(one.words) for one in found) == 100
    assert any(one.words[-1].text == "w47" for one in found)


def test_words_belong_to_the_turn_that_has_most_of_them() -> None:
    turns = [Segment(0, 1.9, "Ann", 0.9), Segment(2.1, 4, "Bob", 0.9)]
    said = words("are you there today yes I am here now then")
    found = by_speaker(said, turns)
    assert [one.speaker for one in found] == ["Ann", "Bob"]
    assert found[0].text == "are you there today yes"


def test_one_word_of_another_within_a_sentence_is_an_error() -> None:
    turns = [
        Segment(0, 0.8, "Ann", 0.9),
        Segment(0.8, 1.2, "Bob", 0.9),
        Segment(1.2, 4, "Ann", 0.9),
    ]
    assert [one.speaker for one in by_speaker(words("a b c d e"), turns)] == ["Ann"]
    # An answer of one word between sentences is not.
    said = words("right? Yes. and so on")
    turns = [
        Segment(0, 0.4, "Ann", 0.9),
        Segment(0.4, 0.8, "Bob", 0.9),
        Segment(0.8, 4, "Ann", 0.9),
    ]
    assert [one.speaker for one in by_speaker(said, turns)] == ["Ann", "Bob", "Ann"]


def test_far_from_every_turn_nobody_is_named() -> None:
    found = by_speaker(words("hello", 10.0), [Segment(0, 1, "Ann", 0.9)])
    assert [one.speaker for one in found] == [""]

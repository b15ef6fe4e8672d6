"""What a recogniser is."""

from __future__ import annotations

from types import ModuleType

from tympan.tasks.transcribe.recogniser import Aligns, DetectsLanguage, Recogniser, spread


def test_one_is_known_by_what_it_can(coded_words: ModuleType) -> None:
    one: Recogniser = coded_words.CodedRecogniser()
    assert not isinstance(one, Aligns)
    assert not isinstance(one, DetectsLanguage)


def test_words_share_the_time_by_their_letters() -> None:
    found = spread("I am here.", 1.0, 8.0, 0.5)
    assert [(w.text, w.start_s, w.end_s) for w in found] == [
        ("I", 1.0, 2.0), ("am", 2.0, 4.0), ("here.", 4.0, 8.0)
    ]  # fmt: skip
    assert all(w.estimated and w.score == 0.5 for w in found)
    assert spread("", 0.0, 1.0) == []
    assert [w.text for w in spread("– !", 0.0, 1.0)] == ["–", "!"]

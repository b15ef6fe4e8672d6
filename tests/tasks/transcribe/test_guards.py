"""What was not said is left out, and what was said is not."""

from __future__ import annotations

import numpy as np
import pytest

from tympan.tasks.results import Word
from tympan.tasks.transcribe.guards import compression_ratio, guarded, without_loops


def words(text: str, each_s: float = 0.4, score: float | None = 0.9) -> list[Word]:
    return [Word(i * each_s, (i + 1) * each_s, w, score) for i, w in enumerate(text.split())]


def speech(seconds: float, probability: float = 0.95) -> np.ndarray:
    return np.full(round(seconds * 50), probability, np.float32)


HONEST = (
    "the quick brown fox",
    "no no no no no I said no",
    "one two three four one two three four one two three four",
    "ha ha ha ha ha ha",
    "row row row your boat gently down the stream merrily merrily merrily merrily life is but a "
    "dream",
    "thank you",
    "so",
)


@pytest.mark.parametrize("text", HONEST)
def test_what_people_say_stays(text: str) -> None:
    said = words(text)
    found = guarded(said, speech(0.4 * len(said) + 0.5), 0.02, times=True)
    assert (found.words, found.reason) == (said, "")


def test_a_phrase_that_comes_over_and_over_is_kept_once() -> None:
    said = words("we are here " + "in the end of it " * 12 + "today")
    found = guarded(said, speech(30), 0.02, times=True)
    assert [w.text for w in found.words] == [
        "we",
        "are",
        "here",
        "in",
        "the",
        "end",
        "of",
        "it",
        "today",
    ]
    assert found.again
    assert "over and over" in found.reason
    assert without_loops(words("ha " * 8)) == words("ha")


def test_more_than_can_be_said_is_no_text() -> None:
    said = words(" ".join(f"w{i}" for i in range(60)), 0.03)
    found = guarded(said, speech(2), 0.02, times=False)
    assert found.words == []
    assert found.again
    # Sixty words in twelve seconds are quick, and can be said.
    assert guarded(said, speech(12), 0.02, times=False).words == said


def test_a_text_that_shrinks_is_no_text() -> None:
    text = " ".join(["so I went there and she was not there"] * 3 + ["and then"]) * 3
    assert compression_ratio(text) > 2.4
    assert guarded(words(text), speech(60), 0.02, times=True).words == []


@pytest.mark.parametrize("said", ["Thank you.", "Thanks for watching!", "you", "Bye."])
def test_stock_phrases_need_speech(said: str) -> None:
    found = guarded(words(said, score=0.4), speech(0.3, 0.5), 0.02, times=True)
    assert found.words == []
    assert found.reason == "text without speech was left out"


def test_a_word_where_nobody_speaks_is_left_out() -> None:
    sure = np.concatenate([speech(2), speech(4, 0.01)])
    said = [Word(0.5, 1.0, "yes"), Word(4.0, 4.5, "you")]
    assert [w.text for w in guarded(said, sure, 0.02, times=True).words] == ["yes"]
    # Where times are estimated nothing can be told from them.
    assert guarded(said, sure, 0.02, times=False).words == said

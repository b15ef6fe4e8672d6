"""Two windows that share some seconds: no word is lost, none stands twice."""

from __future__ import annotations

import numpy as np
import pytest

from tympan.tasks.results import Word
from tympan.tasks.transcribe.seams import joined


def words(text: str, start_s: float = 0.0, each_s: float = 0.5) -> list[Word]:
    return [
        Word(start_s + i * each_s, start_s + (i + 1) * each_s, w)
        for i, w in enumerate(text.split())
    ]


def text(found: list[Word]) -> str:
    return " ".join(w.text for w in found)


def test_what_both_heard_stands_once() -> None:
    found = joined(words("one two three four five"), words("four five six", 1.5), 1.5, 2.5)
    assert text(found) == "one two three four five six"


def test_half_words_at_the_edges_are_left_out() -> None:
    found = joined(words("one two three four fi"), words("ee four five six", 1.0), 1.0, 2.5)
    assert text(found) == "one two three four five six"


def test_a_word_that_is_said_twice_stays_twice() -> None:
    found = joined(words("a no no no b"), words("no no b c", 1.0), 1.0, 2.5)
    assert text(found) == "a no no no b c"


def test_spelling_is_no_difference() -> None:
    found = joined(words("He said, Wait"), words("wait for me", 1.0), 1.0, 1.5)
    assert text(found) in ("He said, Wait for me", "He said, wait for me")


def test_where_they_agree_on_nothing_the_middle_counts() -> None:
    found = joined(words("a b c d"), words("x y z", 1.0), 1.0, 2.0)
    assert text(found) == "a b c y z"


def test_nothing_on_one_side() -> None:
    assert text(joined(words("a b"), [], 0.5, 1.0)) == "a b"
    assert text(joined([], words("a b"), 0.0, 1.0)) == "a b"


@pytest.mark.parametrize("seed", range(30))
def test_estimated_times_that_are_wrong_by_a_second_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    said = [f"w{i}" for i in rng.integers(0, 40, 40)]
    cut = int(rng.integers(12, 28))
    shift_s = float(rng.uniform(-0.8, 0.8))
    before = [
        Word(0.4 * i + shift_s, 0.4 * i + 0.4 + shift_s, w, None, True)
        for i, w in enumerate(said[: cut + 7])
    ]
    after = [Word(0.4 * i, 0.4 * i + 0.4, w, None, True) for i, w in enumerate(said)][cut:]
    found = joined(before, after, 0.4 * cut, 0.4 * (cut + 7))
    assert [w.text for w in found] == said

"""How the benchmarks count word errors."""

from __future__ import annotations

import doctest
import functools
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import _judges as judges

WORDS = st.lists(st.sampled_from("abc"), max_size=6)


def by_definition(wanted: tuple[str, ...], found: tuple[str, ...]) -> int:
    """Levenshtein's distance as it is defined."""

    @functools.cache
    def distance(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        same = wanted[i - 1] == found[j - 1]
        return min(
            distance(i - 1, j) + 1, distance(i, j - 1) + 1, distance(i - 1, j - 1) + (not same)
        )

    return distance(len(wanted), len(found))


@given(WORDS, WORDS)
def test_word_errors_are_levenshteins(wanted, found):
    assert judges.word_errors(wanted, found) == by_definition(tuple(wanted), tuple(found))


@given(st.integers(0, 10**9))
def test_numbers_in_words_have_no_digits_and_differ(number):
    words = judges.in_words(number)
    assert judges.words_of(str(number)) == judges.words_of(words) == words.split()
    assert judges.in_words(number + 1) != words


def test_the_examples_hold():
    assert doctest.testmod(judges).failed == 0


def test_spellings_of_one_word_are_no_errors():
    rate, _ = judges.error_rate(
        ["Mister Grey can't come at twenty past two."], ["mr gray cant come, at 20 past 2"]
    )
    assert rate == 0


def test_the_interval_holds_the_rate_and_narrows_with_sentences():
    texts, answers = ["a b c d"] * 40, ["a b c d"] * 30 + ["a b x d"] * 10
    rate, (low, high) = judges.error_rate(texts, answers)
    assert low < rate < high
    _, (lower, higher) = judges.error_rate(texts[::4], answers[::4])
    assert higher - lower > high - low


def test_without_judges_it_says_how_to_name_them(monkeypatch, tmp_path):
    monkeypatch.setenv("TYMPAN_JUDGES", str(tmp_path / "none"))
    (tmp_path / "a.wav").write_bytes(b"a")
    with pytest.raises(RuntimeError, match="TYMPAN_JUDGES"):
        judges.judged([(tmp_path / "a.wav", None)])


def test_judges_that_fail_are_reported(monkeypatch, tmp_path):
    python_that(monkeypatch, tmp_path, "echo broken >&2; exit 3")
    with pytest.raises(RuntimeError, match="broken"):
        judges.judged([(tmp_path / "a.wav", None)])


def python_that(monkeypatch, folder, does):
    """Judges that run a line of shell."""
    (folder / "a.wav").write_bytes(b"a")
    python = folder / "python"
    python.write_text(f"#!/bin/sh\n{does}\n")
    python.chmod(0o755)
    monkeypatch.setenv("TYMPAN_JUDGES", str(python))


def test_judges_that_stop_early_are_reported(monkeypatch, tmp_path):
    python_that(monkeypatch, tmp_path, """echo '{"whisper": "one"}'""")
    with pytest.raises(RuntimeError, match="failed"):
        judges.judged([(tmp_path / "a.wav", None), (tmp_path / "a.wav", tmp_path / "a.wav")])


def test_an_answer_is_kept_by_what_the_file_holds(monkeypatch, tmp_path):
    kept = tmp_path / "kept"
    python_that(monkeypatch, tmp_path, """while read x; do echo '{"whisper": "first"}'; done""")
    one, other = tmp_path / "one.wav", tmp_path / "other.wav"
    one.write_bytes(b"1")
    other.write_bytes(b"2")
    assert judges.judged([(one, None)], kept=kept) == [{"whisper": "first"}]
    python_that(monkeypatch, tmp_path, """while read x; do echo '{"whisper": "second"}'; done""")
    answers = judges.judged([(other, None), (one, None), (one, other)], kept=kept)
    assert [answer["whisper"] for answer in answers] == ["second", "first", "second"]
    one.write_bytes(b"3")
    assert judges.judged([(one, None)], kept=kept) == [{"whisper": "second"}]

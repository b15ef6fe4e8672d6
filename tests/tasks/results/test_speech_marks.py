"""Marks of speech: the files that other programs read, long sentences, joining."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.data.annotations import read_annotation
from tympan.errors import DataError
from tympan.tasks.results import Mark, SpeechMarks

TEXT = 'He said: "Good morning, dear friends of long sentences", and went on & on. Then 2 < 3.'


def spoken(text: str, start_s: float = 0.25) -> SpeechMarks:
    """Marks as a voice gives them: a tenth of a second for each letter, no pause between words."""
    sentences, words, phonemes = [], [], []
    at, time_s, first = 0, start_s, None
    for word in text.split():
        at = text.index(word, at)
        first = (at, time_s) if first is None else first
        for _ in word:
            phonemes.append(Mark(time_s, round(time_s + 0.1, 6), "ə", at, at + len(word)))
            time_s = round(time_s + 0.1, 6)
        start = phonemes[-len(word)].start_s
        words.append(Mark(start, time_s, word.strip('.,:"'), at, at + len(word)))
        at += len(word)
        if word.endswith("."):
            sentences.append(Mark(first[1], time_s, text[first[0] : at], first[0], at))
            time_s, first = round(time_s + 0.5, 6), None
    return SpeechMarks("a.wav", tuple(sentences), tuple(words), tuple(phonemes), time_s, "ada")


def test_a_textgrid_has_three_tiers_that_are_read_back(tmp_path: Path) -> None:
    marks = spoken(TEXT)
    path = marks.save(tmp_path / "a.TextGrid")
    # The names are levels of annotation, which the reader takes for no speaker's.
    found = read_annotation(path)
    assert {one.speaker for one in found} == {""}
    assert len(found) == len(marks.sentences) + len(marks.words) + len(marks.phonemes)
    by_time = {(one.start_s, one.end_s, one.label) for one in found}
    for one in (*marks.sentences, *marks.words, *marks.phonemes):
        assert (one.start_s, one.end_s, one.text) in by_time
    lines = path.read_text().splitlines()
    names = [line.split("=")[1].strip() for line in lines if "name =" in line]
    assert names == ['"sentences"', '"words"', '"phones"']
    assert lines.count(f"        xmax = {marks.duration_s:.6f}") == 3


def test_each_tier_fills_the_recording(tmp_path: Path) -> None:
    marks = spoken(TEXT)
    tiers: list[list[float]] = []
    for line in marks.save(tmp_path / "a.TextGrid").read_text().splitlines():
        if line.strip().startswith("item ["):
            tiers.append([])
        if line.startswith(" " * 12 + "xm"):
            tiers[-1].append(float(line.split("=")[1]))
    for edges in tiers[1:]:
        assert edges[0] == 0
        assert edges[-1] == marks.duration_s
        assert all(a == b for a, b in zip(edges[1:-1:2], edges[2::2], strict=True))


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3)), max_size=8))
def test_a_tier_never_overlaps(times: list[tuple[float, float]]) -> None:
    marks = tuple(Mark(a, a + b, "x") for a, b in sorted(times))
    content = SpeechMarks("", (), marks, (), 1.0)._content(".TextGrid").decode()
    found = [
        float(line.split("=")[1])
        for line in content.splitlines()
        if line.startswith(" " * 12 + "xm")
    ]
    for start, end in zip(found[::2], found[1::2], strict=True):
        assert start < end


def test_subtitles_hold_the_text_as_it_is_written(tmp_path: Path) -> None:
    marks = spoken(TEXT)
    for ending in (".srt", ".vtt"):
        found = read_annotation(marks.save(tmp_path / f"a{ending}"))
        assert [one.text for one in found] == [one.text for one in marks.sentences]
        assert found[0].start_s == 0.25
        assert found[-1].end_s == pytest.approx(marks.sentences[-1].end_s, abs=1e-3)


@given(
    st.lists(st.text("abc", min_size=1, max_size=30), min_size=1, max_size=40), st.integers(10, 84)
)
def test_long_sentences_become_several_subtitles(words: list[str], longest: int) -> None:
    marks = spoken(" ".join(words) + ".")
    found = marks.subtitles(longest)
    assert " ".join(one.text for one in found) == marks.sentences[0].text
    assert all(len(one.text) <= longest or " " not in one.text for one in found)
    assert (found[0].start_s, found[-1].end_s) == (0.25, marks.sentences[0].end_s)
    assert all(a.end_s == b.start_s for a, b in pairwise(found))
    starts = {one.start_s for one in marks.words}
    assert {one.start_s for one in found} <= starts


def test_a_sentence_without_words_is_one_subtitle() -> None:
    marks = SpeechMarks("", (Mark(0, 1, "x " * 200, 0, 400),), (), ())
    assert [one.text for one in marks.subtitles()] == ["x " * 200]


def test_a_label_track_holds_the_words(tmp_path: Path) -> None:
    marks = spoken(TEXT)
    found = read_annotation(marks.save(tmp_path / "a.txt"))
    assert [one.label for one in found] == [one.text for one in marks.words]


def test_json_comes_back(tmp_path: Path) -> None:
    marks = spoken(TEXT)
    stored = json.loads(marks.save(tmp_path / "a.json").read_text("utf-8"))
    found = SpeechMarks.from_json(stored)
    assert found == marks
    assert TEXT[found.words[3].start : found.words[3].end] == "morning,"
    for wrong in ({}, {**stored, "words": [{"text": 3}]}, {**stored, "words": 3}):
        with pytest.raises(DataError, match="holds no speech marks"):
            SpeechMarks.from_json(wrong)


def test_parts_of_a_book_are_joined() -> None:
    first, second = spoken("One two. Three.", 0.0), spoken("Four five.", 0.0)
    later = second.moved(first.duration_s, len("One two. Three. "))
    whole = SpeechMarks.joined([first, later])
    text = "One two. Three. Four five."
    assert [text[m.start : m.end] for m in whole.words] == text.split()
    assert [text[m.start : m.end] for m in whole.sentences] == [m.text for m in whole.sentences]
    assert whole.duration_s == pytest.approx(first.duration_s + second.duration_s)
    starts = [m.start_s for m in whole.phonemes]
    assert starts == sorted(starts)
    assert (whole.file, whole.model) == ("a.wav", "ada")
    assert SpeechMarks.joined([]) == SpeechMarks("", (), (), ())

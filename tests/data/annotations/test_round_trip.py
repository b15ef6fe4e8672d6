"""Every format gives back what was written, and whatever a file holds is read or refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tympan.data import Supervision
from tympan.data import annotations as an
from tympan.errors import ArgumentError, DataError

Read = Callable[[Path], tuple[Supervision, ...]]
Write = Callable[[Path, Sequence[Supervision]], Path]

# What a text may hold in every format: no blanks, and nothing that is markup in SubRip.
WORDS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs"), exclude_characters="<>{}"),
    min_size=1,
    max_size=12,
)
# Whole milliseconds, which every format can write.
TIMES = st.integers(0, 10**8).map(lambda ms: ms / 1000)
HERTZ = st.none() | st.integers(0, 10**5).map(float)
# Format → how it is read and written, and what it keeps beside the times.
FORMATS: dict[str, tuple[Read, Write, tuple[str, ...]]] = {
    "csv": (an.read_csv, an.write_csv, ("label", "text", "speaker", "low_hz", "high_hz")),
    "txt": (an.read_audacity, an.write_audacity, ("label", "low_hz", "high_hz")),
    "raven.txt": (an.read_raven, an.write_raven, ("label", "low_hz", "high_hz")),
    "rttm": (an.read_rttm, an.write_rttm, ("speaker",)),
    "TextGrid": (an.read_textgrid, an.write_textgrid, ("label", "speaker")),
    "srt": (an.read_srt, an.write_srt, ("text",)),
    "vtt": (an.read_vtt, an.write_vtt, ("text", "speaker")),
}
IN_TMP = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@st.composite
def supervisions(draw: st.DrawFn) -> Supervision:
    start_s, end_s = sorted((draw(TIMES), draw(TIMES)))
    low_hz, high_hz = draw(HERTZ), draw(HERTZ)
    if low_hz is not None and high_hz is not None and low_hz > high_hz:
        low_hz, high_hz = high_hz, low_hz
    return Supervision(start_s, end_s, draw(WORDS), draw(WORDS), draw(WORDS), low_hz, high_hz)


def keeping(one: Supervision, names: Sequence[str]) -> Supervision:
    """A supervision with nothing but its times and these."""
    empty: dict[str, Any] = {"label": "", "text": "", "speaker": "", "low_hz": None}
    empty["high_hz"] = None
    return replace(one, **{k: v for k, v in empty.items() if k not in names})


def counted(items: Sequence[Supervision]) -> Counter[Supervision]:
    return Counter(
        replace(one, start_s=round(one.start_s, 3), end_s=round(one.end_s, 3)) for one in items
    )


@pytest.mark.parametrize("ending", FORMATS)
@settings(max_examples=60, suppress_health_check=IN_TMP)
@given(drawn=st.lists(supervisions(), max_size=8))
def test_what_is_written_is_read(tmp_path: Path, ending: str, drawn: list[Supervision]) -> None:
    read, write, names = FORMATS[ending]
    items = [keeping(one, names) for one in drawn]
    if ending == "TextGrid":  # a tier may be called like a level, a mark like its tier
        items = [
            replace(one, speaker=f"{one.speaker} speaking", label=f"- {one.label}") for one in items
        ]
    found = read(write(tmp_path / f"a.{ending}", items))
    assert counted(found) == counted(items)
    assert [(o.start_s, o.end_s) for o in found] == sorted((o.start_s, o.end_s) for o in found)


@pytest.mark.parametrize("ending", ["csv", "TextGrid"])
@settings(max_examples=60, suppress_health_check=IN_TMP)
@given(drawn=st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), max_size=5))
def test_times_come_back_to_the_bit(
    tmp_path: Path, ending: str, drawn: list[tuple[float, float]]
) -> None:
    read, write, _ = FORMATS[ending]
    spans = sorted((min(pair), max(pair)) for pair in drawn)
    found = read(write(tmp_path / f"a.{ending}", [Supervision(*span, "x") for span in spans]))
    assert [(one.start_s, one.end_s) for one in found] == spans


@pytest.mark.parametrize("ending", FORMATS)
@settings(max_examples=60, suppress_health_check=IN_TMP)
@given(drawn=st.lists(st.builds(Supervision, TIMES, TIMES, st.text(), st.text(), st.text())))
def test_whatever_the_texts_hold_what_is_written_can_be_read(
    tmp_path: Path, ending: str, drawn: list[Supervision]
) -> None:
    read, write, _ = FORMATS[ending]
    items = [replace(one, end_s=one.start_s + one.end_s) for one in drawn]
    assert len(read(write(tmp_path / f"a.{ending}", items))) == len(items)


MARKS = """
0.5 1.5 , ; 1e999 nan -1 \\ SPEAKER LEXEME a <NA> WEBVTT --> 00:00:01,000 00:00:02.5 1 "x" ""
ooTextFile TextGrid IntervalTier <exists> 99999999 ! start_s end_s label [1]: 2,5 ü
"""
BREAKS = ["\t", "\n", "\r\n", "\r", " ", '"', "\0", "\ufeff", "\u2028", "\n\n"]
PIECES = st.sampled_from([*MARKS.split(), *BREAKS, "Begin Time (s)\tEnd Time (s)"])


@pytest.mark.parametrize("ending", FORMATS)
@settings(max_examples=150, suppress_health_check=IN_TMP)
@given(content=st.lists(PIECES, max_size=40).map("".join).map(str.encode) | st.binary(max_size=80))
@example(content=b"")
@example(content=b"\xff\xfe0\x00")
@example(content=b'"ooTextFile" "TextGrid" 0 1 <exists> 999999999 "IntervalTier" "a" 0 1 999999999')
def test_whatever_a_file_holds_it_is_read_or_refused_by_line(
    tmp_path: Path, ending: str, content: bytes
) -> None:
    path = tmp_path / f"a.{ending}"
    path.write_bytes(content)
    for read in (FORMATS[ending][0], an.read_annotation):
        try:
            found = read(path)
        except DataError as error:
            named = error.file == str(path)
        else:
            named = True
            assert all(0 <= one.start_s <= one.end_s < 1e9 for one in found)
        assert named


@pytest.mark.parametrize("ending", FORMATS)
def test_a_truncated_file_is_refused_or_gives_a_part(tmp_path: Path, ending: str) -> None:
    read, write, _ = FORMATS[ending]
    items = [Supervision(i, i + 0.5, "label", "text", "speaker") for i in range(20)]
    whole = write(tmp_path / f"whole.{ending}", items).read_bytes()
    path = tmp_path / f"a.{ending}"
    for end in range(0, len(whole), 7):
        path.write_bytes(whole[:end])
        try:
            found = read(path)
        except DataError:
            continue
        assert len(found) <= 20
        # A TextGrid states how much is to come.
        assert ending != "TextGrid" or len(found) == 20


@pytest.mark.parametrize("ending", FORMATS)
def test_times_that_cannot_be_written(tmp_path: Path, ending: str) -> None:
    for start_s, end_s in ((2.0, 1.0), (-1.0, 1.0), (0.0, float("nan")), (0.0, float("inf"))):
        with pytest.raises(ArgumentError, match="cannot be written"):
            FORMATS[ending][1](tmp_path / f"a.{ending}", [Supervision(start_s, end_s)])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", FORMATS)
def test_numbers_of_numpy_are_numbers(tmp_path: Path, ending: str) -> None:
    read, write, _ = FORMATS[ending]
    one = Supervision(np.float32(0.5), np.float64(1.5), "a", "a", "a", np.int64(100), None)  # type: ignore[arg-type]
    found = read(write(tmp_path / f"a.{ending}", [one]))
    assert (found[0].start_s, found[0].end_s) == (0.5, 1.5)


def test_the_ending_chooses_the_format(tmp_path: Path) -> None:
    items = [Supervision(0.5, 1.5, label="dog", speaker="dog", text="dog")]
    for ending in (".csv", ".rttm", ".txt", ".TextGrid", ".srt", ".vtt"):
        path = an.write_annotation(tmp_path / f"a{ending}", items)
        found = an.read_annotation(path)
        assert "dog" in (found[0].label, found[0].text, found[0].speaker)
    with pytest.raises(ArgumentError, match=r"no annotation ends in '.doc'"):
        an.write_annotation(tmp_path / "a.doc", items)
    (tmp_path / "a.doc").write_text("x")
    with pytest.raises(DataError, match="is no annotation"):
        an.read_annotation(tmp_path / "a.doc")


def test_a_file_that_is_far_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tympan.data import _text

    monkeypatch.setattr(_text, "MOST_BYTES", 10)
    path = tmp_path / "a.rttm"
    path.write_text("SPEAKER a 1 0 1 <NA> <NA> x <NA> <NA>")
    with pytest.raises(DataError, match="too much for a text file"):
        an.read_rttm(path)
    with pytest.raises(DataError, match="cannot be read"):
        an.read_rttm(tmp_path / "missing.rttm")

"""The formats of other programs, read back by the rules of those programs."""

from __future__ import annotations

import csv
import io
import re
from itertools import pairwise
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.tasks.results import formats
from tympan.tasks.results.formats import Span

TEXTS = st.text(max_size=20) | st.sampled_from(['a "b"', "a\tb\nc", "1 --> 2", "<v x>&", "é😀"])
TIMES = st.floats(0, 1e5).map(lambda t: round(t, 3))


@st.composite
def some_spans(draw: st.DrawFn) -> list[Span]:
    found = []
    for _ in range(draw(st.integers(0, 6))):
        start = draw(TIMES)
        end = start + draw(TIMES)
        speaker = draw(st.sampled_from(["", "", "Ann", 'B "x" C', "d\te"]))
        found.append(Span(start, end, draw(TEXTS), speaker, draw(st.none() | st.floats(0, 1))))
    return found


def line(text: str) -> str:
    return " ".join(text.split())


def named(s: Span) -> str:
    return line(f"{s.speaker}: {s.text}" if s.speaker else s.text)


@given(some_spans())
def test_audacity_is_three_columns_between_tabs(spans: list[Span]) -> None:
    rows = [row.split("\t") for row in formats.audacity(spans).splitlines()] if spans else []
    assert [row[2] for row in rows] == [named(s) for s in spans]
    assert [float(row[0]) for row in rows] == pytest.approx([s.start_s for s in spans], abs=1e-6)
    assert [float(row[1]) for row in rows] == pytest.approx([s.end_s for s in spans], abs=1e-6)


@given(some_spans())
def test_raven_is_a_table_between_tabs(spans: list[Span]) -> None:
    text = formats.raven(spans)
    rows = list(csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert [int(row["Selection"]) for row in rows] == list(range(1, len(spans) + 1))
    assert [row["Annotation"] for row in rows] == [named(s) for s in spans]
    starts = [float(row["Begin Time (s)"]) for row in rows]
    assert starts == pytest.approx([s.start_s for s in spans], abs=1e-6)
    assert [row["Score"] == "" for row in rows] == [s.score is None for s in spans]


@given(some_spans())
def test_rttm_is_ten_words(spans: list[Span]) -> None:
    rows = [row.split() for row in formats.rttm(spans, "some talk.wav").split("\n")[:-1]]
    assert len(rows) == len(spans)
    for row, s in zip(rows, spans, strict=True):
        assert len(row) == 10
        assert (row[0], row[1], row[2]) == ("SPEAKER", "some_talk", "1")
        assert float(row[3]) == pytest.approx(s.start_s, abs=1e-3)
        assert float(row[4]) == pytest.approx(s.end_s - s.start_s, abs=2e-3)
        assert row[7] == ("_".join((s.speaker or s.text).split()) or "<NA>")


def seconds(clock: str) -> float:
    hours, minutes, rest = clock.replace(",", ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


@given(some_spans())
def test_srt_is_blocks_between_empty_lines(spans: list[Span]) -> None:
    spans = [s for s in spans if s.text.strip()]  # without text there is no subtitle
    blocks = formats.srt([Span(0, 1, " "), *spans]).split("\n\n") if spans else []
    assert len(blocks) == len(spans)
    for number, (block, s) in enumerate(zip(blocks, spans, strict=True), 1):
        head, times, text = block.rstrip("\n").split("\n")
        assert head == str(number)
        found = re.fullmatch(r"(\d+:\d\d:\d\d,\d{3}) --> (\d+:\d\d:\d\d,\d{3})", times)
        assert found
        assert [seconds(one) for one in found.groups()] == pytest.approx(
            [s.start_s, s.end_s], abs=1e-3
        )
        assert text == named(s)


@given(some_spans())
def test_vtt_has_no_arrow_but_its_own(spans: list[Span]) -> None:
    spans = [s for s in spans if s.text.strip()]
    text = formats.vtt([Span(0, 1, ""), *spans])
    assert text.startswith("WEBVTT\n")
    assert text.count("-->") == len(spans)
    assert len(re.findall(r"^\d+:\d\d:\d\d\.\d{3} --> \d+:\d\d:\d\d\.\d{3}$", text, re.M)) == len(
        spans
    )
    assert text.count("<v ") == sum(bool(s.speaker) for s in spans)
    assert text.count("<") == text.count("<v ")


def tiers_of(text: str) -> dict[int, tuple[str, list[tuple[float, float, str]]]]:
    """A TextGrid, by Praat's grammar: what matters are the values in their order."""
    tiers = {}
    for number, part in enumerate(re.split(r"^    item \[\d+\]:$", text, flags=re.M)[1:]):
        name = re.search(r'^        name = "((?:[^"]|"")*)"$', part, re.M)
        assert name
        intervals = re.findall(r'xmin = (\S+)\n +xmax = (\S+)\n +text = "((?:[^"]|"")*)"\n', part)
        size = re.search(r"intervals: size = (\d+)", part)
        assert size
        assert int(size.group(1)) == len(intervals)
        values = [(float(a), float(b), c.replace('""', '"')) for a, b, c in intervals]
        tiers[number] = (name.group(1).replace('""', '"'), values)
    return tiers


@given(some_spans(), TIMES)
def test_the_intervals_of_a_textgrid_neither_overlap_nor_leave_gaps(
    spans: list[Span], duration_s: float
) -> None:
    tiers = tiers_of(formats.textgrid(spans, "a.wav", duration_s))
    end_s = max([duration_s, *(s.end_s for s in spans)])
    for _, intervals in tiers.values():
        assert intervals[0][0] == 0
        assert intervals[-1][1] == pytest.approx(end_s, abs=1e-6)
        for (_, end, _), (start, _, _) in pairwise(intervals):
            assert end == start
    kept = [line(text) for _, own in tiers.values() for _, _, text in own if text]
    said = [line(s.text) for s in spans if s.end_s > s.start_s and line(s.text)]
    assert sorted(kept) == sorted(said)


def test_what_overlaps_goes_to_another_tier() -> None:
    spans = [Span(0, 2, "a", "Ann"), Span(1, 3, "b", "Ann"), Span(2, 4, "c", "Ann")]
    tiers = tiers_of(formats.textgrid(spans, "", 4))
    assert [(name, [text for *_, text in own if text]) for name, own in tiers.values()] == [
        ("Ann", ["a", "c"]),
        ("Ann", ["b"]),
    ]


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("a.txt", ".txt"),
        ("a.selections.txt", ".selections.txt"),
        ("A.Table.1.SELECTIONS.TXT", ".selections.txt"),
        ("a.TextGrid", ".TextGrid"),
        ("a.textgrid", ".TextGrid"),
        ("a.doc", None),
        ("txt", None),
    ],
)
def test_the_longest_ending_chooses(name: str, ending: str | None) -> None:
    assert formats.ending_of(PurePath(name), formats.WITH_TIMES) == ending


def test_a_time_is_rounded_to_the_nearest_millisecond_not_cut() -> None:
    assert "00:00:59,999" in formats.srt([Span(59.9994, 61, "a")])
    assert "00:01:00,000" in formats.srt([Span(59.9996, 61, "a")])
    assert "01:00:00.000" in formats.vtt([Span(3600, 3601, "a")])

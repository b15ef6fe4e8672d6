"""Annotations as programs write them, and what is wrong in them by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tympan.data import Supervision
from tympan.data import annotations as an
from tympan.errors import DataError


def put(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def spans(found: tuple[Supervision, ...]) -> list[tuple[float, float, str]]:
    return [(one.start_s, one.end_s, one.label or one.text or one.speaker) for one in found]


# -- Audacity --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2.000000\t3.500000\tcat meows\n0.500000\t0.500000\tclick\n",
        b"\xef\xbb\xbf0.5\t0.5\tclick\r\n2\t3.5\tcat meows\r\n",
        "0,500000\t0,500000\tclick\n2,0\t3,5\tcat meows",  # decimals of half of Europe
        "0.5\t0.5\tclick\n\n2\t3.5\tcat\tmeows\n".encode("utf-16"),
    ],
)
def test_label_tracks(tmp_path: Path, text: str | bytes) -> None:
    found = an.read_audacity(put(tmp_path, "a.txt", text))
    assert spans(found) == [(0.5, 0.5, "click"), (2.0, 3.5, "cat meows")]
    assert {one.low_hz for one in found} == {None}


def test_frequencies_of_labels(tmp_path: Path) -> None:
    text = "0\t1\ta\n\\\t200.0\t4000.5\n1\t2\tb\n2\t3\t\n\\\t-1.0\t900\n"
    found = an.read_audacity(put(tmp_path, "a.txt", text))
    assert [(one.low_hz, one.high_hz) for one in found] == [
        (200.0, 4000.5),
        (None, None),
        (None, 900.0),
    ]


def test_an_empty_label_track_holds_nothing(tmp_path: Path) -> None:
    assert an.read_audacity(put(tmp_path, "a.txt", "")) == ()


# -- RTTM ------------------------------------------------------------------------------------------

RTTM = """;; made by hand
SPKR-INFO rec1 1 <NA> <NA> <NA> adult_male bob <NA> <NA>
SPEAKER rec1 1 2.5 1.0 <NA> <NA> bob <NA> <NA>
SPEAKER rec1 1 0.25 1.5 <NA> <NA> anna <NA>
LEXEME rec2 1 1.0 0.5 hello lex anna 0.9 <NA>
NON-SPEECH rec2 1 3 1 <NA> music <NA> <NA> <NA>
"""


def test_turns_of_many_recordings(tmp_path: Path) -> None:
    path = put(tmp_path, "a.rttm", RTTM)
    found = an.read_rttm_recordings(path)
    assert spans(found["rec1"]) == [(0.25, 1.75, "anna"), (2.5, 3.5, "bob")]
    assert found["rec2"][0] == Supervision(1.0, 1.5, text="hello", speaker="anna")
    assert found["rec2"][1] == Supervision(3.0, 4.0, label="music")
    assert an.read_rttm(path, "rec1") == found["rec1"]
    assert an.read_rttm(path, "rec3") == ()
    with pytest.raises(DataError, match=r"is about 2 recordings: rec1, rec2 .name one"):
        an.read_rttm(path)


def test_turns_of_many_recordings_are_written(tmp_path: Path) -> None:
    turns = {
        "rec 1": [Supervision(0, 1.0004, speaker="Anna Lee")],
        "rec2": [Supervision(1, 2, label="dog")],
    }
    path = an.write_rttm(tmp_path / "a.rttm", turns)
    assert path.read_text().splitlines() == [
        "SPEAKER rec_1 1 0.000 1.000 <NA> <NA> Anna_Lee <NA> <NA>",
        "SPEAKER rec2 1 1.000 1.000 <NA> <NA> dog <NA> <NA>",
    ]
    alone = an.write_rttm(tmp_path / "b.rttm", turns["rec2"], recording="talk")
    assert alone.read_text().split()[1] == "talk"
    assert an.write_rttm(alone, turns["rec2"]).read_text().split()[1] == "b"


# -- Raven -----------------------------------------------------------------------------------------

RAVEN = (
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)"
    "\tSpecies\n"
    "1\tWaveform 1\t1\t2.5\t3.0\t0.0\t24000.0\twren\n"
    "1\tSpectrogram 1\t1\t2.5\t3.0\t2000.0\t8000.0\twren\n"
    "2\tSpectrogram 1\t1\t0.5\t1.0\t300\t900\t\n"
)


def test_selection_tables(tmp_path: Path) -> None:
    found = an.read_raven(put(tmp_path, "a.txt", RAVEN))
    assert found == (
        Supervision(0.5, 1.0, low_hz=300.0, high_hz=900.0),
        Supervision(2.5, 3.0, label="wren", low_hz=2000.0, high_hz=8000.0),
    )


def test_the_column_of_a_selection_table_may_be_chosen(tmp_path: Path) -> None:
    text = "Begin Time (s)\tEnd Time (s)\tSpecies\tCall\n0\t1\twren\tsong\n0\t1\twren\talarm\n"
    path = put(tmp_path, "a.txt", text)
    assert [one.label for one in an.read_raven(path)] == ["wren", "wren"]
    assert [one.label for one in an.read_raven(path, "call")] == ["song", "alarm"]
    with pytest.raises(DataError, match=r"no column 'x'; its columns are: Begin Time"):
        an.read_raven(path, "x")


# -- TextGrid --------------------------------------------------------------------------------------

LONG = '''File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2.3
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "IntervalTier"
        name = "Mary"
        xmin = 0
        xmax = 2.3
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.7
            text = ""
        intervals [2]:
            xmin = 0.7
            xmax = 1.6
            text = "she said ""yes"""
        intervals [3]:
            xmin = 1.6
            xmax = 2.3
            text = "Mary"
    item [2]:
        class = "TextTier"
        name = "bell"
        xmin = 0
        xmax = 2.3
        points: size = 1
        points [1]:
            number = 1.25
            mark = "ding"
    item [3]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 2.3
        intervals: size = 0
'''
SHORT = '''"ooTextFile"
"TextGrid"
0 2.3 ! the time domain
<exists>
3
"IntervalTier" "Mary" 0 2.3 3
0 0.7 ""
0.7 1.6 "she said ""yes"""
1.6 2.3 "Mary"
"TextTier"
"bell"
0 2.3
1
1.25 "ding"
"IntervalTier" "words" 0 2.3
0
'''


@pytest.mark.parametrize(
    "text",
    [LONG, SHORT, LONG.encode("utf-16"), LONG.replace("\n", "\r\n"), LONG.replace("    ", "")],
)
def test_both_forms_of_textgrid(tmp_path: Path, text: str | bytes) -> None:
    assert an.read_textgrid(put(tmp_path, "a.TextGrid", text)) == (
        Supervision(0.7, 1.6, label='she said "yes"', speaker="Mary"),
        Supervision(1.25, 1.25, label="ding"),
        Supervision(1.6, 2.3, speaker="Mary"),
    )


def test_turns_that_overlap_share_no_tier(tmp_path: Path) -> None:
    turns = [Supervision(0, 2, speaker="a"), Supervision(1, 3, speaker="a"), Supervision(3, 4)]
    path = an.write_textgrid(tmp_path / "a.TextGrid", turns, duration_s=5)
    text = path.read_text()
    assert text.count('name = "a"') == 2
    assert "xmax = 5" in text
    found = an.read_textgrid(path)
    assert found[:2] == tuple(turns[:2])
    assert found[2].label == "?"  # an interval without a mark would be a gap


def test_a_textgrid_without_tiers(tmp_path: Path) -> None:
    text = '"ooTextFile" "TextGrid" 0 1 <absent>'
    assert an.read_textgrid(put(tmp_path, "a.TextGrid", text)) == ()


# -- subtitles -------------------------------------------------------------------------------------

SRT = """1
00:00:01,000 --> 00:00:02,500 X1:10 X2:20
Good <i>morning</i>,
{\\an8}it is
7

2
01:00:00.5 --> 01:00:01.25
<font color="#fff">I</font> < you

3
01:00:02,000 --> 01:00:03,000

"""
VTT = """WEBVTT - a film

NOTE
nobody reads this

STYLE
::cue {color: red}

intro
00:01.000 --> 00:02.500 align:start
<v.loud Anna Lee>Tom &amp; <c.red>Jerry</c></v>
again

01:00:00.500 --> 01:00:01.250
<00:00:01.000>- ok
"""


def test_subrip(tmp_path: Path) -> None:
    found = an.read_srt(put(tmp_path, "a.srt", "\ufeff" + SRT.replace("\n", "\r\n")))
    assert spans(found) == [
        (1.0, 2.5, "Good morning, it is 7"),
        (3600.5, 3601.25, "I < you"),
        (3602.0, 3603.0, ""),
    ]


def test_webvtt(tmp_path: Path) -> None:
    found = an.read_vtt(put(tmp_path, "a.vtt", VTT))
    assert found == (
        Supervision(1.0, 2.5, text="Tom & Jerry again", speaker="Anna Lee"),
        Supervision(3600.5, 3601.25, text="- ok"),
    )


def test_subtitles_are_written_as_players_read_them(tmp_path: Path) -> None:
    items = [Supervision(3661.0005, 3662.25, text="a --> b\n\nc & d", speaker="Anna")]
    assert an.write_srt(tmp_path / "a.srt", items).read_text() == (
        "1\n01:01:01,000 --> 01:01:02,250\na -> b c & d\n\n"
    )
    assert an.write_vtt(tmp_path / "a.vtt", items).read_text() == (
        "WEBVTT\n\n01:01:01.000 --> 01:01:02.250\n<v Anna>a -&gt; b c &amp; d\n\n"
    )


# -- CSV -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "start_s,end_s,label\n2,3.5,cat\n0.5,0.5,click\n",
        "Onset;Offset;Event label\n0.5;0.5;click\n2;3.5;cat\n",
        "start\tend\tclass\tnote\n0.5\t0.5\tclick\tx\n2\t3.5\tcat\ty\n",
        "0.5,0.5,click\n2,3.5,cat\n",  # no names
        "0.5\t0.5\tclick\n2\t3.5\tcat\n",
        "0.5,0.5,click,0.9\n2,3.5,cat,0.8\n",
    ],
)
def test_tables_of_events(tmp_path: Path, text: str) -> None:
    found = an.read_csv(put(tmp_path, "a.csv", text))
    assert spans(found) == [(0.5, 0.5, "click"), (2.0, 3.5, "cat")]


def test_columns_that_nothing_fills_are_not_written(tmp_path: Path) -> None:
    path = an.write_csv(tmp_path / "a.csv", [Supervision(0.5, 1, label='a, "b"', low_hz=100)])
    assert path.read_text() == 'start_s,end_s,label,low_hz\n0.5,1.0,"a, ""b""",100.0\n'
    assert an.read_csv(an.write_csv(tmp_path / "b.csv", [])) == ()


# -- what is wrong ---------------------------------------------------------------------------------

NO_TIME = "which is no time"
WRONG: list[tuple[str, str | bytes, str]] = [
    ("a.csv", "", "is empty"),
    ("a.csv", "time,pitch\n0,1\n", "names no columns start_s and end_s; they are: time, pitch"),
    ("a.csv", "start_s,end_s,label\n0,1,a\n2,1,b\n", "line 3 ends at 1, before it starts at 2"),
    ("a.csv", "start_s,end_s,label\n0,x,a\n", f"line 2 has the end 'x', {NO_TIME}"),
    ("a.csv", "start_s,end_s,label\n0,nan,a\n", f"line 2 has the end 'nan', {NO_TIME}"),
    ("a.csv", "start_s,end_s,label\n-1,1,a\n", "line 2 has the start '-1', which is no time in"),
    ("a.csv", "start_s,end_s,label\n0,1e9,a\n", "line 2 has the end '1e9', which is no time in"),
    ("a.csv", "start_s,end_s,low_hz\n0,1,a\n", "line 2 has 'a', which is no frequency"),
    ("a.csv", "start_s,end_s,low_hz,high_hz\n0,1,9,8\n", "line 2 has a box from 9 Hz up to 8 Hz"),
    ("a.csv", "start_s,end_s,label\n0,1\n", "line 2 has 2 cells, the header 3"),
    ("a.txt", "0\t1\ta\n1 2 b\n", "line 2 is no label .start, tab, end, tab, label"),
    ("a.txt", "\\\t1\t2\n", "line 1 has frequencies, but no label stands before it"),
    ("a.txt", "0\t1\ta\n\\\tx\t2\n", "line 2 has 'x', which is no frequency"),
    ("a.txt", "0\t1_0\ta\n", NO_TIME),
    ("a.txt", b"0\t1\ta\n1\t2\t\xff\n", "is not UTF-8 text .line 2"),
    ("a.txt", "0\t1\ta\n1\t2\t\0\n", "holds NUL bytes .line 2"),
    ("a.rttm", "SPEAKER a 1 0 1 <NA> <NA>\n", "line 1 has 7 fields"),
    (
        "a.rttm",
        "SPEAKER a 1 0 -1 <NA> <NA> b <NA> <NA>\n",
        "line 1 has start '0' and duration '-1'",
    ),
    ("a.rttm", "SPEAKER a 1 x 1 <NA> <NA> b <NA> <NA>\n", "has start 'x'"),
    ("a.rttm", "\nhello\n", "line 2 begins with 'hello', which is no type of RTTM"),
    ("raven.txt", "Selection\tBegin Time (s)\n1\t0\n", "line 1 has no columns 'Begin Time"),
    ("raven.txt", "", "it is: empty"),
    ("raven.txt", RAVEN + "3\tSpectrogram 1\t1\t5\n", "line 5 has 4 cells, the header 8"),
    ("raven.txt", RAVEN.replace("0.5\t1.0", "0.5\t0.1"), "line 4 ends at 0.1, before"),
    ("a.TextGrid", "", "line 1 ends early: the ooTextFile is missing"),
    ("a.TextGrid", "x = 1\n", "line 1 has the number '1' in place of the ooTextFile"),
    ("a.TextGrid", '"ooTextFile" "Pitch 1"', "line 1 is no TextGrid"),
    ("a.TextGrid", b"ooBinaryFile\x08TextGrid", "is a binary TextGrid"),
    ("a.TextGrid", LONG[:-40], "ends early"),
    ("a.TextGrid", LONG.replace('"words"', '"words'), "line 38 has a text whose quote is not clos"),
    (
        "a.TextGrid",
        LONG.replace("size = 3\nitem", "size = 3e9\nitem"),
        "line 7 has '3e9' for the n",
    ),
    (
        "a.TextGrid",
        LONG.replace("size = 3\nitem", "size = 99999999\nitem"),
        "line 7 has '99999999'",
    ),
    ("a.TextGrid", LONG.replace("xmax = 1.6", "xmax = 0.6"), "line 22 ends at 0.6, before it star"),
    ("a.TextGrid", LONG.replace('"TextTier"', '"PitchTier"'), "has a tier of class 'PitchTier'"),
    ("a.TextGrid", SHORT.replace("<exists>", "<exi>"), "line 4 has '<exi>' in place of <exists>"),
    ("a.srt", "hello\n", "line 1 has no times such as 00:00:01,000"),
    ("a.srt", "hello\n" + SRT, "line 1 stands before the first subtitle"),
    ("a.srt", "1\n00:00:02,000 --> 00:00:01,000\nx\n", "line 2 ends at 1, before it starts at 2"),
    ("a.srt", "1\n00:00:02 --> 00:00:03\nx\n", "line 2 has no times such as"),
    ("a.vtt", "WEBVT\n", "line 1 is not WEBVTT"),
    ("a.vtt", "", "line 1 is not WEBVTT"),
    ("a.vtt", "WEBVTT\n\n00:01.000 --> x\nhi\n", "line 3 has no times"),
]


@pytest.mark.parametrize(("name", "text", "message"), WRONG)
def test_what_is_wrong_is_named_by_line(
    tmp_path: Path, name: str, text: str | bytes, message: str
) -> None:
    path = put(tmp_path, name, text)
    read = {
        ".csv": an.read_csv,
        ".txt": an.read_raven if name == "raven.txt" else an.read_audacity,
        ".rttm": an.read_rttm,
        ".TextGrid": an.read_textgrid,
        ".srt": an.read_srt,
        ".vtt": an.read_vtt,
    }[path.suffix]
    with pytest.raises(DataError, match=message) as caught:
        read(path)
    assert caught.value.file == str(path)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.rttm", "", ("rttm", True)),
        ("a.TEXTGRID", "", ("textgrid", True)),
        ("a.txt", LONG, ("textgrid", True)),
        ("a.txt", SHORT.encode("utf-16"), ("textgrid", True)),
        ("a.txt", RAVEN, ("raven", True)),
        ("a.txt", "0.5\t1.5\tdog\n", ("audacity", False)),
        ("a.txt", "\n0,5\t1,5\n", ("audacity", False)),
        ("a.txt", "0.5,1.5,dog\n", ("csv", False)),
        ("a.csv", "0.5,1.5,dog\n", ("csv", False)),
        ("a.tsv", "onset\toffset\tevent_label\n", ("csv", True)),
        ("a.csv", "time,pitch\n0,1\n", None),
        ("a.csv", "0.0,220.5\n", None),
        ("a.csv", "", None),
        ("a.csv", b"\xff\xfe\x00", None),
        ("a.txt", "It was a dark night.\n", None),
        ("a.txt", "", None),
        ("a.txt", b"\xff\xfe\x00", None),
        ("a.wav", "RIFF", None),
    ],
)
def test_formats_are_known_by_their_first_line(
    tmp_path: Path, name: str, text: str | bytes, expected: tuple[str, bool] | None
) -> None:
    found = an.detect_format(put(tmp_path, name, text))
    assert (None if found is None else (found.name, found.sure)) == expected


def test_real_annotations(shared_data: Path) -> None:
    turns = an.read_rttm(shared_data / "ami" / "rttm" / "dev00.rttm")
    assert spans(turns)[0] == (1.44, 13.312, "MEE009")
    events = sorted((shared_data / "dcase2016_task2" / "annotation" / "dev").glob("*.txt"))
    assert all(an.detect_format(path) for path in events)
    assert sum(len(an.read_annotation(path)) for path in events) > 200
    notes = an.read_annotation(shared_data / "real_music" / "phenicx" / "bassoon.txt")
    assert notes[0].label == "A3"

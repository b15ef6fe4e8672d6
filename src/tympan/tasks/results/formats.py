"""The text formats in which other programs take labels, notes and words with their times.

Each writer takes the spans, the name of the recording and its length, and gives the text.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from tympan.errors import ArgumentError


@dataclass(frozen=True)
class Span:
    """A part of a recording and what it holds.

    Attributes:
        start_s: where it begins.
        end_s: where it ends.
        text: a label, or what was said.
        speaker: whose part it is; empty if that is not known.
        score: how sure; None if that is not known.
        low_hz: lower edge of a box in time and frequency; None: it has none.
        high_hz: its upper edge.
    """

    start_s: float
    end_s: float
    text: str
    speaker: str = ""
    score: float | None = None
    low_hz: float | None = None
    high_hz: float | None = None


Writer = Callable[[Sequence[Span], str, float], str]


def ending_of(path: PurePath, endings: Iterable[str]) -> str | None:
    """Which of the endings a file name has; the longest wins, case does not matter.

    >>> ending_of(PurePath("a.Selections.TXT"), (".txt", ".selections.txt"))
    '.selections.txt'
    """
    fitting = [one for one in endings if path.name.lower().endswith(one.lower())]
    return max(fitting, key=len, default=None)


def check_ending(path: Path, endings: Sequence[str], what: str) -> str:
    """The ending of a file to be written, one of `endings`.

    Raises:
        ArgumentError: it is none of them.
    """
    ending = ending_of(path, endings)
    if ending is None:
        given = path.suffix or "a file without extension"
        error = f"{what} cannot be written as {given}"
        raise ArgumentError(error, file=path, fix=f"use one of {', '.join(endings)}")
    return ending


def encoded(text: str) -> bytes:
    """UTF-8; bytes of a file name that are not Unicode are escaped."""
    return text.encode("utf-8", "backslashreplace")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, head: bool = True) -> str:
    """Comma-separated values, with the names of the columns in the first line.

    >>> csv_text(("label", "chosen"), [("a, b", True)])
    'label,chosen\\n"a, b",true\\n'
    """
    import csv

    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    if head:
        writer.writerow(columns)
    for row in rows:
        writer.writerow([str(one).lower() if isinstance(one, bool) else one for one in row])
    return file.getvalue()


def audacity(spans: Sequence[Span], file: str = "", duration_s: float = 0.0) -> str:
    """A label track of Audacity: start, end and text between tabs.

    >>> audacity([Span(0, 1, "dog")])
    '0.000000\\t1.000000\\tdog\\n'
    """
    return "".join(f"{s.start_s:.6f}\t{s.end_s:.6f}\t{_line(_named(s))}\n" for s in spans)


def raven(spans: Sequence[Span], file: str = "", duration_s: float = 0.0) -> str:
    """A selection table of Raven: for its spectrogram view where spans have a band.

    >>> raven([Span(0, 1, "wren", low_hz=2000, high_hz=8000)]).splitlines()[1].split("\\t")[5:8]
    ['2000.0', '8000.0', 'wren']
    """
    boxes = any(s.low_hz is not None for s in spans)
    band = ("Low Freq (Hz)", "High Freq (Hz)") if boxes else ()
    names = ("Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", *band)
    lines = ["\t".join((*names, "Annotation", "Score"))]
    view = "Spectrogram 1" if boxes else "Waveform 1"
    for number, s in enumerate(spans, 1):
        score = "" if s.score is None else f"{s.score:.6f}"
        edges = (
            [f"{v:.1f}" if v is not None else "" for v in (s.low_hz, s.high_hz)] if boxes else []
        )
        cells = [f"{number}", view, "1", f"{s.start_s:.6f}", f"{s.end_s:.6f}", *edges]
        lines.append("\t".join([*cells, _line(_named(s)), score]))
    return "\n".join(lines) + "\n"


def rttm(spans: Sequence[Span], file: str = "", duration_s: float = 0.0) -> str:
    """Rich Transcription Time Marked (NIST): who, or what, from when for how long.

    >>> rttm([Span(1, 2.5, "hello", "Ann B")], "a talk.wav")
    'SPEAKER a_talk 1 1.000 1.500 <NA> <NA> Ann_B <NA> <NA>\\n'
    """
    return rttm_lines(spans, PurePath(file).stem)


def rttm_lines(spans: Sequence[Span], name: str) -> str:
    """RTTM of a recording that is called so."""
    return "".join(
        f"SPEAKER {_token(name)} 1 {s.start_s:.3f} {max(0.0, s.end_s - s.start_s):.3f} <NA> <NA> "
        f"{_token(s.speaker or s.text)} <NA> <NA>\n"
        for s in spans
    )


def srt(spans: Sequence[Span], file: str = "", duration_s: float = 0.0) -> str:
    """SubRip subtitles.

    >>> print(srt([Span(0, 61.5, "Hello.")]), end="")
    1
    00:00:00,000 --> 00:01:01,500
    Hello.
    """
    blocks = (
        f"{number}\n{_clock(s.start_s, ',')} --> {_clock(s.end_s, ',')}\n{_line(_named(s))}\n"
        for number, s in enumerate(_with_text(spans), 1)
    )
    return "\n".join(blocks)


def vtt(spans: Sequence[Span], file: str = "", duration_s: float = 0.0) -> str:
    """WebVTT, the subtitles of browsers; the speaker is a voice.

    >>> print(vtt([Span(0, 1, "Hi & bye", "Ann")]), end="")
    WEBVTT
    <BLANKLINE>
    00:00:00.000 --> 00:00:01.000
    <v Ann>Hi &amp; bye
    """
    lines = ["WEBVTT\n"]
    for s in _with_text(spans):
        voice = f"<v {_escaped(_line(s.speaker))}>" if s.speaker else ""
        times = f"{_clock(s.start_s, '.')} --> {_clock(s.end_s, '.')}"
        lines.append(f"{times}\n{voice}{_escaped(_line(s.text))}\n")
    return "\n".join(lines)


def textgrid(spans: Sequence[Span], file: str = "", duration_s: float = 0.0) -> str:
    """A TextGrid of Praat: a tier for each speaker, or for each label where there are none.

    Intervals of a tier neither overlap nor leave a gap, as Praat wants it: what overlaps goes to
    another tier of the same name, and gaps are empty intervals.
    """
    return textgrid_tiers(_tiers(spans) or [("labels", [])], duration_s)


def textgrid_tiers(tiers: Sequence[tuple[str, Sequence[Span]]], duration_s: float = 0.0) -> str:
    """A TextGrid of tiers: each a name, and spans in order of time that do not overlap."""
    end_s = max([duration_s, *(s.end_s for _, own in tiers for s in own)])
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0"]
    lines += [f"xmax = {end_s:.6f}", "tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for number, (name, own) in enumerate(tiers, 1):
        intervals = _without_gaps(own, end_s)
        lines += [f"    item [{number}]:", '        class = "IntervalTier"']
        lines += [f"        name = {_quoted(name)}", "        xmin = 0"]
        lines += [f"        xmax = {end_s:.6f}", f"        intervals: size = {len(intervals)}"]
        for i, (start, end, text) in enumerate(intervals, 1):
            lines += [f"        intervals [{i}]:", f"            xmin = {start:.6f}"]
            lines += [f"            xmax = {end:.6f}", f"            text = {_quoted(text)}"]
    return "\n".join(lines) + "\n"


def _tiers(spans: Sequence[Span]) -> list[tuple[str, list[Span]]]:
    """Spans that do not overlap, by speaker or label."""
    tiers: list[tuple[str, list[Span]]] = []
    for s in sorted(spans, key=lambda one: (one.start_s, one.end_s)):
        name = s.speaker or s.text
        for known, own in tiers:
            if known == name and own[-1].end_s <= s.start_s:
                own.append(s)
                break
        else:
            tiers.append((name, [s]))
    return tiers


def _without_gaps(spans: Sequence[Span], end_s: float) -> list[tuple[float, float, str]]:
    """Start, end and text from 0 to the end; Praat has no interval without length."""
    found: list[tuple[float, float, str]] = []
    at = 0.0
    for s in spans:
        start, end = max(at, round(s.start_s, 6)), round(s.end_s, 6)
        if end <= start:
            continue
        if start > at:
            found.append((at, start, ""))
        found.append((start, end, s.text))
        at = end
    if round(end_s, 6) > at or not found:
        found.append((at, end_s, ""))
    return found


OF_SPANS: dict[str, Writer] = {
    ".txt": audacity,
    ".selections.txt": raven,
    ".rttm": rttm,
    ".srt": srt,
    ".vtt": vtt,
    ".TextGrid": textgrid,
}
WITH_TIMES = (".json", ".csv", *OF_SPANS)


def _with_text(spans: Iterable[Span]) -> list[Span]:
    """Subtitles without text would end the file for some programs."""
    return [s for s in spans if s.text.strip()]


def _named(s: Span) -> str:
    return f"{s.speaker}: {s.text}" if s.speaker else s.text


def _line(text: str) -> str:
    """One line without tabs."""
    return " ".join(text.split())


def _token(text: str) -> str:
    """A word without spaces."""
    return "_".join(text.split()) or "<NA>"


def _quoted(text: str) -> str:
    return '"' + _line(text).replace('"', '""') + '"'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float, comma: str) -> str:
    """Hours, minutes, seconds and milliseconds."""
    total = round(max(0.0, seconds) * 1000)
    rest, ms = divmod(total, 1000)
    minutes, s = divmod(rest, 60)
    hours, m = divmod(minutes, 60)
    return f"{hours:02d}:{m:02d}:{s:02d}{comma}{ms:03d}"

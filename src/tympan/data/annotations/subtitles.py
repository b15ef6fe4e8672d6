"""Subtitles: SubRip (`.srt`) and WebVTT (`.vtt`).

WebVTT after the W3C's Candidate Recommendation of 2019, *WebVTT: The Web Video Text Tracks Format*.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from tympan.data._text import times
from tympan.data.annotations._common import check, in_order, numbered_lines, write_text, wrong
from tympan.data.table import Supervision
from tympan.errors import DataError

_TIME = r"(?:\d{1,6}:)?\d{1,2}:\d{1,2}[.,]\d{1,3}"
_CUE = re.compile(rf"\s*({_TIME})\s*-->\s*({_TIME})(?:\s.*)?")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<\d[\d:.]*>|\{\\[^{}]*\}")


def read_srt(path: str | Path) -> tuple[Supervision, ...]:
    """Read subtitles in SubRip's form; an empty file holds none.

    Args:
        path: the file.

    Returns:
        A supervision with text for each subtitle, in order of time; marks such as `<i>` are left
        out, line breaks become spaces.

    Raises:
        DataError: it holds no subtitles, with the line.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.srt"
    >>> _ = path.write_text("1\\n00:00:01,000 --> 00:00:02,500\\nGood <i>morning</i>\\n")
    >>> read_srt(path)[0].text
    'Good morning'
    """
    path = Path(path)
    lines = list(numbered_lines(path))
    return _cues(path, lines)


def read_vtt(path: str | Path) -> tuple[Supervision, ...]:
    """Read subtitles in the form of the web; the name in `<v Anna>` is the speaker.

    Args:
        path: the file.

    Returns:
        A supervision with text for each subtitle, in order of time.

    Raises:
        DataError: it is no WebVTT, with the line.
    """
    path = Path(path)
    lines = list(numbered_lines(path))
    if not lines or not lines[0][1].startswith("WEBVTT"):
        raise DataError("line 1 is not WEBVTT", file=path)
    return _cues(path, lines[1:], web=True)


def _cues(
    path: Path, lines: Sequence[tuple[int, str]], web: bool = False
) -> tuple[Supervision, ...]:
    """What stands below each line of times.

    A line of digits before the next times, and in WebVTT whatever a blank line separates from the
    text above it, is the name of a cue and no text.
    """
    starts = [i for i, (_, content) in enumerate(lines) if "-->" in content]
    if lines and not starts and not web:
        what = "has no times such as 00:00:01,000 --> 00:00:02,500"
        raise wrong(path, lines[0][0], what)
    if starts and not web:
        for line, content in lines[: starts[0]]:
            if not content.strip().isdigit():
                raise wrong(path, line, "stands before the first subtitle, and is no number")
    found = []
    for i, stop in pairwise([*starts, len(lines)]):
        line, content = lines[i]
        match = _CUE.fullmatch(content)
        if match is None:
            what = f"has no times such as 00:00:01,000 --> 00:00:02,500: {content[:40]!r}"
            raise wrong(path, line, what)
        try:
            start_s, end_s = times(_seconds(match[1]), _seconds(match[2]))
        except ValueError as error:
            raise wrong(path, line, str(error)) from None
        text = _below(lines[i:stop], web)
        if stop < len(lines) and text and text[-1][1].strip().isdigit() and not web:
            text = text[:-1]
        joined = " ".join(content for _, content in text)
        voice = _VOICE.search(joined) if web else None
        speaker = " ".join(html.unescape(voice[1]).split()) if voice else ""
        plain = html.unescape(_TAG.sub("", joined)) if web else _TAG.sub("", joined)
        found.append(Supervision(start_s, end_s, text=" ".join(plain.split()), speaker=speaker))
    return in_order(found)


def _below(lines: Sequence[tuple[int, str]], web: bool) -> list[tuple[int, str]]:
    """The lines below the times; in WebVTT they end with the first blank line."""
    text = list(lines[1:])
    if web:
        text = [one for n, one in enumerate(text, start=1) if one[0] == lines[0][0] + n]
    return text


def _seconds(text: str) -> str:
    *hours, minutes, seconds = text.replace(",", ".").split(":")
    value = 60 * int(minutes) + float(seconds)
    return repr(value + (3600 * int(hours[0]) if hours else 0))


def write_srt(path: str | Path, supervisions: Iterable[Supervision]) -> Path:
    """Write SubRip subtitles; times to a thousandth of a second.

    The text stands there, else the label; speakers are not kept (WebVTT keeps them).

    Args:
        path: the file, `.srt`.
        supervisions: what to write.

    Raises:
        ArgumentError: times that cannot be written.
    """
    lines: list[str] = []
    for i, one in enumerate(check(supervisions), start=1):
        lines += [str(i), _span(one, ","), _safe(one.text or one.label), ""]
    return write_text(path, lines)


def write_vtt(path: str | Path, supervisions: Iterable[Supervision]) -> Path:
    """Write WebVTT subtitles with their speakers; times to a thousandth of a second.

    Args:
        path: the file, `.vtt`.
        supervisions: what to write.

    Raises:
        ArgumentError: times that cannot be written.
    """
    lines = ["WEBVTT", ""]
    for one in check(supervisions):
        text = html.escape(_safe(one.text or one.label), quote=False)
        if one.speaker:
            text = f"<v {html.escape(' '.join(one.speaker.split()), quote=False)}>{text}"
        lines += [_span(one, "."), text, ""]
    return write_text(path, lines)


def _safe(text: str) -> str:
    """One line that no reader takes for times."""
    return " ".join(text.replace("-->", "->").split())


def _span(one: Supervision, point: str) -> str:
    return " --> ".join(_clock(t, point) for t in (one.start_s, one.end_s))


def _clock(seconds: float, point: str) -> str:
    whole, ms = divmod(round(1000 * seconds), 1000)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}{point}{ms:03d}"

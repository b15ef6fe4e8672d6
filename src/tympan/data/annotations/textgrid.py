"""TextGrid of Praat, long and short: tiers of intervals and of points.

After Boersma, Weenink, *Praat: doing phonetics by computer*, manual page "TextGrid file formats":
only free-standing numbers, texts in quotes and flags count, everything else is decoration, so one
reader does for both forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tympan.data._text import read_text, times
from tympan.data.annotations._common import check, in_order, one_line, words_of, write_text
from tympan.data.table import Supervision
from tympan.errors import DataError

# Tiers named like this are levels of annotation; another name is taken for a speaker's.
_ONE = """
label event annotation word phone phoneme segment syllable sentence utterance note silence tone
"""
LEVELS = frozenset(
    {"", "text", "transcript", "transcription", "bell"}
    | {name + end for name in _ONE.split() for end in ("", "s")}
)
_TOKEN = re.compile(r'\s*(?:(?P<text>"(?:[^"]|"")*")(?=\s|$)|(?P<word>\S+))')
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?%?")


def read_textgrid(path: str | Path) -> tuple[Supervision, ...]:
    """Read all tiers of a TextGrid (`.TextGrid`).

    Empty intervals are gaps. The mark is the label; the tier's name is the speaker, unless it names
    a level of annotation (`words`, `phones`, `labels` …). A mark that repeats the speaker's name is
    no label.

    Args:
        path: the file, text in the long or the short form.

    Returns:
        A supervision for each interval with a mark and (without length) for each point, in order of
        time.

    Raises:
        DataError: it is no TextGrid or a damaged one, with the line.
    """
    path = Path(path)
    tokens = _Tokens(path)
    if tokens.text("ooTextFile") != "ooTextFile" or tokens.text("TextGrid") != "TextGrid":
        raise tokens.wrong("is no TextGrid: it must begin with ooTextFile and TextGrid")
    tokens.number("start of the whole")
    tokens.number("end of the whole")
    found: list[Supervision] = []
    if not tokens.exists():
        return ()
    for _ in range(tokens.count("tiers")):
        kind, name = tokens.text("class of a tier"), tokens.text("name of a tier").strip()
        if kind not in ("IntervalTier", "TextTier"):
            raise tokens.wrong(f"has a tier of class {kind[:24]!r}")
        tokens.number("start of a tier")
        tokens.number("end of a tier")
        speaker = "" if name.casefold() in LEVELS else name
        for _ in range(tokens.count("marks")):
            start = tokens.number("time")
            end = tokens.number("time") if kind == "IntervalTier" else start
            mark = " ".join(tokens.text("mark").split())
            try:
                start_s, end_s = times(start, end)
            except ValueError as error:
                raise tokens.wrong(str(error)) from None
            if mark or kind == "TextTier":
                label = "" if mark == speaker else mark
                found.append(Supervision(start_s, end_s, label=label, speaker=speaker))
    return in_order(found)


class _Tokens:
    """The numbers, texts and flags of the file, one after another."""

    def __init__(self, path: Path) -> None:
        self._path, self._content = path, read_text(path)
        if self._content.startswith("ooBinaryFile"):
            fix = "save it from Praat as a text file"
            raise DataError("is a binary TextGrid", file=path, fix=fix)
        self._at = 0
        self._found = self._tokens()

    def _tokens(self) -> Iterator[tuple[str, str]]:
        content = self._content
        while match := _TOKEN.match(content, self._at):
            self._at = match.end()
            word = match["word"]
            if word is None:
                yield "text", match["text"][1:-1].replace('""', '"')
            elif word.startswith("!"):  # a comment up to the end of the line
                end = content.find("\n", self._at)
                self._at = len(content) if end < 0 else end
            elif word.startswith('"'):
                raise self.wrong("has a text whose quote is not closed")
            elif word.startswith("<"):
                yield "flag", word
            elif _NUMBER.fullmatch(word):
                yield "number", word.rstrip("%")

    def _next(self, kind: str, what: str) -> str:
        found = next(self._found, None)
        if found is None:
            raise self.wrong(f"ends early: the {what} is missing")
        if found[0] != kind:
            raise self.wrong(f"has the {found[0]} {found[1][:24]!r} in place of the {what}")
        return found[1]

    def text(self, what: str) -> str:
        return self._next("text", what)

    def number(self, what: str) -> str:
        return self._next("number", what)

    def exists(self) -> bool:
        flag = self._next("flag", "flag <exists>")
        if flag not in ("<exists>", "<absent>"):
            raise self.wrong(f"has {flag[:24]!r} in place of <exists>")
        return flag == "<exists>"

    def count(self, what: str) -> int:
        text = self.number(f"number of {what}")
        # Each takes some characters, so a larger number is damage and no reason to loop.
        if not text.isdigit() or len(text) > 9 or int(text) > len(self._content):
            raise self.wrong(f"has {text[:24]!r} for the number of {what}")
        return int(text)

    def wrong(self, what: str) -> DataError:
        line = self._content.count("\n", 0, self._at) + 1
        return DataError(f"line {line} {what}", file=self._path)


def write_textgrid(
    path: str | Path, supervisions: Iterable[Supervision], *, duration_s: float | None = None
) -> Path:
    """Write a TextGrid in the long form: a tier for each speaker, or one called `labels`.

    Intervals of a tier cannot overlap, so what does goes to one more tier of the same name;
    supervisions without length go to a tier of points. The mark is the label, else the text, else
    the speaker, else `?`: an interval without a mark is a gap.

    Args:
        path: the file, `.TextGrid`.
        supervisions: what to write.
        duration_s: length of the recording; default the last end.

    Raises:
        ArgumentError: times that cannot be written.
    """
    items = check(supervisions)
    end_s = max([duration_s or 0.0, *(one.end_s for one in items)])
    tiers = _tiers(in_order(items))
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', ""]
    lines += [
        "xmin = 0",
        f"xmax = {end_s!r}",
        "tiers? <exists>",
        f"size = {len(tiers)}",
        "item []:",
    ]
    for i, (name, points, marks) in enumerate(tiers, start=1):
        kind = "TextTier" if points else "IntervalTier"
        lines += [
            f"    item [{i}]:",
            f'        class = "{kind}"',
            f"        name = {_quoted(name)}",
        ]
        lines += ["        xmin = 0", f"        xmax = {end_s!r}"]
        lines += _points(marks) if points else _intervals(marks, end_s)
    return write_text(path, lines)


def _tiers(items: Iterable[Supervision]) -> list[tuple[str, bool, list[Supervision]]]:
    """Name, whether it holds points, and what stands on it without overlap."""
    tiers: list[tuple[str, bool, list[Supervision]]] = []
    for one in items:
        name, point = one.speaker or "labels", one.end_s == one.start_s
        for tier in tiers:
            if tier[:2] == (name, point) and (
                tier[2][-1].end_s <= one.start_s if not point else tier[2][-1].end_s < one.start_s
            ):
                tier[2].append(one)
                break
        else:
            tiers.append((name, point, [one]))
    return tiers


def _points(marks: list[Supervision]) -> list[str]:
    lines = [f"        points: size = {len(marks)}"]
    for i, one in enumerate(marks, start=1):
        lines += [f"        points [{i}]:", f"            number = {one.start_s!r}"]
        lines.append(f"            mark = {_quoted(words_of(one))}")
    return lines


def _intervals(marks: list[Supervision], end_s: float) -> list[str]:
    spans: list[tuple[float, float, str]] = []
    at = 0.0
    for one in marks:
        if one.start_s > at:
            spans.append((at, one.start_s, ""))
        spans.append((one.start_s, one.end_s, one_line(words_of(one)) or "?"))
        at = one.end_s
    if at < end_s or not spans:
        spans.append((at, end_s, ""))
    lines = [f"        intervals: size = {len(spans)}"]
    for i, (start_s, stop_s, mark) in enumerate(spans, start=1):
        lines += [f"        intervals [{i}]:", f"            xmin = {start_s!r}"]
        lines += [f"            xmax = {stop_s!r}", f"            text = {_quoted(mark)}"]
    return lines


def _quoted(text: str) -> str:
    return '"{}"'.format(one_line(text).replace('"', '""'))

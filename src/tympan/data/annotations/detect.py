"""Which format of annotation a file has, by its suffix and its first lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tympan.data.annotations.audacity import read_audacity, write_audacity
from tympan.data.annotations.event_csv import has_no_header, read_csv, write_csv
from tympan.data.annotations.raven import read_raven
from tympan.data.annotations.rttm import read_rttm, write_rttm
from tympan.data.annotations.subtitles import read_srt, read_vtt, write_srt, write_vtt
from tympan.data.annotations.textgrid import read_textgrid, write_textgrid
from tympan.data.columns import names_events
from tympan.data.rows import read_names
from tympan.data.table import Supervision
from tympan.errors import ArgumentError, DataError

_HEAD = 8192
_NUMBER = r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?"
_LABELS = re.compile(rf"{_NUMBER}\t{_NUMBER}(\t|$)")
_READERS: dict[str, Callable[[Path], tuple[Supervision, ...]]] = {
    "csv": read_csv,
    "rttm": read_rttm,
    "audacity": read_audacity,
    "raven": read_raven,
    "textgrid": read_textgrid,
    "srt": read_srt,
    "vtt": read_vtt,
}
_BY_SUFFIX = {".rttm": "rttm", ".textgrid": "textgrid", ".srt": "srt", ".vtt": "vtt"}
_WRITERS: dict[str, Callable[[Path, Iterable[Supervision]], Path]] = {
    ".csv": write_csv,
    ".rttm": write_rttm,
    ".txt": write_audacity,
    ".textgrid": write_textgrid,
    ".srt": write_srt,
    ".vtt": write_vtt,
}


@dataclass(frozen=True)
class Format:
    """What a file is taken for.

    Attributes:
        name: `csv`, `rttm`, `audacity`, `raven`, `textgrid`, `srt` or `vtt`.
        sure: it says so itself; else only its first line looks like it.
    """

    name: str
    sure: bool


def detect_format(path: str | Path) -> Format | None:
    """The format of annotation that a file has; None: it is none.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.txt"
    >>> _ = path.write_text("0.5\\t1.5\\tdog\\n")
    >>> detect_format(path)
    Format(name='audacity', sure=False)
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in _BY_SUFFIX:
        return Format(_BY_SUFFIX[suffix], sure=True)
    if suffix in (".csv", ".tsv"):
        names = read_names(path, lambda names: names_events(names) or has_no_header(names))
        if names_events(names):
            return Format("csv", sure=True)
        return Format("csv", sure=False) if has_no_header(names) else None
    return _detect_text(path) if suffix == ".txt" else None


def _detect_text(path: Path) -> Format | None:
    try:
        with path.open("rb") as file:
            raw = file.read(_HEAD)
    except OSError:
        return None
    head = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "ignore")
    lines = [line for line in re.split(r"\r\n|\n|\r", head) if line.strip()]
    first = lines[0].strip() if lines else ""
    if "begin time (s)" in first.casefold().split("\t"):
        return Format("raven", sure=True)
    if first.startswith(("File type", '"ooTextFile"')) and "ooTextFile" in first:
        return Format("textgrid", sure=True)
    if _LABELS.match(first):
        return Format("audacity", sure=False)
    return Format("csv", sure=False) if has_no_header(first.split(",")) else None


def read_annotation(path: str | Path) -> tuple[Supervision, ...]:
    """Read an annotation of one recording in any of the formats.

    Args:
        path: the file.

    Raises:
        DataError: it is none, or damaged; with the line.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = path.write_text("start_s,end_s,label\\n0.5,2,dog\\n")
    >>> read_annotation(path)[0].label
    'dog'
    """
    path = Path(path)
    found = detect_format(path)
    if found is None:
        fix = "CSV, RTTM, Audacity labels, Raven tables, TextGrid, SRT and WebVTT can be read"
        raise DataError("is no annotation", file=path, fix=fix)
    return _READERS[found.name](path)


def write_annotation(path: str | Path, supervisions: Iterable[Supervision]) -> Path:
    """Write an annotation; the ending chooses the format.

    Args:
        path: the file: `.csv`, `.rttm`, `.txt` (Audacity labels), `.TextGrid`, `.srt` or `.vtt`.
        supervisions: what to write.

    Raises:
        ArgumentError: another ending, or times that cannot be written.
    """
    target = Path(path)
    writer = _WRITERS.get(target.suffix.lower())
    if writer is None:
        fix = f"one of {', '.join(_WRITERS)}"
        raise ArgumentError(f"no annotation ends in {target.suffix!r}", file=target, fix=fix)
    return writer(target, supervisions)

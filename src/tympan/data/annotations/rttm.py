"""RTTM (Rich Transcription Time Marked): who speaks when, in one or many recordings.

After NIST, *The 2009 (RT-09) Rich Transcription Meeting Recognition Evaluation Plan*, appendix A.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from tympan.data._text import times
from tympan.data.annotations._common import (
    check,
    in_order,
    numbered_lines,
    words_of,
    write_text,
    wrong,
)
from tympan.data.table import Supervision
from tympan.errors import DataError

_NONE = "<NA>"
# What says something about a stretch of time and is neither speech nor a word.
_OTHER_TYPES = frozenset(("NON-SPEECH", "NON-LEX", "FILLER", "A/P", "SU", "IP", "CB"))
_WITHOUT_TIME = frozenset(("SPKR-INFO", "NOSCORE", "NO_RT_METADATA", "SEGMENT"))


def read_rttm(path: str | Path, recording: str | None = None) -> tuple[Supervision, ...]:
    """Read the turns of one recording.

    Args:
        path: the file.
        recording: its name in the file; None: the only one that is in it.

    Returns:
        `SPEAKER` lines as supervisions with a speaker, `LEXEME` lines as text, others by their
        subtype as label; in order of time.

    Raises:
        DataError: it is no RTTM, with the line; or it holds several recordings and none was named.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.rttm"
    >>> _ = path.write_text("SPEAKER a 1 0.5 1.25 <NA> <NA> anna <NA> <NA>\\n")
    >>> [(one.start_s, one.end_s, one.speaker) for one in read_rttm(path)]
    [(0.5, 1.75, 'anna')]
    """
    found = read_rttm_recordings(path)
    if recording is not None:
        return found.get(recording, ())
    if len(found) > 1:
        names = ", ".join(sorted(found)[:5])
        raise DataError(f"is about {len(found)} recordings: {names}", file=path, fix="name one")
    return next(iter(found.values()), ())


def read_rttm_recordings(path: str | Path) -> dict[str, tuple[Supervision, ...]]:
    """Read the turns of all recordings in a file, by the recording's name.

    Raises:
        DataError: it is no RTTM, with the line.
    """
    path = Path(path)
    found: dict[str, list[Supervision]] = defaultdict(list)
    for line, content in numbered_lines(path):
        cells = content.split()
        kind = cells[0].upper()
        if kind.startswith((";", "#")) or kind in _WITHOUT_TIME:
            continue
        if kind not in _OTHER_TYPES and kind not in ("SPEAKER", "LEXEME"):
            raise wrong(path, line, f"begins with {cells[0][:24]!r}, which is no type of RTTM")
        if len(cells) < 8:
            what = f"has {len(cells)} fields, RTTM has nine or ten"
            raise wrong(path, line, what, "TYPE file channel start duration word subtype name")
        try:
            start_s, length_s = times("0", cells[3])[1], times("0", cells[4])[1]
        except ValueError:
            what = f"has start {cells[3][:24]!r} and duration {cells[4][:24]!r}, which are no times"
            raise wrong(path, line, what) from None
        word, subtype, name = ("" if c == _NONE else c for c in cells[5:8])
        found[cells[1]].append(
            Supervision(
                start_s,
                start_s + length_s,
                label=(subtype or kind.lower()) if kind in _OTHER_TYPES else "",
                text=word if kind == "LEXEME" else "",
                speaker=name,
            )
        )
    return {name: in_order(items) for name, items in found.items()}


def write_rttm(
    path: str | Path,
    supervisions: Iterable[Supervision] | Mapping[str, Iterable[Supervision]],
    *,
    recording: str | None = None,
) -> Path:
    """Write turns as `SPEAKER` lines; times to a thousandth of a second.

    The name is the speaker, else the label; blanks in it become `_`. Text is not kept.

    Args:
        path: the file, `.rttm`.
        supervisions: those of one recording, or of each by its name.
        recording: the name of that one; default the file's own without ending.

    Raises:
        ArgumentError: times that cannot be written.
    """
    if not isinstance(supervisions, Mapping):
        supervisions = {recording or Path(path).stem: supervisions}
    lines = []
    for file, items in supervisions.items():
        for one in check(items):
            start_s = round(one.start_s, 3)
            length_s = max(0.0, round(one.end_s, 3) - start_s)
            name = _field(one.speaker or words_of(one))
            lines.append(
                f"SPEAKER {_field(file)} 1 {start_s:.3f} {length_s:.3f} <NA> <NA> {name} <NA> <NA>"
            )
    return write_text(path, lines)


def _field(text: str) -> str:
    return "_".join(text.split()) or _NONE

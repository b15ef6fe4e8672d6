"""Label tracks of Audacity: start, end and label, separated by tabs.

A line of a backslash, a low and a high frequency may follow a label drawn in the spectrogram.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tympan.data._text import band, times
from tympan.data.annotations._common import (
    check,
    in_order,
    numbered_lines,
    one_line,
    words_of,
    write_text,
    wrong,
)
from tympan.data.table import Supervision


def read_audacity(path: str | Path) -> tuple[Supervision, ...]:
    """Read an exported label track (`.txt`); an empty one holds no labels.

    Args:
        path: the file.

    Returns:
        One supervision for each label, in order of time; a point has no length.

    Raises:
        DataError: it is no label track, with the line.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.txt"
    >>> _ = path.write_text("0.5\\t1.5\\tdog\\n\\\\\\t200.0\\t4000.0\\n")
    >>> read_audacity(path)[0].high_hz
    4000.0
    """
    path = Path(path)
    found: list[tuple[float, float, str]] = []
    bands: list[tuple[float | None, float | None]] = []
    for line, content in numbered_lines(path):
        cells = content.split("\t")
        try:
            if cells[0].strip() == "\\":
                if len(found) == len(bands):
                    raise ValueError("has frequencies, but no label stands before it")
                bands.append(band(*[*cells[1:3], "", ""][:2]))
                continue
            if len(cells) < 2:
                raise ValueError("is no label (start, tab, end, tab, label)")
            bands += [(None, None)] * (len(found) - len(bands))
            found.append((*times(cells[0], cells[1]), one_line("\t".join(cells[2:]))))
        except ValueError as error:
            raise wrong(path, line, str(error)) from None
    bands += [(None, None)] * (len(found) - len(bands))
    return in_order(
        Supervision(start_s, end_s, label=label, low_hz=low_hz, high_hz=high_hz)
        for (start_s, end_s, label), (low_hz, high_hz) in zip(found, bands, strict=True)
    )


def write_audacity(path: str | Path, supervisions: Iterable[Supervision]) -> Path:
    """Write a label track that Audacity imports; times to a millionth of a second.

    The label stands there, else the text, else the speaker; line breaks and tabs become spaces.

    Args:
        path: the file, `.txt`.
        supervisions: what to write.

    Raises:
        ArgumentError: times that cannot be written.
    """
    lines = []
    for one in check(supervisions):
        lines.append(f"{one.start_s:.6f}\t{one.end_s:.6f}\t{one_line(words_of(one))}")
        if one.low_hz is not None or one.high_hz is not None:
            low, high = (-1.0 if f is None else f for f in (one.low_hz, one.high_hz))
            lines.append(f"\\\t{low:.6f}\t{high:.6f}")
    return write_text(path, lines)

"""AudioSet: `balanced_train_segments.csv`, `eval_segments.csv` and `class_labels_indices.csv`.

J. Gemmeke et al., *Audio Set: An ontology and human-labeled dataset for audio events*, ICASSP 2017.
The tables name ten seconds of a video each, with codes of classes; the recordings are called
`YTID.wav`, `YYTID.wav`, or with the start behind it: `YTID_30.000.wav`, `YTID_30000.wav`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tympan.data.sets.common import Rows, cell, columns_of, counted, first_named, lines_of, row
from tympan.errors import DataError

NAME = "AudioSet"
_SETS = {
    "balanced_train_segments.csv": "train",
    "unbalanced_train_segments.csv": "train",
    "eval_segments.csv": "test",
}
# The name of a video has eleven letters; what follows is its start in seconds or milliseconds.
_FILE = re.compile(r"Y?(?P<video>[\w-]{11})(?:_(?P<start>\d+(?:\.\d+)?)(?:_\d+(?:\.\d+)?)?)?")


def find(root: Path, files: Sequence[Path]) -> Path | None:
    """The table of the names of classes, if there is a table of segments."""
    if first_named(files, *_SETS) is None:
        return None
    names = first_named(files, "class_labels_indices.csv")
    if names is None:
        what = "has the segments of AudioSet, and not the names of their classes"
        raise DataError(what, file=root, fix="put class_labels_indices.csv beside them")
    return names


def read(root: Path, mark: Path, audio: Sequence[Path]) -> Rows:
    """The recordings with the names of their classes; the video is their source."""
    from tympan._walk import walk

    words = _words(mark)
    tables = [path for path in walk(root) if path.name in _SETS]
    files = _by_video(audio)
    examples, taken = [], set[Path]()
    for table in tables:
        for line, cells in lines_of(table, comment="#"):
            video, start = cell(table, line, cells, 0), cell(table, line, cells, 1)
            path = _recording(files.get(video, ()), table, line, start)
            if path is None or path in taken:
                continue
            taken.add(path)
            codes = [one.strip() for one in cell(table, line, cells, 3).split(",") if one.strip()]
            unknown = [one for one in codes if one not in words]
            if unknown:
                what = f"line {line} has the class {unknown[0]!r}, which {mark.name} does not name"
                raise DataError(what, file=table)
            columns = {"source": video, "split": _SETS[table.name]}
            examples.append(row(path, [words[one] for one in codes], columns))
    if len({one.columns["split"] for one in examples}) < 2:
        examples = [row(e.path, e.tags, {"source": e.columns["source"]}) for e in examples]
        how = "videos are kept apart"
    else:
        how = "its evaluation set is the test set"
    return Rows(examples, f"{counted(examples, 'videos')}; {how}")


def _words(path: Path) -> dict[str, str]:
    """The name of each class by its code."""
    lines = lines_of(path)
    _, header = next(lines, (1, []))
    code, name = columns_of(path, header, "mid", "display_name")
    return {cell(path, line, cells, code): cell(path, line, cells, name) for line, cells in lines}


def _by_video(audio: Sequence[Path]) -> dict[str, list[tuple[str, Path]]]:
    """The start (as it is written) and path of each recording, by its video."""
    found: dict[str, list[tuple[str, Path]]] = {}
    for path in audio:
        # With eleven letters there is no doubt about a Y before them.
        named = _FILE.fullmatch(path.stem)
        if named:
            found.setdefault(named["video"], []).append((named["start"] or "", path))
    return found


def _recording(
    found: Sequence[tuple[str, Path]], table: Path, line: int, start: str
) -> Path | None:
    """The recording that begins there; one without a start in its name will do."""
    try:
        start_s = float(start)
    except ValueError:
        what = f"line {line} has the start {start[:20]!r}, which is no time"
        raise DataError(what, file=table) from None
    for written, path in found:
        if not written or float(written) in (start_s, 1000 * start_s):
            return path
    return None

"""MusicNet: `train_data/1727.wav`, `train_labels/1727.csv`, and the same of `test_`.

J. Thickstun, Z. Harchaoui, S. Kakade, *Learning features of music from scratch*, ICLR 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tympan.data.sets.common import Rows
from tympan.data.table import Example

NAME = "MusicNet"
_LABELS, _DATA = "_labels", "_data"
_HEAD = "start_time,end_time,instrument,note"


def find(root: Path, files: Sequence[Path]) -> Path | None:
    """The first table of notes, in samples of 44.1 kHz."""
    for path in files:
        if path.suffix.lower() == ".csv" and path.parent.name.endswith(_LABELS):
            with path.open(encoding="utf-8", errors="replace") as file:
                if file.readline().startswith(_HEAD):
                    return path
    return None


def read(root: Path, mark: Path, audio: Sequence[Path]) -> Rows:
    """Each recording with its notes, in the set that its folder says."""
    examples, tables = [], 0
    for path in audio:
        if not path.parent.name.endswith(_DATA):
            continue
        split = path.parent.name.removesuffix(_DATA)
        score = path.parent.parent / f"{split}{_LABELS}" / f"{path.stem}.csv"
        if score.is_file():
            tables += 1
            columns = {"source": path.stem, "split": split}
            examples.append(Example({"audio": path, "midi": score}, columns))
    return Rows(examples, f"{len(examples)} recordings with their notes (CSV)", tables=tables)

"""FSD50K: `FSD50K.ground_truth/dev.csv` and `eval.csv`, `FSD50K.dev_audio/` and `.eval_audio/`.

E. Fonseca et al., *FSD50K: an open dataset of human-labeled sound events*, 2020. Labels are words
joined by underscores; the development set says itself what is for training and for validation.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tympan.data.sets.common import Rows, cell, columns_of, counted, first_named, lines_of, row

NAME = "FSD50K"
_PLACE = "ground_truth"


def find(root: Path, files: Sequence[Path]) -> Path | None:
    """`dev.csv` or `eval.csv` in a folder of the ground truth."""
    places = [path for path in files if path.parent.name.endswith(_PLACE)]
    found = first_named(places, "dev.csv") or first_named(places, "eval.csv")
    if found is None:
        return None
    _, header = next(lines_of(found), (1, []))
    return found if {"fname", "labels", "mids"} <= set(header) else None


def read(root: Path, mark: Path, audio: Sequence[Path]) -> Rows:
    """The clips with their classes and the official split."""
    examples = []
    for name in ("dev", "eval"):
        table = mark.with_name(f"{name}.csv")
        if not table.is_file():
            continue
        # Numbers of clips may come again in the other set, so its own folder counts.
        files = {p.stem: p for p in audio if p.parent.name.endswith(f"{name}_audio")}
        lines = lines_of(table)
        _, header = next(lines, (1, []))
        number, labels = columns_of(table, header, "fname", "labels")
        split = header.index("split") if "split" in header else None
        for line, cells in lines:
            path = files.get(cell(table, line, cells, number).removesuffix(".wav"))
            if path is None:
                continue
            words = [one.replace("_", " ") for one in cell(table, line, cells, labels).split(",")]
            own = cell(table, line, cells, split) if split is not None else "train"
            columns = {"split": "test" if name == "eval" else own}
            examples.append(row(path, filter(str.strip, words), columns))
    sets = {one.columns["split"] for one in examples}
    how = "its split is used"
    if "train" not in sets or len(sets) < 2:
        examples = [row(e.path, e.tags, {}) for e in examples]
        how = "it is split anew (only one of its sets is here)"
    return Rows(examples, f"{counted(examples)}; {how}")

"""What the sub-folders of a folder mean: labels, splits, or a data set of machine sounds."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tympan._walk import walk
from tympan.data import tables
from tympan.data._formats import SPLIT_NAMES
from tympan.data._walk import folders, is_audio, is_score
from tympan.data.table import Example, Table, recording
from tympan.errors import DataError

NORMAL = frozenset(("normal",))
ABNORMAL = frozenset(("abnormal", "anomaly", "anomalous", "anomalies"))
# normal_id_02_00000003.wav, section_00_source_train_normal_0000_strength_1_ambient.wav
_STATE = re.compile(r"(?:^|_)(normal|anomaly|anomalous|abnormal)(?:_|$)", re.IGNORECASE)
_MACHINE = re.compile(r"(?:^|_)((?:id|section)_\d+)(?:_|$)", re.IGNORECASE)


def split_folders(root: Path) -> list[Path]:
    """The folders of the splits; none if the sub-folders are labels.

    Raises:
        DataError: there are several splits, and recordings in a folder beside them.
    """
    tops = folders(root)
    if not any(p.name.lower() in SPLIT_NAMES for p in tops):
        return []
    filled = [p for p in tops if tables.metadata_file(p) or any(map(_is_content, walk(p)))]
    splits = [p for p in filled if p.name.lower() in SPLIT_NAMES]
    odd = [p for p in filled if p not in splits]
    several = len({SPLIT_NAMES[p.name.lower()] for p in splits}) > 1
    # Recordings loose in train/ and test/, with nothing beside them, are no labels either.
    if not (all(map(_is_split, splits)) or (several and not odd)):
        return []
    if not odd:
        return splits
    # One such name alone may well be a label: trains and ships.
    if several:
        raise DataError(
            f"holds recordings in {odd[0].name}/ beside the splits "
            f"{', '.join(f'{p.name}/' for p in splits)}",
            file=root,
            fix=f"move {odd[0].name}/ away or into a split; rename the others if they are labels",
        )
    return []


def _is_split(top: Path) -> bool:
    """`train/` is a split if labels or a metadata file lie in it, not recordings."""
    return tables.metadata_file(top) is not None or bool(folders(top))


def _is_content(path: Path) -> bool:
    return is_audio(path) or is_score(path)


def read_labels(root: Path, files: Sequence[Path]) -> Table:
    """The recordings of a folder, or its scores if it has no recordings; sub-folders are labels.

    Args:
        root: the folder.
        files: all its files.
    """
    audio = [path for path in files if is_audio(path)]
    if audio:
        rows = monitor_rows(root, audio)
        if rows is not None:
            origin = "the names of files and folders"
            return Table(root, tuple(rows), len(files) - len(rows), origin=origin)
        found = [(path, recording(path)) for path in audio]
    else:
        found = [(path, Example({"midi": path})) for path in _scores(files)]
    labelled = []
    for path, one in found:
        if path.parent != root:
            label = unicodedata.normalize("NFC", path.relative_to(root).parts[0])
            labelled.append(Example(one.files, {"label": label}))
    # A recording beside the label folders has no label.
    rows = labelled or [one for _, one in found]
    origin = "sub-folders" if labelled else "one folder"
    return Table(root, tuple(rows), len(files) - len(rows), origin=origin)


def _scores(files: Sequence[Path]) -> list[Path]:
    """The scores; of one in several formats (`a.mid`, `a.abc`) the MIDI file."""
    found: dict[Path, Path] = {}
    for path in files:
        if is_score(path) and (path.suffix.lower() != ".abc" or path.with_suffix("") not in found):
            found[path.with_suffix("")] = path
    return sorted(found.values())


def monitor_rows(root: Path, audio: Sequence[Path]) -> list[Example] | None:
    """The recordings, if folder and names are those of a data set of normal and faulty machines.

    Those of DCASE's task 2 (`train/normal_id_02_0001.wav`, `section_00_source_test_anomaly_…`) and
    of MIMII (`id_02/abnormal/0001.wav`); the columns are `label`, `machine`, and `split` where all
    files have one.

    Returns:
        The rows, or None if it is no such data set.
    """
    rows = []
    named = False
    for path in audio:
        inside = path.relative_to(root).parts[:-1]
        state = _STATE.search(path.stem)
        deep = [part.lower() for part in inside[1:] if part.lower() in NORMAL | ABNORMAL]
        if state is None and not deep:
            return None
        machine = _MACHINE.search(path.stem)
        named = named or bool(deep) or (state is not None and machine is not None)
        label = state[1].lower() if state is not None else deep[0]
        split = next((SPLIT_NAMES[p.lower()] for p in inside if p.lower() in SPLIT_NAMES), "")
        places = [p for p in inside if p.lower() not in SPLIT_NAMES.keys() | NORMAL | ABNORMAL]
        if machine is not None:
            places.append(machine[1].lower())
        columns = {"label": label, "machine": " ".join(places), "split": split}
        rows.append(recording(path, {k: v for k, v in columns.items() if v}))
    if not named:
        return None
    if all("split" in one.columns for one in rows):
        return rows
    return [recording(e.path, {k: v for k, v in e.columns.items() if k != "split"}) for e in rows]


def doubtful_labels(root: Path, table: Table) -> list[str]:
    """Warnings about sub-folders that may not be the labels that were meant.

    Args:
        root: the folder.
        table: its recordings, labelled by their sub-folders.
    """
    found = []
    empty = [p.name for p in folders(root) if not any(map(_is_content, walk(p)))]
    if empty:
        names = ", ".join(f"{name}/" for name in empty[:5]) + (" …" if len(empty) > 5 else "")
        found.append(f"warning: sub-folders without recordings are no labels: {names}")
    below: dict[str, set[str]] = {}
    for path in table.paths:
        top, *inner = path.relative_to(root).parts[:-1]
        below.setdefault(top, set()).add(inner[0] if inner else "")
    tops = sorted(below)
    count = Counter(name for inner in below.values() for name in inner)
    shared = sorted(name for name, n in count.items() if n > 1)
    if "" not in count and 2 * len(shared) >= len(count):
        found.append(
            f"warning: the labels are the outer sub-folders ({', '.join(tops[:3])}), and inside "
            f"them the same names come again ({', '.join(shared[:3])}); if those are the labels, "
            f"turn the folders round ({shared[0]}/{tops[0]}) or write a metadata.csv"
        )
    return found

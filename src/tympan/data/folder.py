"""Read a folder of recordings in Hugging Face's AudioFolder layout.

Either one sub-folder for each label, or a `metadata.csv` / `metadata.jsonl` with a `file_name`
column and any others.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from tympan.data import metadata
from tympan.data._formats import AUDIO_SUFFIXES, MAGIC, OTHER_SUFFIXES
from tympan.data.table import Example, Table, recording
from tympan.errors import DataError

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "evaluation": "test",
}


def read_folder(folder: str | os.PathLike[str]) -> Table:
    """Find the recordings of a folder and what they are.

    With a `metadata.csv` or `metadata.jsonl`, the rows are the examples. Without one, each
    sub-folder is a label and holds its recordings at any depth; sub-folders named `train`, `val`,
    `test` are splits and hold the label folders or a metadata file each; a folder without
    recordings may lie beside them.
    Recordings directly in the folder, with no sub-folder, are examples without a label. Hidden
    files are passed over; files that are not audio are counted in `Table.ignored`.

    Args:
        folder: the folder. Symbolic links are followed, loops and all.

    Returns:
        The table, ordered by the metadata file or by name.

    Raises:
        DataError: no such folder, no recordings in it, a metadata file that is wrong, or a folder
            of recordings beside those of the splits.

    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> for label in ("cat", "dog"):
    ...     (root / label).mkdir()
    ...     _ = (root / label / "1.wav").write_bytes(b"RIFF....WAVE")
    >>> read_folder(root).column("label")
    ['cat', 'dog']
    """
    root = Path(folder)
    if not root.exists():
        raise DataError("does not exist", file=root, fix="check the folder's name")
    if not root.is_dir():
        raise DataError("is a file, not a folder", file=root, fix="give the folder it lies in")
    try:
        table = _read(root)
    except PermissionError as error:
        raise DataError("cannot be read: permission denied", file=error.filename or root) from error
    if not table.examples:
        found = f": {table.ignored} other files" if table.ignored else " at all"
        raise DataError(
            f"holds no recordings{found}" if table.ignored else "holds no files at all",
            file=root,
            fix="put sound files into one sub-folder for each label, or add a metadata.csv",
        )
    return table


def _read(root: Path) -> Table:
    listed = metadata.find(root)
    if listed is not None:
        examples, unlabelled = metadata.read(listed, root)
        named = {os.path.normpath(e.path) for e in examples}
        others = sum(os.path.normpath(p) not in named and p != listed for p in _walk(root))
        return Table(root, examples, others, unlabelled, origin=listed.name)
    tops = _split_folders(root)
    return _read_splits(root, tops) if tops else _read_labels(root)


def _split_folders(root: Path) -> list[Path]:
    """The folders of the splits; none if the sub-folders are labels.

    Raises:
        DataError: there are several splits, and recordings in a folder beside them.
    """
    folders = sorted(p for p in root.iterdir() if p.is_dir() and not _is_hidden(p))
    if not any(p.name.lower() in SPLIT_NAMES for p in folders):
        return []
    filled = [p for p in folders if metadata.find(p) or any(map(is_audio, _walk(p)))]
    splits = [p for p in filled if p.name.lower() in SPLIT_NAMES]
    odd = [p for p in filled if p not in splits]
    if not all(map(_looks_split, splits)):
        return []
    if not odd:
        return splits
    # One such name alone may well be a label: trains and ships.
    if len({SPLIT_NAMES[p.name.lower()] for p in splits}) > 1:
        raise DataError(
            f"holds recordings in {odd[0].name}/ beside the splits "
            f"{', '.join(f'{p.name}/' for p in splits)}",
            file=root,
            fix=f"move {odd[0].name}/ away or into a split; rename the others if they are labels",
        )
    return []


def _looks_split(top: Path) -> bool:
    """`train/` is a split if labels or a metadata file lie in it, not recordings."""
    return metadata.find(top) is not None or any(
        p.is_dir() and not _is_hidden(p) for p in top.iterdir()
    )


def _read_splits(root: Path, tops: list[Path]) -> Table:
    examples: list[Example] = []
    inside = {path for top in tops for path in _walk(top)}
    ignored, unlabelled, origin = sum(p not in inside for p in _walk(root)), 0, "sub-folders"
    for top in tops:
        part = _read(top)
        split = SPLIT_NAMES[top.name.lower()]
        examples += [recording(e.path, {**e.columns, "split": split}) for e in part]
        ignored += part.ignored
        unlabelled += part.unlabelled
        origin = part.origin
    return Table(root, tuple(examples), ignored, unlabelled, origin)


def _read_labels(root: Path) -> Table:
    loose: list[Path] = []
    labelled: list[Example] = []
    ignored = 0
    for path in _walk(root):
        if not is_audio(path):
            ignored += 1
        elif path.parent == root:
            loose.append(path)
        else:
            label = unicodedata.normalize("NFC", path.relative_to(root).parts[0])
            labelled.append(recording(path, {"label": label}))
    if labelled:  # a recording beside the label folders has no label
        return Table(root, tuple(labelled), ignored=ignored + len(loose))
    return Table(root, tuple(recording(p) for p in loose), ignored=ignored, origin="one folder")


def is_audio(path: Path) -> bool:
    """Whether a file is worth opening as audio: by its suffix, else by its first bytes."""
    suffix = path.suffix.lower()
    if suffix in AUDIO_SUFFIXES:
        return True
    if suffix in OTHER_SUFFIXES or not path.is_file():
        return False
    with path.open("rb") as file:
        return MAGIC.match(file.read(16)) is not None


def _is_hidden(path: Path) -> bool:
    # "__MACOSX" and "._x" are what macOS leaves in archives.
    return path.name.startswith(".") or path.name == "__MACOSX"


def _walk(root: Path) -> Iterator[Path]:
    """Every visible file below a folder, sorted, entering each real directory once."""
    seen: set[tuple[int, int]] = set()

    def visit(folder: Path) -> Iterator[Path]:
        stat = folder.stat()
        if (stat.st_dev, stat.st_ino) in seen:
            return
        seen.add((stat.st_dev, stat.st_ino))
        for entry in sorted(folder.iterdir()):
            if _is_hidden(entry):
                continue
            if entry.is_dir():
                yield from visit(entry)
            elif entry.is_file():
                yield entry

    yield from visit(root)

"""Read a folder of recordings in Hugging Face's AudioFolder layout, and in others like it.

Either one sub-folder for each label, or a `metadata.csv` / `metadata.jsonl` with a `file_name`
column and any others.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tympan._walk import walk
from tympan.data import layouts, metadata
from tympan.data._formats import SPLIT_NAMES, TABLE_SUFFIXES
from tympan.data.known_sets import read_known_set
from tympan.data.labels import label_warnings
from tympan.data.sets import ljspeech
from tympan.data.sidecars import add_sidecars
from tympan.data.table import Example, Table
from tympan.data.tables import find_tables, metadata_file
from tympan.errors import DataError


@dataclass(frozen=True)
class _Choice:
    """What the user says about the table."""

    metadata: Path | None = None
    file_column: str | None = None
    label_column: str | None = None


def read_folder(
    folder: str | os.PathLike[str] | None = None,
    *,
    metadata: str | os.PathLike[str] | None = None,
    file_column: str | None = None,
    label_column: str | None = None,
) -> Table:
    """Find the recordings of a folder and what they are.

    **With a table** (`metadata.csv`, `metadata.jsonl`, `labels.csv`, the only CSV or TSV there is)
    its rows are the examples. Columns are known by their usual names (`file_name`, `path` …;
    `label`, `category`, `class` …). Rows with `start_s,end_s,label` are events: one example for
    each recording, with its supervisions. `mixture` and columns of other sound files are the
    sources of a mixture; `audio` and `midi` a recording and its score.

    **Without one**, each sub-folder is a label and holds its recordings at any depth; sub-folders
    named `train`, `val`, `test` are splits and hold the label folders or a table each; a folder
    without recordings may lie beside them. Recordings directly in the folder, with no sub-folder,
    are examples without a label. A folder of scores alone (`.mid`, `.abc`) gives scores.

    **Public data sets** (GTZAN, FMA, MagnaTagATune, MTG-Jamendo, AudioSet, FSD50K, Common
    Voice, LJSpeech, M-AILABS) are read in the
    folders that their authors give out, see `tympan.data.known_sets`.

    **Beside a recording** may lie its score and an annotation of the same name: CSV, RTTM, Audacity
    labels, a Raven table, TextGrid, SRT, WebVTT.

    Hidden files are passed over; files that are not used are counted in `Table.ignored`. What was
    taken for what is in `Table.notes`, what is probably wrong in `Table.warnings`.

    Args:
        folder: the folder. Symbolic links are followed, loops and all. A table alone, or none but
            `metadata`: the table's folder.
        metadata: the table, which may lie elsewhere, and then may name files outside the folder.
        file_column: the column of file names.
        label_column: the column of labels.

    Returns:
        The table, ordered by the metadata file or by name.

    Raises:
        DataError: no such folder, no recordings in it, a table that is wrong, or a folder of
            recordings beside those of the splits.

    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> for label in ("cat", "dog"):
    ...     (root / label).mkdir()
    ...     _ = (root / label / "1.wav").write_bytes(b"RIFF....WAVE")
    >>> read_folder(root).column("label")
    ['cat', 'dog']
    """
    root, listed = _places(folder, metadata)
    try:
        table = _read(root, _Choice(listed, file_column, label_column))
    except PermissionError as error:
        raise DataError("cannot be read: permission denied", file=error.filename or root) from error
    if not table.examples:
        found = f": {table.ignored} other files" if table.ignored else " at all"
        raise DataError(
            f"holds no recordings{found}" if table.ignored else "holds no files at all",
            file=root,
            fix="put sound files into one sub-folder for each label, or add a metadata.csv",
        )
    return replace(table, warnings=(*table.warnings, *label_warnings(table)))


def _places(
    folder: str | os.PathLike[str] | None, metadata: str | os.PathLike[str] | None
) -> tuple[Path, Path | None]:
    """The folder of the recordings, and the table that the user named."""
    listed = None if metadata is None else Path(metadata)
    root = Path(folder) if folder is not None else None
    if root is not None and listed is None and _is_table(root):
        root, listed = None, root
    if listed is not None and not listed.is_file():
        raise DataError("does not exist", file=listed, fix="check the name of the table")
    if root is None:
        if listed is None:
            raise DataError("no recordings are given", fix="name their folder, or their table")
        return listed.parent, listed
    if not root.exists():
        raise DataError("does not exist", file=root, fix="check the folder's name")
    if not root.is_dir():
        raise DataError("is a file, not a folder", file=root, fix="give the folder it lies in")
    return root, listed


def _is_table(path: Path) -> bool:
    return path.suffix.lower() in TABLE_SUFFIXES and path.is_file()


def _read(root: Path, choice: _Choice) -> Table:
    files = list(walk(root))
    if choice.metadata is not None:
        table = _read_table(root, choice.metadata, choice, chosen=True)
        return _beside(table, files, [choice.metadata])
    plain = not metadata_file(root) or ljspeech.find(root, files) is not None
    if choice.file_column is None and choice.label_column is None and plain:
        known = read_known_set(root, files)
        if known is not None:
            return known
    found = find_tables(root, files)
    if found.paths:
        parts = [(path, _read_table(root, path, choice)) for path in found.paths]
        table = parts[0][1] if len(parts) == 1 else _join(root, parts)
    else:
        tops = layouts.split_folders(root)
        if tops:
            return _read_splits(root, tops, files, choice)
        for column in (choice.file_column, choice.label_column):
            if column is not None:
                what = f"has no table with a column {column!r}"
                raise DataError(what, file=root, fix="name the table with --metadata")
        table = layouts.read_labels(root, files)
        if table.origin == "sub-folders":
            table = replace(table, warnings=tuple(layouts.doubtful_labels(root, table)))
    return _beside(replace(table, notes=(*table.notes, *found.notes)), files, found.paths)


def _read_splits(root: Path, tops: Sequence[Path], files: Sequence[Path], choice: _Choice) -> Table:
    parts = [(top, _read(top, choice)) for top in tops]
    inside = {path for top in tops for path in walk(top)}
    ignored = sum(table.ignored for _, table in parts) + sum(path not in inside for path in files)
    return replace(_join(root, parts), ignored=ignored)


def _read_table(root: Path, path: Path, choice: _Choice, chosen: bool = False) -> Table:
    listed = metadata.read(
        path,
        root,
        chosen=chosen,
        file_column=choice.file_column,
        label_column=choice.label_column,
    )
    return Table(
        root,
        listed.examples,
        unlabelled=listed.unlabelled,
        origin=path.name,
        notes=listed.notes,
        warnings=listed.warnings,
        named=path if chosen else None,
    )


def _join(root: Path, parts: Sequence[tuple[Path, Table]]) -> Table:
    """The tables of several splits as one; if some have labels, rows without one are left out."""
    examples: list[Example] = []
    labelled = any(table.labels for _, table in parts)
    unlabelled = 0
    for place, table in parts:
        split = SPLIT_NAMES[(place.name if place.is_dir() else place.stem).lower()]
        kept = [e for e in table if e.label or e.supervisions or not labelled]
        unlabelled += table.unlabelled + len(table) - len(kept)
        examples += [replace(e, columns={**e.columns, "split": split}) for e in kept]
    return Table(
        root,
        tuple(examples),
        unlabelled=unlabelled,
        origin=parts[-1][1].origin,
        notes=tuple(dict.fromkeys(note for _, table in parts for note in table.notes)),
        warnings=tuple(dict.fromkeys(w for _, table in parts for w in table.warnings)),
    )


def _beside(table: Table, files: Sequence[Path], tables: Iterable[Path]) -> Table:
    """The table with what lies beside its recordings, and the files that are in none of its rows.

    Args:
        table: the recordings.
        files: all files of the folder.
        tables: those that the recordings were read from.
    """
    found = add_sidecars(table.root, table.examples, files)
    examples = found.examples
    annotated = any(e.supervisions for e in examples)
    if annotated and table.origin == "sub-folders" and len(table.labels) == 1:
        # The one folder of the recordings (audio/) is no label beside their annotations.
        bare = [{k: v for k, v in e.columns.items() if k != "label"} for e in examples]
        examples = tuple(replace(e, columns=c) for e, c in zip(examples, bare, strict=True))
    named = {path for e in examples for path in e.files.values()}
    taken = set(map(os.path.normpath, {*named, *found.used, *tables}))
    return replace(
        table,
        examples=examples,
        ignored=sum(os.path.normpath(path) not in taken for path in files),
        notes=(*table.notes, *found.notes),
        warnings=(*table.warnings, *found.warnings),
    )

"""Find the table that says what the recordings of a folder are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tympan.data._formats import TABLE_SUFFIXES
from tympan.data._walk import folders, is_audio, is_score
from tympan.data.columns import SYNONYMS, find_column, names_events
from tympan.data.rows import read_names
from tympan.errors import DataError

METADATA = ("metadata.csv", "metadata.jsonl", "metadata.tsv")
# A table of such a name is meant, even where sub-folders could be labels.
_NAMES = frozenset(("metadata", "labels", "label", "annotations", "index"))
# Where tables are kept beside the recordings.
_PLACES = frozenset(("meta", "metadata", "annotations", "labels", "csv", "tables"))
# Sub-folders that are no labels: fold1, part_02 …
_PORTION = re.compile(r"(fold|part|batch|chunk|cd|disc)[ _-]?\d+", re.IGNORECASE)
# What a table must say about its files to be of use.
_USEFUL = ("label", "text", "speaker", "mixture", "midi", "annotation", "split", "fold")


@dataclass(frozen=True)
class Found:
    """The tables of a folder.

    Attributes:
        paths: one; or several, each for one split.
        notes: sentences about tables that are not used.
    """

    paths: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()


def metadata_file(root: Path) -> Path | None:
    """The folder's `metadata.csv`, `.jsonl` or `.tsv`, or None.

    Raises:
        DataError: there are two.
    """
    found = [root / name for name in METADATA if (root / name).is_file()]
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise DataError(f"holds both {names}", file=root, fix="keep one of them")
    return found[0] if found else None


def find_tables(root: Path, files: Sequence[Path]) -> Found:
    """The tables that say what the recordings are.

    `metadata.csv`, `.jsonl` or `.tsv` comes first. Else a table of another name counts if it has a
    column of file names and another that says something about them: `labels.csv` always, any
    other if it is the only one and the sub-folders are no labels; several that are named like
    splits (`train.csv`, `test.csv`) each for its split.

    Args:
        root: the folder.
        files: all its files.

    Raises:
        DataError: several tables could be meant.
    """
    listed = metadata_file(root)
    if listed is not None:
        return Found((listed,))
    from tympan.data._formats import SPLIT_NAMES

    useful, notes = _candidates(root, files)
    named = [path for path in useful if path.stem.lower() in _NAMES]
    splits = [path for path in useful if path.stem.lower() in SPLIT_NAMES]
    if len(named) == 1:
        return Found((named[0],), tuple(notes))
    if len({SPLIT_NAMES[path.stem.lower()] for path in splits}) > 1:
        return Found(tuple(splits), tuple(notes))
    if _has_label_folders(root, files):
        some = ", ".join(path.relative_to(root).as_posix() for path in useful[:3])
        if some:
            notes.append(f"{some} is not used, the sub-folders are labels (--metadata takes it)")
        return Found((), tuple(notes))
    if len(useful) > 1:
        some = ", ".join(path.relative_to(root).as_posix() for path in useful[:5])
        fix = "name one with --metadata"
        raise DataError(f"holds several tables: {some}", file=root, fix=fix)
    return Found(tuple(useful), tuple(notes))


def _candidates(root: Path, files: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Tables in the folder or one for them in it, and notes about those that say nothing."""
    places = [root, *(p for p in folders(root) if p.name.lower() in _PLACES)]
    content = {(p.parent, p.stem) for p in files if is_audio(p) or is_score(p)}
    useful, notes = [], []
    for path in files:
        if path.parent not in places or path.suffix.lower() not in TABLE_SUFFIXES:
            continue
        if (path.parent, path.stem) in content:  # it is about that recording only
            continue
        names = read_names(path, lambda names: _says_files(names) or names_events(names))
        if _says_files(names) and _says_more(names):
            useful.append(path)
        elif any(name[:1].isalpha() for name in names):
            columns = ", ".join(names)[:120]
            notes.append(
                f"{path.relative_to(root).as_posix()} is not used: a column of files and one about "
                f"them are not found among {columns} (--file-column, --label-column)"
            )
    return useful, notes


def _says_files(names: Sequence[str]) -> bool:
    return any(find_column(names, n, SYNONYMS[n]) for n in ("file_name", "mixture", "midi"))


def _says_more(names: Sequence[str]) -> bool:
    return names_events(names) or any(find_column(names, n, SYNONYMS[n]) for n in _USEFUL)


def _has_label_folders(root: Path, files: Sequence[Path]) -> bool:
    """Whether recordings lie in several sub-folders that may be labels, and nowhere else."""
    tops = {p.relative_to(root).parts[0] for p in files if p.parent != root and is_audio(p)}
    loose = any(p.parent == root and is_audio(p) for p in files)
    return len(tops) > 1 and not loose and not all(map(_PORTION.fullmatch, tops))

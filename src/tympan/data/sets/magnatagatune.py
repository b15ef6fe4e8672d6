"""MagnaTagATune: `annotations_final.csv`, 188 columns of 0 and 1, and `clip_info_final.csv`.

E. Law et al., *Evaluation of algorithms using games: the case of music tagging*, ISMIR 2009. The
usual split is by the sixteen folders of the clips: `0` to `b` for training, `c` for validation, `d`
to `f` for the test (A. van den Oord et al., 2014); clips of one song lie in one folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tympan.data.sets.common import (
    Rows,
    cell,
    columns_of,
    counted,
    first_named,
    lines_of,
    row,
)
from tympan.errors import DataError

NAME = "MagnaTagATune"


def find(root: Path, files: Sequence[Path]) -> Path | None:
    """`annotations_final.csv`."""
    return first_named(files, "annotations_final.csv")


def read(root: Path, mark: Path, audio: Sequence[Path]) -> Rows:
    """The clips with the tags that apply, the artist, and the split by folders."""
    lines = lines_of(mark, "\t")
    _, header = next(lines, (1, []))
    number, name = columns_of(mark, header, "clip_id", "mp3_path")
    tags = [i for i in range(len(header)) if i not in (number, name)]
    artists = _artists(mark.with_name("clip_info_final.csv"))
    files = {"/".join(path.parts[-2:]): path for path in audio}
    examples, whole = [], True
    for line, cells in lines:
        place = cell(mark, line, cells, name)
        path = files.get(place)
        if path is None:
            continue
        said = [cell(mark, line, cells, i) for i in tags]
        if not set(said) <= {"0", "1"}:
            raise DataError(f"line {line} holds other tags than 0 and 1", file=mark)
        applies = [header[i] for i, one in zip(tags, said, strict=True) if one == "1"]
        split = _split(place)
        whole = whole and bool(split)
        source = artists.get(cell(mark, line, cells, number), "")
        examples.append(row(path, applies, {"source": source, "split": split}))
    # A part of the set may lack a fold; then artists are kept apart instead.
    sets = {one.columns.get("split") for one in examples}
    if not whole or not {"train", "test"} <= sets or _shares_artists(examples):
        how = "artists are kept apart (the split by folders has some on both sides, or lacks one)"
        examples = [row(e.path, e.tags, {"source": e.columns.get("source", "")}) for e in examples]
    else:
        how = "the split by folders is used (0 to b, c, d to f)"
    return Rows(examples, f"{counted(examples, 'artists')}; {how}")


def _shares_artists(examples: Sequence[object]) -> bool:
    where: dict[str, set[str]] = {}
    for one in examples:
        columns: dict[str, str] = dict(getattr(one, "columns"))  # noqa: B009
        if columns.get("source"):
            where.setdefault(columns["source"], set()).add(columns.get("split", ""))
    return any(len(sets) > 1 for sets in where.values())


def _split(place: str) -> str:
    """The set of a clip by its folder.

    >>> _split("f/american_bach_soloists-j_s_bach-01.mp3"), _split("c/x.mp3"), _split("b/x.mp3")
    ('test', 'val', 'train')
    """
    folder = place.partition("/")[0]
    if len(folder) != 1 or folder not in "0123456789abcdef":
        return ""
    return "test" if folder in "def" else "val" if folder == "c" else "train"


def _artists(path: Path) -> dict[str, str]:
    """The artist of each clip, by its number; none where the table is not there."""
    if not path.is_file():
        return {}
    lines = lines_of(path, "\t")
    _, header = next(lines, (1, []))
    number, artist = columns_of(path, header, "clip_id", "artist")
    return {
        cell(path, line, cells, number): cell(path, line, cells, artist) for line, cells in lines
    }

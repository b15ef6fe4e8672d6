"""FMA: `fma_small/000/000002.mp3` and `fma_metadata/tracks.csv`.

M. Defferrard et al., *FMA: A dataset for music analysis*, ISMIR 2017. The table has three header
lines: a group (`artist`, `set`, `track`), a name, and the name of the first column.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tympan._words import agrees, plural
from tympan.data.sets.common import Rows, by_stem, cell, counted, first_named, lines_of, row
from tympan.errors import DataError

NAME = "FMA"
_SPLITS = {"training": "train", "validation": "val", "test": "test"}


def find(root: Path, files: Sequence[Path]) -> Path | None:
    """`tracks.csv` with a header of groups."""
    path = first_named(files, "tracks.csv")
    if path is None:
        return None
    with path.open("rb") as file:
        first = file.readline(4096)
    return (
        path if {b"album", b"artist", b"set", b"track"} <= set(first.strip().split(b",")) else None
    )


def read(root: Path, mark: Path, audio: Sequence[Path]) -> Rows:
    """The recordings by their top genre, with artist and split."""
    lines = lines_of(mark)
    header = [cells for _, cells in zip(range(3), (cells for _, cells in lines), strict=False)]
    if len(header) < 3:
        raise DataError("has no three header lines", file=mark, fix="get the set again")
    names = list(zip(header[0], header[1], strict=False))
    wanted = (("artist", "id"), ("set", "split"), ("track", "genre_top"))
    for one in wanted:
        if one not in names:
            what = f"has no column {one[0]}, {one[1]}"
            raise DataError(what, file=mark, fix="get the set again")
    artist, split, genre = (names.index(one) for one in wanted)
    files, examples, without = by_stem(audio), [], 0
    for line, cells in lines:
        path = files.get(cell(mark, line, cells, 0).zfill(6))
        if path is None:
            continue
        label = cell(mark, line, cells, genre)
        if not label:
            without += 1
            continue
        columns = {
            "source": cell(mark, line, cells, artist),
            "split": _SPLITS.get(cell(mark, line, cells, split), ""),
        }
        examples.append(row(path, [label], columns))
    some = f"{plural(without, 'recording')} without a top genre {agrees(without)} left out"
    notes = (some,) if without else ()
    about = f"{counted(examples, 'artists')}; top genres are the labels, its split is used"
    return Rows(examples, about, notes)

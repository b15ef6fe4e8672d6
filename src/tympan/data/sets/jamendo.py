"""MTG-Jamendo: `autotagging.tsv` and `splits/split-0/autotagging-train.tsv`.

D. Bogdanov et al., *The MTG-Jamendo dataset for automatic music tagging*, 2019. A line has as many
tags as apply, each a category and a word: `genre---rock`, `instrument---guitar`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tympan.data.sets.common import Rows, cell, columns_of, counted, lines_of, row

NAME = "MTG-Jamendo"
_COLUMNS = ("TRACK_ID", "ARTIST_ID", "PATH", "TAGS")
_SETS = {"train": "train", "validation": "val", "test": "test"}


def find(root: Path, files: Sequence[Path]) -> Path | None:
    """A table `autotagging*.tsv` that lies in no folder of splits; the shortest name of several."""
    found = [
        path
        for path in files
        if path.name.startswith("autotagging") and path.suffix == ".tsv"
        and not path.parent.name.startswith("split")
    ]  # fmt: skip
    return min(found, key=lambda path: (len(path.name), path.name)) if found else None


def read(root: Path, mark: Path, audio: Sequence[Path]) -> Rows:
    """The tracks with the words of their tags, artist, and split 0 where it is there."""
    lines = lines_of(mark, "\t")
    _, header = next(lines, (1, []))
    track, artist, name, tags = columns_of(mark, header, *_COLUMNS)
    sets = _splits(mark)
    files: dict[str, Path] = {}
    for file in audio:  # `14/214.mp3`, or `14/214.low.mp3` of the small edition
        stem = file.name.removesuffix(file.suffix).removesuffix(".low")
        files.setdefault(f"{file.parent.name}/{stem}", file)
    examples = []
    for line, cells in lines:
        path = files.get(str(Path(cell(mark, line, cells, name)).with_suffix("")))
        if path is None:
            continue
        words = [one.rpartition("---")[2] for one in cells[tags:] if one.strip()]
        columns = {
            "source": cell(mark, line, cells, artist),
            "split": sets.get(cell(mark, line, cells, track), ""),
        }
        examples.append(row(path, words, columns))
    whole = bool(sets) and {e.columns.get("split") for e in examples} >= {"train", "test"}
    if whole:
        # A track that its split leaves out has tags that too few tracks have.
        examples = [one for one in examples if one.columns.get("split")]
        how = "its split 0 is used"
    else:
        examples = [row(e.path, e.tags, {"source": e.columns["source"]}) for e in examples]
        how = "artists are kept apart (its split 0 is not here)"
    return Rows(examples, f"{counted(examples, 'artists')}; {how}")


def _splits(mark: Path) -> dict[str, str]:
    """The set of each track in split 0, by its number."""
    found: dict[str, str] = {}
    for name, ours in _SETS.items():
        file = f"{mark.stem}-{name}.tsv"
        places = (mark.parent, mark.parent.parent)
        path = next(
            (p for p in (place / "splits" / "split-0" / file for place in places) if p.is_file()),
            None,
        )
        if path is None:
            return {}
        lines = lines_of(path, "\t")
        _, header = next(lines, (1, []))
        (track,) = columns_of(path, header, "TRACK_ID")
        found |= {cell(path, line, cells, track): ours for line, cells in lines}
    return found

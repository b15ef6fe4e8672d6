"""Common Voice: `validated.tsv`, `train.tsv`, `dev.tsv`, `test.tsv` beside `clips/`.

R. Ardila et al., *Common Voice: A Massively-Multilingual Speech Corpus*, LREC 2020. A line has the
file, its sentence and who speaks (`client_id`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tympan.data._text import read_text
from tympan.data.sets.common import Rows, cell, columns_of, first_named
from tympan.data.table import recording

NAME = "Common Voice"
_SETS = {"train": "train", "dev": "val", "test": "test"}
_ALL = "validated.tsv"
_COLUMNS = ("client_id", "path", "sentence")


def find(root: Path, files: Sequence[Path]) -> Path | None:
    """`train.tsv` or `validated.tsv` with the columns of the set."""
    for name in (_ALL, *(f"{one}.tsv" for one in _SETS)):
        path = first_named(files, name)
        if path is not None:
            header = read_text(path).partition("\n")[0].rstrip("\r")
            if set(_COLUMNS) <= set(header.split("\t")):
                return path
    return None


def read(root: Path, mark: Path, audio: Sequence[Path]) -> Rows:
    """The clips with their sentences and speakers; the official split where all of it is there."""
    files = {path.name: path for path in audio}
    paths = [mark.with_name(name) for name in (_ALL, *(f"{one}.tsv" for one in _SETS))]
    tables = {path.stem: _lines(path) for path in paths if path.is_file()}
    sets = {clip: _SETS[name] for name in _SETS for clip, _, _ in tables.get(name, ())}
    every = tables.get(Path(_ALL).stem) or [line for lines in tables.values() for line in lines]
    found = {clip: (text, who) for clip, text, who in every if clip in files}
    split = {sets.get(clip, "") for clip in found} >= {"train", "test"}
    examples = []
    for clip, (text, who) in found.items():
        if split and clip not in sets:
            continue
        columns = {"text": text, "speaker": who, **({"split": sets[clip]} if split else {})}
        examples.append(recording(files[clip], columns))
    how = "its split is used" if split else "speakers are kept apart (its split is not here)"
    speakers = len({one.columns["speaker"] for one in examples})
    return Rows(
        examples, f"{len(examples)} sentences, {speakers} speakers; {how}", tables=len(tables)
    )


def _lines(table: Path) -> list[tuple[str, str, str]]:
    """File, sentence and speaker of each line. A quotation mark is a character as any other."""
    lines = [line.split("\t") for line in read_text(table).splitlines() if line.strip()]
    who, clip, text = columns_of(table, lines[0] if lines else [], *_COLUMNS)
    return [
        (
            cell(table, number, cells, clip),
            cell(table, number, cells, text),
            cell(table, number, cells, who),
        )
        for number, cells in enumerate(lines[1:], 2)
    ]

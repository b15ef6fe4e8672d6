r"""Public data sets of music, sounds and speech, read in the folders that their authors give out.

| set | known by | labels | groups | split |
|---|---|---|---|---|
| GTZAN | `genres/blues/blues.00000.wav`, ten genres | genre | none are given | – |
| FMA | `fma_metadata/tracks.csv`, of three header lines | top genre | artist | official |
| MagnaTagATune | `annotations_final.csv`, `clip_info_final.csv` | tags | artist | folders `0`–`f` |
| MTG-Jamendo | `autotagging*.tsv` | tags | artist | `splits/split-0` |
| AudioSet | `*_segments.csv`, `class_labels_indices.csv` | classes | video | official |
| FSD50K | `FSD50K.ground_truth/dev.csv`, `eval.csv` | classes | none are given | official |
| Common Voice | `validated.tsv`, `train.tsv` … and `clips/` | text | speaker | official |
| GuitarSet | `*.jams` named as recordings | notes | player | – |
| MusicNet | `train_labels/1727.csv`, `train_data/1727.wav` … | notes | recording | official |
| MUSDB18-HQ, LibriMix, DNS | `mixture.wav`, `mix_clean/`, `noisy/` | sources | song | official |
| LJSpeech, M-AILABS | `metadata.csv` of `name\|text\|text`, and `wavs/` | text | speaker | – |

Of a set only the recordings that are there are taken. Labels are words, never codes; artists (and
videos) become the column `source`, so that no split has one on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tympan.data._walk import is_audio
from tympan.data.sets import (
    audioset,
    commonvoice,
    fma,
    fsd50k,
    gtzan,
    guitarset,
    jamendo,
    ljspeech,
    magnatagatune,
    musicnet,
    stems,
)
from tympan.data.sets.common import Rows
from tympan.data.table import Table
from tympan.errors import DataError


@dataclass(frozen=True)
class KnownSet:
    """A data set that is known by its files.

    Attributes:
        name: as its authors call it.
        find: from the folder and its files to its main table, or what else marks it; None: it is
            another folder.
        read: from the folder, the mark and the recordings to rows.
    """

    name: str
    find: Callable[[Path, Sequence[Path]], Path | None]
    read: Callable[[Path, Path, Sequence[Path]], Rows]


SETS = tuple(
    KnownSet(one.NAME, one.find, one.read)
    for one in (
        fma,
        magnatagatune,
        jamendo,
        audioset,
        fsd50k,
        commonvoice,
        ljspeech,
        gtzan,
        guitarset,
        musicnet,
        stems,
    )
)


def read_known_set(root: Path, files: Sequence[Path]) -> Table | None:
    """The table of a folder that is one of these sets; None: it is none of them.

    Args:
        root: the folder.
        files: all its files.

    Raises:
        DataError: it is one, and its tables are damaged, or name none of its recordings.
    """
    for known in SETS:
        mark = known.find(root, files)
        if mark is None:
            continue
        audio = [path for path in files if is_audio(path)]
        found = known.read(root, mark, audio)
        if not found.examples:
            what = f"has the tables of {known.name}, and none of the recordings that they name"
            raise DataError(what, file=root, fix="put the recordings into this folder")
        note = f"the folder is laid out as {known.name}: {found.about}"
        return Table(
            root,
            tuple(found.examples),
            ignored=len(files) - len(found.examples) - found.tables,
            origin=known.name,
            notes=(note, *found.notes),
        )
    return None

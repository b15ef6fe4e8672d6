"""GTZAN: `genres/blues/blues.00000.wav`, a hundred half minutes of ten genres.

G. Tzanetakis, P. Cook, *Musical genre classification of audio signals*, 2002. It has no table of
artists, several recordings twice, and parts of one song as several recordings (B. Sturm, *The GTZAN
dataset*, 2013), so its scores are too good; a note says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tympan.data._walk import is_audio
from tympan.data.sets.common import Rows, counted, row

NAME = "GTZAN"
# Its file names repeat their folder: blues/blues.00000.wav
_FILE = re.compile(r"(?P<genre>[a-z]+)\.\d{5}")


def find(root: Path, files: Sequence[Path]) -> Path | None:
    """The folder of genres, if all recordings are named after theirs."""
    audio = [path for path in files if is_audio(path)]
    genres = {_genre(path) for path in audio}
    return root if len(genres) > 1 and "" not in genres else None


def read(root: Path, mark: Path, audio: Sequence[Path]) -> Rows:
    """The recordings by genre."""
    examples = [row(path, [_genre(path)], {}) for path in audio]
    note = (
        "GTZAN names no artists, and holds repeated songs under several numbers: scores on it are "
        "too good (Sturm, The GTZAN dataset, 2013)"
    )
    return Rows(examples, counted(examples), (note,))


def _genre(path: Path) -> str:
    """The genre that folder and name agree on, or nothing."""
    named = _FILE.fullmatch(path.stem)
    return named["genre"] if named and named["genre"] == path.parent.name else ""

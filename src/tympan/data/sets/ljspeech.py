"""LJSpeech and M-AILABS: `metadata.csv` of lines `name|text|normalised text`, beside `wavs/`.

K. Ito, L. Johnson, *The LJ Speech Dataset*, 2017; Imdat Solak, *The M-AILABS Speech Dataset*, 2019,
whose folders are `…/by_book/female/NAME/BOOK/`. Many other voices are given out in this way.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

from tympan.data._text import read_text
from tympan.data.sets.common import Rows
from tympan.data.table import recording
from tympan.errors import DataError

NAME = "LJSpeech or M-AILABS"
_TABLE, _SOUNDS, _BY_BOOK = "metadata.csv", "wavs", "by_book"


def find(root: Path, files: Sequence[Path]) -> Path | None:
    """The first `metadata.csv` whose first line names a recording in `wavs/` beside it."""
    return next((path for path in files if path.name == _TABLE and _is_table(path)), None)


def _is_table(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            name, bar, _ = next(itertools.islice(file, 1), "").partition("|")
    except OSError:
        return False
    return bool(bar) and any((path.parent / _SOUNDS).glob(f"{_plain(name)}.*"))


def _plain(name: str) -> str:
    """A name that can be searched for as it is."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name.strip())


def read(root: Path, mark: Path, audio: Sequence[Path]) -> Rows:
    """The sentences with their texts: the normalised one where there is one.

    Raises:
        DataError: a line without a text.
    """
    examples = []
    by_place = {(path.parent, path.stem): path for path in audio}
    for table in sorted({path.parent.parent / _TABLE for path in audio}):
        if not table.is_file() or not _is_table(table):
            continue
        speaker = _speaker(root, table)
        for number, line in enumerate(read_text(table).splitlines(), 1):
            cells = [cell.strip() for cell in line.split("|")]
            path = by_place.get((table.parent / _SOUNDS, cells[0]))
            if path is None:
                continue
            text = next((cell for cell in reversed(cells[1:3]) if cell), "")
            if not text:
                what = f"line {number} has no text"
                raise DataError(what, file=table, fix="lines are name|text or name|text|text")
            columns = {"text": text, **({"speaker": speaker} if speaker else {})}
            examples.append(recording(path, columns))
    speakers = {one.columns.get("speaker", "") for one in examples} - {""}
    many = f", {len(speakers)} speakers" if speakers else ""
    return Rows(examples, f"{len(examples)} sentences{many}")


def _speaker(root: Path, table: Path) -> str:
    """Whose voice a folder of M-AILABS holds (`by_book/female/NAME/BOOK`); empty: unknown."""
    parts = table.absolute().parent.parts
    if _BY_BOOK not in parts or parts.index(_BY_BOOK) + 2 >= len(parts):
        return ""
    kind, name = parts[parts.index(_BY_BOOK) + 1 :][:2]
    return "" if kind == "mix" else name

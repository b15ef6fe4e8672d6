"""The notes of a recording, from the file beside it, and what they are frame by frame."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tympan.errors import DataError

if TYPE_CHECKING:
    from tympan.data import Example, Table
    from tympan.tasks.notes.config import NotesConfig

    Values = npt.NDArray[np.float32]

# An onset is spread over so many seconds either way, so that its place within a frame is learned.
SPREAD_S = 0.05


def notes_of(example: Example) -> npt.NDArray[np.float64]:
    """Start, end, pitch and velocity of each note, `(m, 4)`, in order; drums are left out.

    Raises:
        DataError: there is no score, or it cannot be read.
    """
    score = example.files.get("midi")
    if score is None:
        fix = "put a .mid of its name there, or leave it out"
        raise DataError("has no score beside it", file=example.path, fix=fix)
    return _read(score, score.stat().st_mtime_ns if score.is_file() else 0)


@lru_cache(maxsize=20_000)
def _read(score: Path, changed: int) -> npt.NDArray[np.float64]:
    """The notes of a score, kept until its file changes: they are checked before they are used."""
    read = _READERS.get(score.suffix.lower(), _of_midi)
    return np.array(sorted(read(score)), np.float64).reshape(-1, 4)


def readable(table: Table) -> Table:
    """The recordings whose scores can be read; what is left out stands in the warnings.

    Raises:
        DataError: there are no recordings, one has no score, or no score can be read.
    """
    heard = [one for one in table if "audio" in one.files]
    if not heard:
        what, fix = "has scores and no recordings", "put a recording of its name beside each score"
        raise DataError(what, file=table.place, fix=f"{fix}; compose learns from scores alone")
    kept, left_out = [], []
    for one in table:
        try:
            if "audio" not in one.files:
                raise DataError("has no recording beside it", file=one.path)
            notes_of(one)
        except DataError as error:
            if "audio" in one.files and "midi" not in one.files:
                raise
            name = table.relative(Path(error.file or one.path))
            left_out.append(f"left out: {name}: {error.what}")
        else:
            kept.append(one)
    if not kept:
        raise DataError(f"has no score that can be used: {left_out[0][10:]}", file=table.place)
    return replace(table, examples=tuple(kept), warnings=(*table.warnings, *left_out))


Row = tuple[float, float, int, int]
VELOCITY = 80  # where it is not known
_MUSICNET_HZ = 44_100


def _of_midi(score: Path) -> list[Row]:
    from tympan.notation import read_midi

    piece = read_midi(score, sustain=True)
    return [
        (piece.seconds(n.start), piece.seconds(n.end), n.pitch, n.velocity)
        for part in piece.parts
        if not part.drums
        for n in part.notes
    ]


def _of_jams(score: Path) -> list[Row]:
    """GuitarSet: the notes of each string, with fractions of a semitone."""
    try:
        annotations = json.loads(score.read_text("utf-8"))["annotations"]
        rows = [
            (float(n["time"]), float(n["time"]) + float(n["duration"]), round(n["value"]), VELOCITY)
            for one in annotations
            if one["namespace"] in ("note_midi", "pitch_midi")
            for n in one["data"]
        ]
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise DataError(f"is no JAMS file with notes ({error})", file=score) from error
    if not rows:
        raise DataError("has no notes of the namespace note_midi", file=score)
    return rows


def _of_musicnet(score: Path) -> list[Row]:
    """MusicNet: a table of samples at 44.1 kHz."""
    try:
        with score.open(newline="", encoding="utf-8") as file:
            return [
                (
                    int(row["start_time"]) / _MUSICNET_HZ, int(row["end_time"]) / _MUSICNET_HZ,
                    int(row["note"]), VELOCITY,
                )
                for row in csv.DictReader(file)
            ]  # fmt: skip
    except (ValueError, KeyError, TypeError, OSError) as error:
        what = f"is no table with start_time, end_time and note ({error})"
        raise DataError(what, file=score) from error


_READERS = {".jams": _of_jams, ".csv": _of_musicnet}


def rolls_of(
    notes: npt.NDArray[np.float64], config: NotesConfig, start_s: float, frames: int
) -> dict[str, Values]:
    """What is to be learned of each pitch and frame, `(p, n)` each.

    Args:
        notes: `(m, 4)`, see `notes_of`.
        config: frames and pitches.
        start_s: where the first frame begins.
        frames: `n`.

    Returns:
        `onset` and `offset`, 1 where a frame's middle is at one, falling to 0 within 50 ms;
        `frame`, 1 while a note lasts; `velocity`, 0 … 1, near onsets.
    """
    found = {
        name: np.zeros((config.pitches, frames), np.float32)
        for name in ("onset", "frame", "offset", "velocity")
    }
    frame_s = config.frame_s
    end_s = start_s + frames * frame_s
    inside = (notes[:, 1] > start_s - SPREAD_S) & (notes[:, 0] < end_s + SPREAD_S)
    inside &= (notes[:, 2] >= config.lowest) & (notes[:, 2] <= config.highest)
    for begin_s, stop_s, pitch, velocity in notes[inside]:
        row = int(pitch) - config.lowest
        first = max(0, round((begin_s - start_s) / frame_s))
        last = max(first + 1, round((stop_s - start_s) / frame_s))
        found["frame"][row, first:last] = 1.0
        for name, at_s in (("onset", begin_s), ("offset", stop_s)):
            middle = (at_s - start_s) / frame_s - 0.5  # in frames, from middle to middle
            reach = SPREAD_S / frame_s
            near = np.arange(max(0, int(middle - reach)), min(frames, int(middle + reach) + 2))
            value = np.maximum(0.0, 1 - np.abs(near - middle) / reach)
            own = found[name][row]
            own[near] = np.maximum(own[near], value)
            if name == "onset":
                found["velocity"][row, near] = velocity / 127
    return found

"""The scores of a folder: read once, measured, put on a grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tympan.errors import DataError
from tympan.tasks.compose.config import ComposeConfig
from tympan.tasks.compose.grid import fitting_grid, sounding_pitches, steps_of
from tympan.tasks.compose.limits import usual_ranges

if TYPE_CHECKING:
    from tympan.data import Table
    from tympan.notation import Piece

# So many of all steps must not sound more notes than there are places.
HELD_NOTES = 0.97
MOST_VOICES = 6
# A piece of fewer notes says nothing.
LEAST_NOTES = 8


def pieces_of(table: Table) -> list[Piece]:
    """The scores of a table, read.

    Raises:
        DataError: one cannot be read.
    """
    return [score_of(one.path) for one in table]


def score_of(path: Path) -> Piece:
    """A score; kept until its file changes."""
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=20_000)
def _read(path: Path, changed: int) -> Piece:
    from tympan.tasks.compose.api import read_piece

    return read_piece(path)


def readable(table: Table) -> Table:
    """The rows that can be read and hold notes; what is left out stands in the warnings.

    Raises:
        DataError: none can.
    """
    kept, left_out = [], []
    for one in table:
        try:
            count = sum(len(part.notes) for part in score_of(one.path).parts if not part.drums)
        except (DataError, OSError) as error:
            left_out.append(f"left out: {table.relative(one.path)}: {error}")
            continue
        if count < LEAST_NOTES:
            left_out.append(f"left out: {table.relative(one.path)}: has under {LEAST_NOTES} notes")
        else:
            kept.append(one)
    if not kept:
        why = left_out[0].removeprefix("left out: ") if left_out else "it is empty"
        raise DataError(f"has no score that can be used: {why}", file=table.place)
    return replace(table, examples=tuple(kept), warnings=(*table.warnings, *left_out))


def fitted(
    config: ComposeConfig, pieces: Sequence[Piece], fixed: frozenset[str]
) -> tuple[ComposeConfig, list[str]]:
    """The configuration for pieces: grid, range, places, tempo, instrument; and what was chosen.

    Args:
        config: before.
        pieces: those of the training set.
        fixed: fields that stay as they are.
    """
    found: dict[str, object] = {"steps_per_beat": fitting_grid(pieces)}
    metres = Counter(
        piece.metres[0][1] * 4 / piece.metres[0][2] for piece in pieces if piece.metres
    )
    usual = metres.most_common(1)[0][0] if metres else 4
    found["beats_per_bar"] = max(1, min(16, round(usual)))
    tempi = sorted(piece.tempo_bpm for piece in pieces)
    found["tempo_bpm"] = float(np.clip(tempi[len(tempi) // 2], 20, 400))
    programs = Counter(
        part.instrument for piece in pieces for part in piece.parts
        if not part.drums for _ in part.notes
    )  # fmt: skip
    found["instruments"] = (programs.most_common(1)[0][0],)
    gridded = replace(config, **{k: v for k, v in found.items() if k not in fixed})  # type: ignore[arg-type]
    sounding = [held for piece in pieces for held in sounding_pitches(piece, gridded)[1]]
    counts = np.array([len(one) for one in sounding if one])
    pitches = [pitch for held in sounding for pitch in held]
    found["voices"] = int(min(MOST_VOICES, max(1, np.quantile(counts, HELD_NOTES))))
    found["low"] = max(0, min(pitches) - config.transpose)
    found["high"] = min(127, max(pitches) + config.transpose)
    found["phases"] = gridded.steps_per_beat * gridded.beats_per_bar
    config = replace(config, **{k: v for k, v in found.items() if k not in fixed})  # type: ignore[arg-type]
    if not config.ordered and not fixed & {"lowest", "highest"}:
        steps = [steps_of(piece, config) for piece in pieces]
        lowest, highest = usual_ranges(steps, config)
        config = replace(config, lowest=lowest, highest=highest)
    over = float((counts > config.voices).mean())
    notes = [
        f"grid: {config.steps_per_beat} steps of a beat, {config.beats_per_bar} beats of a bar; "
        f"up to {config.voices} notes at once"
    ]
    if over > 0.001:
        notes.append(
            f"{100 * over:.1f} % of the steps have more notes, of which inner ones are left out"
        )
    return config, notes

"""How much of a piece stands in the pieces that a net was trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tympan.tasks.compose.config import ComposeConfig
from tympan.tasks.compose.grid import Steps

Tokens = npt.NDArray[np.int64]


class Known:
    """The pieces that a net was trained on, to be compared with.

    Two stretches are the same if all notes of all voices are, in any key: the chord of each step
    above its lowest note, and how far that moved.

    Args:
        pieces: `(n, v)` each.
        config: their grid.

    >>> config = ComposeConfig(voices=1, low=60, high=80)
    >>> tune = np.array([[1], [3], [5], [6], [8]])
    >>> Known([tune], config).longest(tune[:4] + 2)
    (4, 4)
    """

    def __init__(self, pieces: Sequence[Steps], config: ComposeConfig) -> None:
        self.config = config
        parts: list[Tokens] = []
        for i, one in enumerate(pieces):
            parts += [tokens_of(one, config), np.array([-2 - i])]  # no stretch crosses an end
        self.tokens = np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def longest(self, steps: Steps) -> tuple[int, int]:
        """The longest stretch of a piece that is in the known ones: its steps, and its notes.

        By the dynamic programme for the longest common substring, a row for each step.
        """
        found = tokens_of(steps, self.config)
        if not len(found) or not len(self.tokens):
            return 0, 0
        first = first_tokens(steps, self.config)
        known_first = self.firsts()
        run = np.zeros(len(self.tokens) + 1, np.int64)
        best = end = 0
        for at, token in enumerate(found):
            same = self.tokens == token
            # A stretch may begin with any motion: only the chord counts there.
            begins = known_first == first[at]
            run[1:] = np.where(same & (run[:-1] > 0), run[:-1] + 1, begins.astype(np.int64))
            longest = int(run.max())
            if longest > best:
                best, end = longest, at + 1
        return best, notes_begun(steps[end - best : end], self.config)

    def firsts(self) -> Tokens:
        """The chord of each step alone."""
        return np.where(self.tokens >= 0, self.tokens % CHORDS, self.tokens)


CHORDS = 1 << 40


def first_tokens(steps: Steps, config: ComposeConfig) -> Tokens:
    """The chord of each step, in any key."""
    return tokens_of(steps, config) % CHORDS


def tokens_of(steps: Steps, config: ComposeConfig) -> Tokens:
    """A number for each step: its chord, and how far its lowest note moved."""
    pitch = np.where(steps > 0, (steps - 1) % config.pitches, 10_000)
    held = (steps > config.pitches) if config.articulated else np.zeros(steps.shape, bool)
    lowest = pitch.min(1)
    lowest = np.where(lowest == 10_000, 0, lowest)
    code = np.zeros(len(steps), np.int64)
    for place in range(steps.shape[1]):
        above = np.where(steps[:, place] > 0, pitch[:, place] - lowest + 1, 0)
        # Up to six places stand in a number of 40 bits.
        code = (code * 89 + above + 1) * 2 + held[:, place]
        code %= CHORDS
    moved = np.diff(lowest, prepend=lowest[:1]) + 128
    return np.asarray(moved * CHORDS + code, np.int64)


def notes_begun(steps: Steps, config: ComposeConfig) -> int:
    """How many notes begin in steps."""
    from tympan.tasks.compose.grid import notes_of

    return len(notes_of(steps, config))


def packed(pieces: Sequence[Steps], voices: int) -> npt.NDArray[np.uint8]:
    """Pieces one below another, each behind a row of 255: as they lie beside the weights."""
    rows = [np.zeros((0, voices), np.uint8)]
    for one in pieces:
        rows += [np.full((1, voices), 255, np.uint8), one.astype(np.uint8)]
    return np.concatenate(rows)


def unpacked(rows: npt.NDArray[np.uint8]) -> list[Steps]:
    """The pieces again.

    >>> unpacked(packed([np.array([[1], [2]]), np.array([[3]])], 1))[0].tolist()
    [[1], [2]]
    """
    starts = np.flatnonzero((rows == 255).all(1))
    ends = [*starts[1:], len(rows)][: len(starts)]
    return [rows[a + 1 : b].astype(np.int64) for a, b in zip(starts, ends, strict=True)]

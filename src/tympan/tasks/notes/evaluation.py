"""How good a transcriber of notes is on recordings that it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.models import Score
from tympan.notation import Note
from tympan.tasks.contract import Evaluation
from tympan.tasks.notes.metrics import Counts, f1_of, frame_counts, note_counts

if TYPE_CHECKING:
    import numpy.typing as npt

NAMES = ("onset_f1", "offset_f1", "frame_f1")
DRAWS = 1000


@dataclass(frozen=True)
class NotesEvaluation(Evaluation):
    """The scores of a transcriber of notes, and what they are computed from.

    Attributes:
        files: name of each recording scored.
        kinds: what each is, where a column `kind` says so.
        counts: right, true and found: notes by their beginnings, notes by beginnings and ends,
            frames; `(m, 3, 3)`.
    """

    files: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    counts: np.ndarray = field(default_factory=lambda: np.zeros((0, 3, 3), int), repr=False)

    def per_kind(self) -> dict[str, dict[str, float]]:
        """F1 of each kind of recording."""
        found: dict[str, dict[str, float]] = {}
        for kind in sorted(set(self.kinds) - {""}):
            own = self.counts[[one == kind for one in self.kinds]]
            values = np.nan_to_num(f1_of(own.sum(0)))
            found[kind] = {n: round(float(v), 4) for n, v in zip(NAMES, values, strict=True)}
            found[kind]["recordings"] = len(own)
        return found

    def details(self) -> dict[str, Any]:
        """Scores of each kind, precision and recall of onsets."""
        right, true, found = self.counts[:, 0].sum(0).tolist()
        return {
            "per_kind": self.per_kind(),
            "notes": {"right": right, "true": true, "found": found},
        }

    def table(self) -> list[dict[str, str]]:
        """Scores of each kind, as people read them."""
        titles = {"onset F1": NAMES[0], "onset + offset F1": NAMES[1], "frame F1": NAMES[2]}
        return [
            {"kind": kind, **{title: f"{row[name]:.1%}" for title, name in titles.items()}}
            for kind, row in self.per_kind().items()
        ]


def counts_of(truth: Sequence[Note], found: Sequence[Note]) -> Counts:
    """Counts of onsets, of onsets with offsets, and of frames, `(3, 3)`."""
    return np.stack(
        [
            note_counts(truth, found),
            note_counts(truth, found, offsets=True),
            frame_counts(truth, found),
        ]
    )


def evaluation_of(
    files: Sequence[str],
    kinds: Sequence[str],
    counts: npt.NDArray[np.int64],
    others: Mapping[str, float] | None = None,
) -> NotesEvaluation:
    """The scores of recordings: F1 of all their notes together."""
    drawn = np.random.default_rng(0).integers(0, len(counts), (DRAWS, len(counts)))
    scores = []
    for i, name in enumerate(NAMES):
        value = float(np.nan_to_num(f1_of(counts[:, i].sum(0))))
        spread = np.nan_to_num(f1_of(counts[:, i][drawn].sum(1)))
        low, high = (round(float(v), 4) for v in np.percentile(spread, [2.5, 97.5]))
        scores.append(Score(name, round(value, 4), (low, high) if len(counts) > 1 else None))
    right, true, found = counts[:, 0].sum(0)
    scores.append(Score("precision", round(float(right / max(1, found)), 4)))
    scores.append(Score("recall", round(float(right / max(1, true)), 4)))
    scores += [Score(name, round(value, 4)) for name, value in (others or {}).items()]
    limits = (
        "A note counts as right if its pitch is, and it begins within 50 ms of the true one; with "
        "its end, within 50 ms or a fifth of its length.",
        "Drums count as no notes, and it does not tell which instrument plays a note.",
    )
    return NotesEvaluation(
        tuple(scores), len(files), limits=limits, files=tuple(files), kinds=tuple(kinds),
        counts=counts,
    )  # fmt: skip

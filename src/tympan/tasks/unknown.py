"""How well a model tells known recordings from unknown ones, on recordings with labels.

Two figures need no recordings of anything else: how many known ones are taken for unknown, and how
well the recordings of a label are told from the others by what is known of those others alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np

from tympan.models import Score
from tympan.tasks.contract import Evaluation
from tympan.tasks.familiarity import MIN_FAMILIARITY
from tympan.tasks.metrics import wilson_interval

E = TypeVar("E", bound=Evaluation)
# With fewer recordings of a label, or of all others, its AUROC is left out.
LEAST = 2


@dataclass(frozen=True)
class UnknownScores:
    """What was measured; empty where the model does not know its training recordings.

    Attributes:
        scores: share of known recordings that count as unfamiliar, and the AUROC of left-out
            labels where it could be measured.
        left_out: AUROC of each label, left out of what is known.
        limits: a sentence for the card, in place of that of a model that cannot reject.
    """

    scores: tuple[Score, ...] = ()
    left_out: Mapping[str, float] = field(default_factory=dict)
    limits: tuple[str, ...] = ()

    def details(self) -> dict[str, Any]:
        """What a card holds beside the scores."""
        if not self.scores:
            return {}
        return {"unknown": {"min_familiarity": MIN_FAMILIARITY, "left_out_auroc": self.left_out}}


class Apart:
    """Distances of recordings, `(1 + k,)` each, by the labels of all models of an evaluation."""

    def __init__(self, k: int) -> None:
        self._k = k
        self.rows: list[np.ndarray | None] = []

    def add(self, distances: np.ndarray | None, columns: Sequence[int]) -> None:
        """Take those of a recording; `columns` are the numbers of the labels of its model."""
        row = None
        if distances is not None and len(distances) == 1 + len(columns):
            row = np.full(1 + self._k, np.nan)
            row[[0, *(1 + i for i in columns)]] = distances
        self.rows.append(row)


def unknown_scores(
    familiarity: Sequence[float | None],
    truth: np.ndarray,
    distances: Sequence[Sequence[np.ndarray | None]],
    labels: Sequence[str],
) -> UnknownScores:
    """Score what a model takes for unknown on recordings that it was not trained on.

    Args:
        familiarity: of each recording.
        truth: `(m,)`, the number of its label; or `(m, k)`, which apply.
        distances: of each recording `(1 + k,)`, part by part: from all training recordings, then
            from those to which the first label does not apply, the second …
        labels: the `k` labels.
    """
    if not familiarity or any(one is None for one in familiarity):
        return UnknownScores()
    rejected = np.array(familiarity, float) < MIN_FAMILIARITY
    count, m = int(rejected.sum()), len(rejected)
    low, high = wilson_interval(count, m)
    scores = [
        Score("false_rejection", round(count / m, 4), (low, high), higher_is_better=False),
    ]
    rows = [row for part in distances for row in part]
    left_out: dict[str, float] = {}
    if rows and all(row is not None for row in rows):
        left_out = left_out_auroc(truth, np.array(rows), labels)
    found = ""
    if left_out:
        mean = float(np.mean(list(left_out.values())))
        scores.append(Score("left_out_auroc", round(mean, 4)))
        found = f", measured with its own labels left out one by one: AUROC {mean:.2f}, 1 is best"
    limit = (
        f"It has {len(labels)} labels and no others. Of sounds unlike its training recordings it "
        f"says so (familiarity below {MIN_FAMILIARITY:g}), but it does not notice all{found}."
    )
    return UnknownScores(tuple(scores), left_out, (limit,))


def left_out_auroc(
    truth: np.ndarray, distances: np.ndarray, labels: Sequence[str]
) -> dict[str, float]:
    """AUROC of each label: its recordings against the others, by the distance from the others'.

    The prototypes of the label are left out, as if it had not been trained on; the encoder stays.

    Args:
        truth: `(m,)`; or `(m, k)` where labels overlap.
        distances: `(m, 1 + k)`.
        labels: the `k` labels.

    >>> distances = np.array([[0, 0, 1], [0, 0, 1], [0, 1, 0], [0, 1, 0.0]])
    >>> left_out_auroc(np.array([1, 1, 0, 0]), distances, ["a", "b"])
    {'a': 1.0, 'b': 1.0}
    """
    from tympan.tasks.tag.metrics import auroc

    found = {}
    for i, label in enumerate(labels):
        column, of = distances[:, 1 + i], truth == i if truth.ndim == 1 else truth[:, i] == 1
        there = np.isfinite(column)
        if min((of & there).sum(), (~of & there).sum()) >= LEAST:
            value = auroc(of[there][:, None].astype(int), column[there][:, None])[0]
            found[label] = round(float(value), 4)
    return found


def with_unknown(evaluation: E, unknown: UnknownScores) -> E:
    """The evaluation with these scores after its own."""
    if not unknown.scores:
        return evaluation
    return replace(
        evaluation,
        scores=(*evaluation.scores, *unknown.scores),
        limits=(*unknown.limits, *evaluation.limits[1:]),
        unknown=unknown,  # type: ignore[call-arg]
    )

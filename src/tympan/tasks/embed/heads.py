"""A head for each label, fitted in a second to a few answers about an index.

Logistic regression on the vectors of the windows, as for a trained encoder in
`tympan.tasks.classify.linear_probe`. While there are few refused moments, random windows stand in
for them: in an archive nearly all of what is there is something else (Ghani et al., *Global
birdsong embeddings enable superior transfer learning for bioacoustic classification*, 2023;
Dumoulin et al., *The Search for Squawk: Agile Modeling in Bioacoustics*, 2025).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STRENGTH = 100.0
# So many random windows stand in for refused moments, and for each moment to which it applies.
FEWEST_OTHERS, OTHERS_FOR_EACH = 20, 3


@dataclass(frozen=True, eq=False)
class Scale:
    """What is taken off vectors, and what they are divided by, before a head gets them.

    Attributes:
        center: their mean `(d,)`.
        spread: their mean distance from it.
    """

    center: np.ndarray
    spread: float

    @classmethod
    def of(cls, vectors: np.ndarray) -> Scale:
        """That of vectors `(m, d)`.

        >>> Scale.of(np.array([[0.0, 1.0], [2.0, 1.0]])).spread
        1.0
        """
        center = vectors.mean(0)
        spread = float(np.linalg.norm(vectors - center, axis=1).mean())
        return cls(center, max(spread, 1e-6))

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        scaled: np.ndarray = (vectors.astype(np.float32) - self.center) / self.spread
        return scaled


@dataclass(frozen=True, eq=False)
class Head:
    """Says of vectors how likely a label applies.

    Attributes:
        weight: `(d,)`, of scaled vectors.
        bias: added to it.
        scale: of the vectors.
    """

    weight: np.ndarray
    bias: float
    scale: Scale

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """Probabilities `(m,)` for vectors `(m, d)`."""
        logits = self.scale(vectors) @ self.weight + self.bias
        probabilities: np.ndarray = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
        return probabilities


def fit_head(
    positives: np.ndarray, negatives: np.ndarray, others: np.ndarray, scale: Scale
) -> Head:
    """Fit a head to vectors.

    Args:
        positives: to which the label applies `(p, d)`, one or more.
        negatives: to which it does not `(n, d)`.
        others: random ones, to most of which it will not apply `(r, d)`.
        scale: of the vectors.

    >>> rng = np.random.default_rng(0)
    >>> yes, no = rng.normal(1, 0.1, (5, 3)), rng.normal(-1, 0.1, (5, 3))
    >>> head = fit_head(yes, no, no[:0], Scale.of(np.concatenate([yes, no])))
    >>> bool(head(yes).min() > 0.9), bool(head(no).max() < 0.1)
    (True, True)
    """
    import torch

    from tympan.tasks.classify.linear_probe import several_label_regression

    wanted = max(0, FEWEST_OTHERS + OTHERS_FOR_EACH * len(positives) - len(negatives))
    rows = np.concatenate([positives, negatives, others[:wanted]])
    said = np.zeros((len(rows), 1), np.float32)
    said[: len(positives)] = 1
    weight, bias = several_label_regression(
        torch.from_numpy(scale(rows)), torch.from_numpy(said), STRENGTH
    )
    return Head(weight[0].numpy(), float(bias), scale)

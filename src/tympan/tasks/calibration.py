"""Temperature: make scores mean what they say, from answers about recordings not trained on.

Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# So many answers pull the temperature half way from 1 to what they ask for.
_CAREFUL = 50


def fit_temperature(truth: np.ndarray, scores: np.ndarray) -> float:
    """The temperature that makes held-out answers most likely.

    Args:
        truth: `(m,)` index of the right label.
        scores: `(m, k)` probabilities.

    Returns:
        0.2 to 5; above 1 where the scores are too sure.

    >>> fit_temperature(np.array([0, 1, 0, 0]), np.array([[0.99, 0.01]] * 4)) > 2
    True
    """
    logits = np.log(np.clip(scores, 1e-12, 1))
    choices = np.geomspace(0.2, 5, 121)

    def loss(temperature: float) -> float:
        z = logits / temperature
        z -= z.max(1, keepdims=True)
        right = z[np.arange(len(truth)), truth]
        return float(np.mean(np.log(np.exp(z).sum(1)) - right))

    return round(float(min(choices, key=loss)), 4)


def at_temperature(scores: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities `(m, k)` as they are at a temperature.

    >>> at_temperature(np.array([[0.9, 0.1]]), 2.0).round(2)
    array([[0.75, 0.25]])
    """
    scores = np.clip(scores, 1e-12, 1) ** (1 / temperature)
    found: np.ndarray = scores / scores.sum(1, keepdims=True)
    return found


def careful(temperature: float, m: int) -> float:
    """The temperature that `m` answers justify: of few, all right, the best would be 0.

    >>> careful(0.25, 50), careful(0.25, 10**9)
    (0.5, 0.25)
    """
    return round(float(temperature ** (m / (m + _CAREFUL))), 4)


def calibrated_by_others(
    truths: Sequence[np.ndarray], scores: Sequence[np.ndarray], i: int, *, few: bool = False
) -> np.ndarray:
    """Scores of part `i` at the temperature that the other parts ask for.

    Args:
        truths: of each part `(m,)`, two parts or more.
        scores: of each part `(m, k)`.
        i: which part.
        few: go only as far as so many answers justify, see `careful`.

    Returns:
        `(m, k)`.

    >>> truths, scores = [np.array([0])] * 2, [np.array([[0.9, 0.1]])] * 2
    >>> bool(calibrated_by_others(truths, scores, 0)[0, 0] > 0.99)
    True
    """
    others = [j for j in range(len(truths)) if j != i]
    truth = np.concatenate([truths[j] for j in others])
    temperature = fit_temperature(truth, np.concatenate([scores[j] for j in others]))
    return at_temperature(scores[i], careful(temperature, len(truth)) if few else temperature)

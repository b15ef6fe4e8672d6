"""Temperature: make scores mean what they say, from recordings that were not trained on.

Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

# So many recordings pull the temperature half way from 1 to what fits them.
_PRIOR = 50
# Scores that are nearly all right would fit best at a temperature of 0.
LOWEST, HIGHEST = 0.2, 5.0


def minimize_temperature(loss: Callable[[float], float]) -> float:
    """The temperature between `LOWEST` and `HIGHEST` at which a loss is smallest.

    >>> round(minimize_temperature(lambda t: (t - 2.5) ** 2), 3)
    2.5
    """
    from scipy.optimize import minimize_scalar

    bounds = (float(np.log(LOWEST)), float(np.log(HIGHEST)))
    found = minimize_scalar(lambda x: loss(float(np.exp(x))), bounds=bounds, method="bounded")
    return round(float(np.exp(found.x)), 4)


def fit_temperature(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """The temperature that makes held-out predictions most likely.

    Args:
        truth: `(m,)` index of the right label.
        probabilities: `(m, k)`.

    Returns:
        0.2 to 5; above 1 where the scores are too sure.

    >>> fit_temperature(np.array([0, 1, 0, 0]), np.array([[0.99, 0.01]] * 4)) > 2
    True
    """
    logits = np.log(np.clip(probabilities, 1e-12, 1))

    def loss(temperature: float) -> float:
        z = logits / temperature
        z -= z.max(1, keepdims=True)
        right = z[np.arange(len(truth)), truth]
        return float(np.mean(np.log(np.exp(z).sum(1)) - right))

    return minimize_temperature(loss)


def at_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities `(m, k)` as they are at a temperature.

    >>> at_temperature(np.array([[0.9, 0.1]]), 2.0).round(2)
    array([[0.75, 0.25]])
    """
    scaled = np.clip(probabilities, 1e-12, 1) ** (1 / temperature)
    found: np.ndarray = scaled / scaled.sum(1, keepdims=True)
    return found


def shrink_temperature(temperature: float, m: int) -> float:
    """The temperature that `m` recordings justify: few pull it less far from 1.

    >>> shrink_temperature(0.25, 50), shrink_temperature(0.25, 10**9)
    (0.5, 0.25)
    """
    return round(float(temperature ** (m / (m + _PRIOR))), 4)


def calibrated_by_others(
    truths: Sequence[np.ndarray],
    probabilities: Sequence[np.ndarray],
    i: int,
    *,
    shrink: bool = False,
) -> np.ndarray:
    """Probabilities of part `i` at the temperature that fits the other parts.

    Args:
        truths: of each part `(m,)`, two parts or more.
        probabilities: of each part `(m, k)`.
        i: which part.
        shrink: go only as far as so many recordings justify, see `shrink_temperature`.

    Returns:
        `(m, k)`.

    >>> truths, scores = [np.array([0])] * 2, [np.array([[0.9, 0.1]])] * 2
    >>> bool(calibrated_by_others(truths, scores, 0)[0, 0] > 0.99)
    True
    """
    others = [j for j in range(len(truths)) if j != i]
    truth = np.concatenate([truths[j] for j in others])
    temperature = fit_temperature(truth, np.concatenate([probabilities[j] for j in others]))
    if shrink:
        temperature = shrink_temperature(temperature, len(truth))
    return at_temperature(probabilities[i], temperature)

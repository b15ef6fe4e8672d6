"""The path through the pitch candidates of all frames that leaps and stops least."""

from __future__ import annotations

import numpy as np

# A candidate one octave higher is preferred if it is less than this weaker.
OCTAVE_BONUS = 0.02
# Frames below this share of the loudest are hardly voiced.
_SILENCE = 0.01


def best_path(
    periods: np.ndarray,
    strengths: np.ndarray,
    loudness: np.ndarray,
    voicing: float,
    per_octave: float,
    start_or_stop: float,
    step_s: float,
) -> np.ndarray:
    """Candidate chosen in each frame, or -1 for no pitch: (n,). After Boersma (1993).

    Args:
        periods: (n, k) periods of the candidates, in samples.
        strengths: (n, k) 1: repeats exactly, -1: no candidate.
        loudness: (n,) 0 … 1.
        voicing: strength of having no pitch.
        per_octave: price of a leap by an octave from one frame to the next, at 10 ms a frame.
        start_or_stop: price of a voice's begin or end.
        step_s: time from frame to frame.

    >>> periods = np.array([[100.0, 50.0]] * 4)
    >>> strengths = np.array([[0.9, 0.2], [0.9, 0.2], [0.5, 0.6], [0.9, 0.2]])
    >>> best_path(periods, strengths, np.ones(4), 0.4, 0.35, 0.14, 0.01).tolist()
    [0, 0, 0, 0]
    """
    count, k = periods.shape
    octaves = np.log2(periods)
    value = np.where(strengths > -1, strengths - OCTAVE_BONUS * (octaves - octaves.min()), -10.0)
    none = voicing + np.maximum(0, 2 - loudness / (_SILENCE / (1 + voicing)))
    scale = 0.01 / step_s
    total = np.append(value[0], none[0])
    back = np.zeros((count, k + 1), dtype=np.int64)
    leap = np.full((k + 1, k + 1), scale * start_or_stop)
    leap[-1, -1] = 0
    for i in range(1, count):
        leap[:-1, :-1] = (scale * per_octave) * np.abs(octaves[i - 1][:, None] - octaves[i])
        reached = total[:, None] - leap
        back[i] = reached.argmax(0)
        total = reached[back[i], np.arange(k + 1)] + np.append(value[i], none[i])
    path = np.empty(count, dtype=np.int64)
    path[-1] = total.argmax()
    for i in range(count - 1, 0, -1):
        path[i - 1] = back[i, path[i]]
    return np.where(path == k, -1, path)

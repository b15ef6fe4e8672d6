"""Keys and chords of notes.

Source of the key profiles: Krumhansl and Kessler, *Tracing the dynamic changes in perceived tonal
organization*, 1982; of the method: Krumhansl, *Cognitive Foundations of Musical Pitch*, 1990.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
# As keys are usually spelled.
MAJOR_TONICS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MINOR_TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")


def key_name(tonic: int, mode: str) -> str:
    """A key by pitch class and mode.

    >>> key_name(10, "major"), key_name(8, "minor")
    ('Bb major', 'G# minor')
    """
    return f"{(MINOR_TONICS if mode == 'minor' else MAJOR_TONICS)[tonic % 12]} {mode}"


def key_of(weights: Sequence[float] | np.ndarray) -> str | None:
    """The key whose profile correlates best with how long each pitch class sounds.

    Args:
        weights: of the 12 pitch classes from C; their unit does not matter.

    Returns:
        Such as `"C major"`; None where nothing sounds, or all the same.

    >>> key_of([2, 0, 1, 0, 1, 1, 0, 2, 0, 1, 0, 1])
    'C major'
    """
    given = np.asarray(weights, float)
    if given.shape != (12,) or not np.isfinite(given).all() or np.ptp(given) <= 1e-12:
        return None
    given = given - given.mean()
    best, found = -2.0, None
    for mode, profile in (("major", MAJOR), ("minor", MINOR)):
        centred = profile - profile.mean()
        for tonic in range(12):
            turned = np.roll(centred, tonic)
            match = float(given @ turned / np.sqrt((given @ given) * (turned @ turned)))
            if match > best:
                best, found = match, key_name(tonic, mode)
    return found

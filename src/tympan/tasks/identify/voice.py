"""The voice of one recording: a vector, and how much speech it rests on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]

# With less speech than this nothing is said of a voice.
LEAST_SPEECH_S = 0.5
# With less than this an answer comes with a warning.
LITTLE_SPEECH_S = 2.0
# Frames this far below the loudest are pauses, and so are frames below the floor.
PAUSE_DB, FLOOR_DBFS = -32.0, -66.0
FRAME_S = 0.03
# From this share of the samples at full scale on, a recording is too distorted.
MUCH_CLIPPED = 0.01
FULL_SCALE, FLAT = 0.985, 1e-3


@dataclass(frozen=True, eq=False)
class Voice:
    """The voice of a recording.

    Attributes:
        file: the recording.
        vector: `(d,)`, of length 1.
        speech_s: how much speech there is.
        duration_s: length of the recording.
        problem: why it should not be scored, a clause; empty: it can be.
        warnings: what may be wrong with the vector.
    """

    file: str
    vector: Vector
    speech_s: float
    duration_s: float
    problem: str = ""
    warnings: tuple[str, ...] = ()


def mean_voice(vectors: npt.NDArray[np.float32], weights: npt.ArrayLike) -> Vector:
    """The weighted mean of vectors `(m, d)`, of length 1.

    >>> mean_voice(np.eye(2, dtype=np.float32), [1, 1]).round(3)
    array([0.707, 0.707], dtype=float32)
    """
    total = np.asarray(weights, np.float64) @ vectors
    found: Vector = (total / max(float(np.linalg.norm(total)), 1e-9)).astype(np.float32)
    return found


def frame_power(wave: npt.NDArray[np.float32], rate_hz: int) -> npt.NDArray[np.float64]:
    """Mean square of frames of `FRAME_S` one after another; what is left over is a frame too.

    >>> frame_power(np.ones(1000, np.float32), 16000).tolist()
    [1.0, 1.0, 1.0]
    """
    size = round(FRAME_S * rate_hz)
    count = -(-len(wave) // size)
    if not count:
        return np.zeros(0)
    starts = np.arange(count) * size
    sums = np.add.reduceat(np.square(wave, dtype=np.float64), starts)
    return np.asarray(sums / np.diff(np.append(starts, len(wave))))


def clipped_share(wave: npt.NDArray[np.float32]) -> float:
    """The share of samples at full scale that stand beside an equal one.

    >>> clipped_share(np.array([0, 1, 1, 0], np.float32)), clipped_share(np.zeros(4, np.float32))
    (0.5, 0.0)
    """
    if len(wave) < 2:
        return 0.0
    full = np.abs(wave) >= FULL_SCALE
    # The top of a clipped wave is flat; that of a loud one is not.
    flat = full[1:] & full[:-1] & (np.abs(np.diff(wave)) < FLAT)
    clipped = np.zeros_like(full)
    clipped[1:] |= flat
    clipped[:-1] |= flat
    return float(clipped.mean())


def problem_of(speech_s: float, duration_s: float, clipped: float, silent: bool) -> str:
    """Why a recording's voice should not be scored; empty: it can be.

    >>> problem_of(0.2, 5.0, 0.0, False)
    'has only 0.2 s of speech, and a voice needs 0.5 s'
    """
    if silent:
        return "is silent"
    if clipped > MUCH_CLIPPED:
        return f"is clipped ({100 * clipped:.0f} % of its samples are at full scale)"
    if speech_s < LEAST_SPEECH_S:
        what = f"only {speech_s:.1f} s of speech" if speech_s >= 0.05 else "no speech"
        return f"has {what}, and a voice needs {LEAST_SPEECH_S} s"
    return ""


def warnings_of(speech_s: float) -> tuple[str, ...]:
    """What makes a scored voice less certain.

    >>> warnings_of(1.0)
    ('has only 1.0 s of speech: other voices are more easily mistaken for it',)
    """
    if LEAST_SPEECH_S <= speech_s < LITTLE_SPEECH_S:
        why = "other voices are more easily mistaken for it"
        return (f"has only {speech_s:.1f} s of speech: {why}",)
    return ()

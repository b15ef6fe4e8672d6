"""Loudness as broadcasters measure it: EBU R128, ITU-R BS.1770-4, by pyloudnorm."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

import numpy as np

from tympan.errors import ArgumentError

if TYPE_CHECKING:
    from tympan.audio.clip import Clip

_BLOCK_S = 0.4


def integrated_lufs(clip: Clip) -> float:
    """Return the gated, K-weighted loudness of a clip in LUFS; `-inf` for silence.

    A stereo sine of 1 kHz at -23 dBFS measures -23 LUFS (EBU Tech 3341, case 1).

    Raises:
        ArgumentError: shorter than 0.4 s, more than 5 channels.

    >>> from tympan.audio import synth
    >>> tone = synth.sine(1000, duration_s=2, rate_hz=48000, amplitude=10 ** (-20 / 20))
    >>> round(integrated_lufs(tone), 1)
    -23.0
    """
    import pyloudnorm

    if clip.num_samples < _BLOCK_S * clip.rate_hz:
        raise ArgumentError(
            f"loudness needs {_BLOCK_S} s, this clip has {clip.duration_s:.3f} s",
            file=clip.name or None,
            fix="use normalize_peak for such short sounds",
        )
    if clip.channels > 5:
        raise ArgumentError(
            f"EBU R128 weighs at most 5 channels, this clip has {clip.channels}",
            file=clip.name or None,
            fix="use clip.mono()",
        )
    meter = pyloudnorm.Meter(clip.rate_hz, block_size=_BLOCK_S)
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an empty gate: silence, which is an answer here
        value = float(meter.integrated_loudness(clip.samples.T.astype(np.float64)))
    return value if math.isfinite(value) else -math.inf

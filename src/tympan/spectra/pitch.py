"""The pitch of a voice or an instrument over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from tympan.errors import ArgumentError
from tympan.spectra._comb import STEP, Combs
from tympan.spectra._pitchpath import Moves, best_path

if TYPE_CHECKING:
    from tympan.audio.clip import Clip

# A fit that is rarely reached in noise; and the share of the fit of a recording's clear frames,
# less an offset, below which there is but the echo of a tone, or a tone that is beginning.
_NOISE_FIT, _SHARE, _OFFSET, _CLEAR = 1.75, 0.3, 1.2, 0.95
# Frames so far below the loudest with a pitch must fit better, by so much per dB.
_QUIET_DB, _PER_DB = 30.0, 0.5
# Prices of moves between frames 10 ms apart: per semitone, at most, and of a begin or end.
_PER_SEMITONE, _LEAP, _START = 0.5, 2.5, 0.5


@dataclass(frozen=True, eq=False)
class PitchTrack:
    """Pitch over time. Made by `pitch_track`.

    Attributes:
        times_s: (n,) times of the frames' centres.
        frequencies_hz: (n,) the pitch; NaN where there is none.
        confidence: (n,) 1 for a signal that repeats itself exactly, 0 for noise.
        title: name of the sound.
    """

    times_s: np.ndarray
    frequencies_hz: np.ndarray
    confidence: np.ndarray
    title: str = ""

    @property
    def voiced(self) -> np.ndarray:
        """(n,) whether there is a pitch."""
        return np.isfinite(self.frequencies_hz)

    @property
    def median_hz(self) -> float | None:
        """The pitch in the middle of all those found, or `None`."""
        return float(np.median(self.frequencies_hz[self.voiced])) if self.voiced.any() else None

    @property
    def midi(self) -> np.ndarray:
        """(n,) the pitch in semitones, A4 = 440 Hz being 69; NaN where there is none."""
        return 69 + 12 * np.log2(self.frequencies_hz / 440)

    def __repr__(self) -> str:
        middle = f"median {self.median_hz:.1f} Hz" if self.median_hz else "no pitch"
        voiced = f"{100 * self.voiced.mean():.0f} % voiced"
        return f"PitchTrack({len(self.times_s)} frames, {voiced}, {middle})"


def pitch_track(
    clip: Clip,
    f_min_hz: float = 60.0,
    f_max_hz: float = 1000.0,
    hop_s: float = 0.01,
    voicing: float = 0.5,
) -> PitchTrack:
    """Pitch of one voice (its channels mixed to one), frame by frame, also in noise.

    A comb of harmonics is fitted to the spectrum of each frame above its noise floor; the path
    through all pitches that fits best, and moves and stops least, is the answer. What counts as a
    pitch follows the noise: a fit that noise alone does not reach, and that is no mere remainder
    beside the clear frames of the recording.

    Args:
        clip: the sound: one voice or instrument at a time.
        f_min_hz: lowest pitch. Frames are 4.8 of its periods long, and at least 80 ms.
        f_max_hz: highest pitch, at most a quarter of the rate.
        hop_s: time from one frame to the next.
        voicing: the confidence from which on a frame has a pitch, 0 … 1; with 0 every frame gets
            its likeliest pitch.

    Raises:
        ArgumentError: the range, hop or voicing makes no sense.

    >>> from tympan.audio import synth
    >>> track = pitch_track(synth.saw(220, duration_s=0.5, rate_hz=16000))
    >>> round(track.median_hz)
    220
    """
    rate_hz = clip.rate_hz
    if not 0 < f_min_hz < f_max_hz <= rate_hz / 4:
        raise ArgumentError(
            f"pitches from {f_min_hz} to {f_max_hz} Hz at a rate of {rate_hz} Hz",
            fix=f"0 < f_min_hz < f_max_hz <= {rate_hz / 4:g}",
        )
    if not 0 <= voicing < 1:
        raise ArgumentError(f"voicing is {voicing}", fix="0 or more, and below 1")
    hop = round(hop_s * rate_hz)
    if hop < 1:
        raise ArgumentError(f"hop_s is {hop_s}", fix="a sample or more")
    combs = Combs(rate_hz, hop, f_min_hz, f_max_hz)
    count = 1 + clip.num_samples // hop
    with torch.no_grad():
        y = combs.prepare(torch.from_numpy(clip.mono().samples[0].copy()))
        fit, level_db = combs.compare(y, count)
        best = fit.max(axis=1).astype(np.float64)
        # How often the fit reaches what counts as a pitch.
        unit = max(_NOISE_FIT, _SHARE * float(np.quantile(best, _CLEAR)) - _OFFSET)
        path = _path(fit, best, level_db, unit, voicing, 0.01 * rate_hz / hop)
        rows = np.flatnonzero(path >= 0)
        frequencies = np.full(count, np.nan)
        refined = combs.refine(y, rows, combs.pitches_hz[path[rows]])
        # A path may end one step outside the range.
        frequencies[rows] = np.clip(refined, f_min_hz, f_max_hz)
    chosen = np.where(path >= 0, fit[np.arange(count), path], best)
    confidence = 1 - 0.5 ** (np.maximum(chosen, 0) / unit) ** 2
    return PitchTrack(np.arange(count) * hop / rate_hz, frequencies, confidence, clip.name)


def _path(
    fit: np.ndarray,
    best: np.ndarray,
    level_db: np.ndarray,
    unit: float,
    voicing: float,
    scale: float,
) -> np.ndarray:
    """Index of each frame's pitch, -1 for none: (n,)."""
    if voicing == 0:
        none = np.full(len(fit), -np.inf)
    else:
        # Where the confidence is that of `voicing`.
        none = np.full(len(fit), np.sqrt(-np.log2(1 - voicing)))
        pitched = level_db[best > unit]
        loudest_db = pitched.max() if len(pitched) else level_db.max()
        none += _PER_DB * np.maximum(0, loudest_db - _QUIET_DB - level_db)
    moves = Moves(scale * _PER_SEMITONE * STEP, scale * _LEAP, scale * _START)
    return best_path(fit / np.float16(unit), none, moves)

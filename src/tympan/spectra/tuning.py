"""How far music is off the pitch of A = 440 Hz."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from tympan.errors import ArgumentError
from tympan.spectra.stft import STFT

if TYPE_CHECKING:
    from tympan.audio.clip import Clip

# Peaks between these, and at most this far below the largest of their frame, are looked at.
_F_MIN_HZ, _F_MAX_HZ, _LEAST = 150.0, 4000.0, 0.1


def estimate_tuning(
    clip: Clip, n_fft: int = 2048, resolution: float = 0.01, bins_per_octave: int = 12
) -> float:
    """The offset at which most peaks of the spectrum lie, for `Chroma` and `ConstantQ`.

    Equal to `librosa.estimate_tuning`: each peak of a spectrogram is put between its bins by a
    parabola; of those at least as strong as the median, the offsets from the nearest class are
    counted.

    Args:
        clip: the music; its channels are mixed to one.
        n_fft: samples of a frame; frames overlap by three quarters.
        resolution: width of the classes of offsets that are counted.
        bins_per_octave: 12 for semitones.

    Returns:
        -0.5 … 0.5, in fractions of a bin; 0 where there is no peak.

    Raises:
        ArgumentError: a resolution that is not between 0 and 1, no bins.

    >>> from tympan.audio import synth
    >>> tone = synth.sine(440 * 2 ** (0.2 / 12), duration_s=1, rate_hz=22050)
    >>> bool(abs(estimate_tuning(tone) - 0.2) < 0.05)
    True
    """
    if not 0 < resolution < 1:
        raise ArgumentError(f"resolution is {resolution}", fix="between 0 and 1")
    if bins_per_octave < 1:
        raise ArgumentError(f"bins_per_octave is {bins_per_octave}", fix="1 or more")
    with torch.no_grad():
        samples = torch.from_numpy(clip.mono().samples[0].copy())
        magnitude = STFT(n_fft, max(1, n_fft // 4))(samples).abs().numpy()
    frequencies_hz, heights = _peaks(magnitude, clip.rate_hz / n_fft)
    if len(heights) == 0:
        return 0.0
    strong_hz = frequencies_hz[heights >= np.median(heights)]
    # Octaves above A0.
    offset = np.mod(bins_per_octave * np.log2(strong_hz / 27.5), 1.0)
    offset[offset >= 0.5] -= 1.0
    counts, edges = np.histogram(offset, np.linspace(-0.5, 0.5, int(np.ceil(1 / resolution)) + 1))
    return float(edges[np.argmax(counts)])


def _peaks(magnitude: np.ndarray, bin_hz: float) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies and heights of the peaks of all columns of (f, n)."""
    bins_hz = np.arange(len(magnitude)) * bin_hz
    left, middle, right = magnitude[:-2], magnitude[1:-1], magnitude[2:]
    high = middle > _LEAST * magnitude.max(axis=0, keepdims=True)
    # What is below the threshold counts as nothing.
    kept = np.where(magnitude > _LEAST * magnitude.max(axis=0, keepdims=True), magnitude, 0)
    top = high & (kept[1:-1] > kept[:-2]) & (kept[1:-1] >= kept[2:])
    top &= ((bins_hz >= _F_MIN_HZ) & (bins_hz < _F_MAX_HZ))[1:-1, None]
    slope, bend = (right - left) / 2, right + left - 2 * middle
    shift = np.where(np.abs(slope) < np.abs(bend), -slope / np.where(bend == 0, 1, bend), 0)
    row, _ = np.nonzero(top)
    return (row + 1 + shift[top]) * bin_hz, (middle + 0.5 * slope * shift)[top]

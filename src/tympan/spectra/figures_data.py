"""What the figures draw, gathered in one pass over a recording of any length."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from tympan.errors import AudioFileError
from tympan.spectra.figures_stream import Envelope, MeanSpectrum, PowerSpectrogram
from tympan.spectra.figures_style import DB_RANGE

BLOCK_S = 20.0
# The bottom of what float32 and 24 bits can tell.
SILENCE_DB = -140.0
# From these lengths on, the mean spectrum has fewer bins, and its frames do not overlap.
_FEWER_BINS_S, _NO_OVERLAP_S = 20.0, 120.0


class Peak(NamedTuple):
    """A peak of a spectrum."""

    frequency_hz: float
    amplitude: float


def find_peaks(amplitude: np.ndarray, step_hz: float, most: int) -> list[Peak]:
    """Find the highest peaks that stand at least 10 dB above the valley around them.

    The top is placed between bins by a parabola through three points in dB (J. O. Smith,
    "Spectral Audio Signal Processing", quadratic interpolation of spectral peaks).

    Args:
        amplitude: (f,) spectrum.
        step_hz: distance of its bins.
        most: how many to return.

    >>> bump = np.array([0, 0, 0, 0, 0.1, 0.5, 1.0, 0.5, 0.1, 0, 0, 0])
    >>> find_peaks(bump, 10.0, 3)
    [Peak(frequency_hz=60.0, amplitude=1.0)]
    """
    level = power_db(np.asarray(amplitude, np.float64) ** 2)
    inner = level[1:-1]
    tops = 1 + np.flatnonzero((inner > level[:-2]) & (inner >= level[2:]))
    # Far below the loudest there is only noise.
    tops = tops[level[tops] > level.max() - 50.0]
    tops = tops[~_is_ripple(level, tops)]
    found: list[int] = []
    for top in tops[np.argsort(-level[tops], kind="stable")][:1000]:
        # Neighbours within 12 bins share one tone.
        if all(abs(top - other) >= 12 for other in found) and _prominence(level, top) >= 10.0:
            found.append(int(top))
        if len(found) == most:
            break
    return [_interpolated(level, top, step_hz) for top in found]


def _is_ripple(level: np.ndarray, tops: np.ndarray, near: int = 48) -> np.ndarray:
    """Whether a higher point lies near each top with a valley of less than 10 dB before it.

    That settles most tops of a noise at once; the others are looked at one by one.
    """
    found = np.zeros(len(tops), bool)
    for side in (-1, 1):
        places = tops[:, None] + side * np.arange(1, near + 1)
        inside = (places >= 0) & (places < len(level))
        around = np.where(inside, level[np.clip(places, 0, len(level) - 1)], -np.inf)
        higher = around > level[tops][:, None]
        first = higher.argmax(axis=1)
        valley = np.minimum.accumulate(around, axis=1)[np.arange(len(tops)), first]
        found |= higher.any(axis=1) & (level[tops] - valley < 10.0)
    return found


def _prominence(level: np.ndarray, top: int) -> float:
    """How far one must go down from a peak before a higher one can be climbed."""
    higher = np.flatnonzero(level > level[top])
    after = int(np.searchsorted(higher, top))
    left = higher[after - 1] if after > 0 else 0
    right = higher[after] + 1 if after < len(higher) else len(level)
    valley = max(level[left : top + 1].min(), level[top:right].min())
    return float(level[top] - valley)


def _interpolated(level: np.ndarray, top: int, step_hz: float) -> Peak:
    left, centre, right = level[top - 1], level[top], level[top + 1]
    bend = left - 2 * centre + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    height = 10 ** ((centre - 0.25 * (left - right) * shift) / 20)
    return Peak(float((top + shift) * step_hz), float(height))


@dataclass(frozen=True)
class Overview:
    """All that the figures of one recording need; its size does not depend on the length.

    Axes: c channels, w columns, f frequency bins.
    """

    name: str
    rate_hz: int
    channels: int
    num_samples: int
    low: np.ndarray  # (c, w) lowest sample of each column
    high: np.ndarray  # (c, w)
    samples_per_column: int
    power: np.ndarray  # (f, w) mean power of each column, 1.0 = full-scale sine
    n_fft: int
    frames_s: float  # seconds from one spectrogram column to the next
    amplitude: np.ndarray  # (f,) mean amplitude spectrum, finer than `power`

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.num_samples / self.rate_hz

    @property
    def frequencies_hz(self) -> np.ndarray:
        """The frequency (f,) of each point of `amplitude`."""
        return np.linspace(0, self.rate_hz / 2, len(self.amplitude))

    def peaks(self, most: int = 5) -> list[Peak]:
        """Find the highest peaks of the mean spectrum, highest first."""
        return find_peaks(self.amplitude, self.rate_hz / 2 / (len(self.amplitude) - 1), most)


MOST_TONES = 4
_APART = 0.03  # of a logarithmic axis: on a phone, a mark is a thirtieth of the width


def strongest(data: Overview, most: int = MOST_TONES) -> list[Peak]:
    """The tones that are marked and named: the highest peaks whose marks do not cover each other.

    All figures and pages name the same tones of a recording.

    Returns:
        At most `most`, highest first.
    """
    low_hz = lowest_hz(data)
    octaves = np.log2(data.rate_hz / 2 / low_hz)
    kept: list[Peak] = []
    for peak in data.peaks(32):
        if peak.frequency_hz < max(20.0, low_hz) or len(kept) == most:
            continue
        apart = (abs(np.log2(peak.frequency_hz / one.frequency_hz)) / octaves for one in kept)
        if all(distance > _APART for distance in apart):
            kept.append(peak)
    return kept


def lowest_hz(data: Overview) -> float:
    """Where the logarithmic axis of a spectrum begins."""
    return min(30.0, data.rate_hz / 32)


def mel_rows(data: Overview, n_mels: int = 128) -> tuple[np.ndarray, Callable[[float], float]]:
    """Sum the power into mel bands.

    Returns:
        The power (n_mels, w), and a function that gives the row (0 … n_mels) of a frequency in Hz.
    """
    from tympan.spectra.mel import hz_to_mel, mel_filters

    n_mels = min(n_mels, data.n_fft // 8)
    filters = mel_filters(data.rate_hz, data.n_fft, n_mels, norm=None)
    edges = hz_to_mel(np.array([0.0, data.rate_hz / 2]))
    # Row i is centred on mel i + 1 of n_mels + 1 steps.
    step = float(edges[1]) / (n_mels + 1)

    def position(frequency_hz: float) -> float:
        return float(hz_to_mel(frequency_hz)) / step - 0.5

    return filters.astype(np.float32) @ data.power, position


def log_rows(data: Overview, rows: int = 320) -> tuple[np.ndarray, float]:
    """Put the power on a logarithmic frequency axis, from about 30 Hz to half the rate.

    Returns:
        The power (rows, w) and the lowest frequency in Hz.
    """
    bins = data.power.shape[0]
    nyquist = data.rate_hz / 2
    step_hz = nyquist / (bins - 1)
    low_hz = max(30.0, step_hz) if nyquist > 120 else nyquist / 64
    return rows_between(data, np.geomspace(low_hz, nyquist, rows + 1)), low_hz


def rows_between(data: Overview, edges_hz: np.ndarray) -> np.ndarray:
    """Put the power on any frequency axis: one row between each two edges.

    Args:
        data: the gathered recording.
        edges_hz: (rows + 1,) rising frequencies from 0 to half the rate.

    Returns:
        The power (rows, w); rows narrower than a bin are interpolated.
    """
    bins = data.power.shape[0]
    edges = edges_hz / (data.rate_hz / 2 / (bins - 1))  # in bins
    out = np.empty((len(edges) - 1, data.power.shape[1]), np.float32)
    for row, (start, end) in enumerate(pairwise(edges)):
        first, last = int(np.ceil(start)), int(np.floor(end))
        if last >= first:
            # Of several bins the loudest counts: a mean would let thin lines fade upwards.
            out[row] = data.power[first : last + 1].max(axis=0)
        else:
            centre = (start + end) / 2
            below = min(int(centre), bins - 2)
            part = centre - below
            out[row] = data.power[below] * (1 - part) + data.power[below + 1] * part
    return out


def power_db(power: np.ndarray) -> np.ndarray:
    """Turn power into dB, with −140 dB as the bottom of what float32 and 24 bits can tell."""
    return 10.0 * np.log10(np.maximum(power, 10 ** (SILENCE_DB / 10)))


def brightest_db(level_db: np.ndarray) -> float:
    """The level that a picture shows brightest: the loudest, or far above silence.

    >>> brightest_db(np.array([-90.0, -20.0])), brightest_db(np.array([-140.0]))
    (-20.0, -60.0)
    """
    top = float(np.max(level_db))
    return top if top > SILENCE_DB else SILENCE_DB + DB_RANGE


def frame_sizes(rate_hz: int, num_samples: int, width: int = 1200) -> tuple[int, int]:
    """Choose `(n_fft, hop)`: frames near 46 ms, closer together for short clips.

    >>> frame_sizes(16000, 5 * 16000), frame_sizes(44100, 3600 * 44100)
    ((1024, 67), (2048, 1024))
    """
    n_fft = int(2 ** np.clip(np.round(np.log2(0.046 * rate_hz)), 6, 14))
    while num_samples and n_fft > max(64, num_samples):
        n_fft //= 2
    hop = int(np.clip(num_samples / width + 1, 1, n_fft // 2))
    return n_fft, hop


def spectrum_size(rate_hz: int, num_samples: int) -> int:
    """Choose the frame of the mean spectrum: bins near 2 Hz, or what a short clip allows."""
    finest = int(2 ** np.clip(np.round(np.log2(0.5 * rate_hz)), 6, 18))
    while num_samples and finest > max(64, num_samples):
        finest //= 2
    return finest


@dataclass(frozen=True)
class Recording:
    """A clip in memory or a file on disk, read in blocks either way.

    Args:
        name: the file's name, for titles.
        expected_samples: the length as far as it is known before reading (0: unknown).
        blocks: gives float32 samples (c, t), block after block; may be called again.
    """

    name: str
    rate_hz: int
    channels: int
    expected_samples: int
    blocks: Callable[[], Iterator[np.ndarray]]


def open_recording(source: Any) -> Recording:
    """Prepare to read a clip, a file or its bytes block by block, without decoding it yet.

    Raises:
        AudioFileError: there is nothing to read.
    """
    from tympan.audio.clip import Clip

    if not isinstance(source, Clip):
        return _open_file(source)
    step = max(1, int(BLOCK_S * source.rate_hz))

    def blocks() -> Iterator[np.ndarray]:
        for start in range(0, source.num_samples, step):
            yield source.samples[:, start : start + step]

    name = os.path.basename(source.name)
    return Recording(name, source.rate_hz, source.channels, source.num_samples, blocks)


def _open_file(source: Any) -> Recording:
    from tympan.audio import blocks as file_blocks
    from tympan.audio import probe

    info = probe(source)

    def blocks() -> Iterator[np.ndarray]:
        for block in file_blocks(source, block_s=BLOCK_S):
            yield block.clip.samples

    expected = info.num_samples or round((info.duration_s or 0.0) * info.rate_hz)
    return Recording(os.path.basename(info.path), info.rate_hz, info.channels, expected, blocks)


class Gatherer:
    """Takes a recording block by block, and keeps what its figures need.

    Args:
        name: of the recording, for titles.
        rate_hz: samples per second.
        expected_samples: the length as far as it is known (0: unknown).
        width: columns of the envelope and the spectrogram, at least, for recordings that long.

    >>> gatherer = Gatherer("a.wav", 8000, expected_samples=800)
    >>> for _ in range(8):
    ...     gatherer.push(np.zeros((1, 100), np.float32))
    >>> gatherer.result().num_samples
    800
    """

    def __init__(self, name: str, rate_hz: int, expected_samples: int, width: int = 1200) -> None:
        self._name, self._rate_hz = name, rate_hz
        self._n_fft, self._hop = frame_sizes(rate_hz, expected_samples, width)
        self._envelope = Envelope(width)
        self._spectrogram = PowerSpectrogram(self._n_fft, self._hop, width)
        size = spectrum_size(rate_hz, expected_samples)
        expected_s = expected_samples / rate_hz
        self._mean = MeanSpectrum(
            size,
            finer=2 if expected_s > _FEWER_BINS_S else 4,
            overlap=expected_s <= _NO_OVERLAP_S,
        )
        self._samples = 0

    def push(self, samples: np.ndarray) -> None:
        """Take the next samples (c, t)."""
        self._samples += samples.shape[-1]
        self._envelope.push(samples)
        self._spectrogram.push(samples)
        self._mean.push(samples)

    def result(self) -> Overview:
        """All that the figures need; the recording ends here.

        Raises:
            AudioFileError: it holds no samples.
        """
        if self._samples == 0:
            raise AudioFileError("holds no samples", file=self._name or None)
        low, high, span = self._envelope.values()
        power = self._spectrogram.values()
        return Overview(
            name=self._name,
            rate_hz=self._rate_hz,
            channels=len(low),
            num_samples=self._samples,
            low=low,
            high=high,
            samples_per_column=span,
            power=power,
            n_fft=self._n_fft,
            frames_s=self._spectrogram.span * self._hop / self._rate_hz,
            amplitude=self._mean.values(),
        )


def overview(source: Any, width: int = 1200) -> Overview:
    """Read a recording once and gather what all its figures need.

    Args:
        source: a clip, a file, or an opened recording.
        width: columns of the envelope and the spectrogram, at least, for recordings that long.

    Raises:
        AudioFileError: the recording holds no samples.
    """
    recording = source if isinstance(source, Recording) else open_recording(source)
    gatherer = Gatherer(recording.name, recording.rate_hz, recording.expected_samples, width)
    for samples in recording.blocks():
        gatherer.push(samples)
    return gatherer.result()

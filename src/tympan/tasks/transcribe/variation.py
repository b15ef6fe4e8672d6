"""Speech varied on its log-mel spectrogram: tempo, voice, room, microphone, noise, gaps.

All of it costs a thousandth of the time of the sound, where the same on waves would cost more than
the training; so it stands here and not with the transforms of `tympan.augment`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tympan.spectra.mel import hz_to_mel, mel_to_hz
from tympan.tasks.transcribe.config import TranscribeConfig

Levels = npt.NDArray[np.float32]
FLOOR_DB = -100.0
# The extents at a variation of 1.
TEMPO, WARP, COLOUR_DB = 0.25, 0.15, 6.0
RT60_S, DIRECT_DB, SNR_DB = (0.1, 0.7), (0.0, 15.0), (0.0, 40.0)
PHONE_HZ = (300.0, 3400.0)
# How often each is done.
ROOM, NOISE, PHONE, GAPS = 0.4, 0.8, 0.08, 0.5
GAP_BANDS, GAP_FRAMES = 8, 10


def varied(
    mels: Levels,
    config: TranscribeConfig,
    rng: np.random.Generator,
    noises: Sequence[Levels] = (),
) -> tuple[Levels, float]:
    """Another recording of the same words.

    Park et al., *SpecAugment*, 2019 (gaps); Jaitly, Hinton, *Vocal tract length perturbation*,
    2013 (voice); a room is an exponential tail of power in each band.

    Args:
        mels: log mels in dB, `(n_mels, n)`.
        config: of the recogniser; its `variation` scales the extents.
        rng: what is drawn from.
        noises: log mels of noises, each `(n_mels, at least 1)`; else coloured noise.

    Returns:
        The log mels, and the tempo: 2 is twice as fast.

    >>> some = np.zeros((64, 100), np.float32)
    >>> found, tempo = varied(some, TranscribeConfig(), np.random.default_rng(0))
    >>> found.shape[1] == round(100 / tempo), bool(0.8 <= tempo <= 1.25)
    (True, True)
    """
    extent = config.variation
    tempo = float((1 + TEMPO * extent) ** rng.uniform(-1, 1))
    x = stretched(mels, tempo)
    x = warped(x, config, float(np.exp(rng.uniform(-WARP, WARP) * extent)))
    power = np.power(np.float32(10), x / 10)
    if rng.random() < ROOM * extent:
        power = in_room(power, rng.uniform(*RT60_S), rng.uniform(*DIRECT_DB), config.frame_s)
    power *= colour(len(x), rng, COLOUR_DB * extent)[:, None]
    if rng.random() < NOISE * extent:
        noise = noise_like(power.shape, rng, noises)
        loud = np.percentile(power.mean(0), 80)
        level = loud / max(float(noise.mean()), 1e-12)
        power += noise * np.float32(level * 10 ** (-rng.uniform(*SNR_DB) / 10))
    found = 10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10)))
    if rng.random() < PHONE * extent:
        hz = band_centres_hz(config)
        outside = (hz < PHONE_HZ[0]) | (hz > PHONE_HZ[1])
        found[outside] = np.maximum(found[outside] - 50, FLOOR_DB)
    if rng.random() < GAPS * extent:
        gaps(found, rng)
    return found.astype(np.float32), tempo


def stretched(mels: Levels, tempo: float) -> Levels:
    """The same, faster or slower: `(f, n)` → `(f, n / tempo)`.

    >>> stretched(np.arange(4, dtype=np.float32)[None], 2.0).tolist()
    [[0.0, 3.0]]
    """
    frames = mels.shape[1]
    size = max(1, round(frames / tempo))
    at = np.linspace(0, frames - 1, size)
    low = np.minimum(at.astype(np.int64), max(0, frames - 2))
    share = (at - low).astype(np.float32)
    found: Levels = mels[:, low] * (1 - share) + mels[:, np.minimum(low + 1, frames - 1)] * share
    return found


def band_centres_hz(config: TranscribeConfig) -> npt.NDArray[np.float64]:
    """Frequencies of the bands' peaks, `(n_mels,)`."""
    ends = hz_to_mel(np.array([config.f_min_hz, min(config.f_max_hz, config.rate_hz / 2)]))
    return mel_to_hz(np.linspace(ends[0], ends[1], config.n_mels + 2))[1:-1]


def warped(mels: Levels, config: TranscribeConfig, factor: float) -> Levels:
    """The same of a longer (above 1: lower formants) or shorter vocal tract.

    >>> warped(np.zeros((64, 3), np.float32), TranscribeConfig(), 1.1).shape
    (64, 3)
    """
    hz = band_centres_hz(config)
    at = np.interp(hz * factor, hz, np.arange(len(hz)))
    low = np.minimum(at.astype(np.int64), len(hz) - 2)
    share = (at - low).astype(np.float32)[:, None]
    found: Levels = mels[low] * (1 - share) + mels[low + 1] * share
    return found


def in_room(power: Levels, rt60_s: float, direct_db: float, frame_s: float) -> Levels:
    """Power `(f, n)` with the tail of a room behind it.

    Args:
        power: of the direct sound.
        rt60_s: until the tail is 60 dB down.
        direct_db: the direct sound above all of the tail.
        frame_s: seconds of a frame.
    """
    from scipy.signal import lfilter

    decay = 10 ** (-6 * frame_s / rt60_s)
    gain = 10 ** (-direct_db / 10) * (1 - decay)
    found: Levels = (power + lfilter([0.0, gain], [1.0, -decay], power, axis=1)).astype(np.float32)
    return found


def colour(bands: int, rng: np.random.Generator, most_db: float) -> Levels:
    """Gains of power `(bands,)` of a microphone or loudspeaker: a smooth curve."""
    knots = rng.uniform(-most_db, most_db, 6)
    curve_db = np.interp(np.arange(bands), np.linspace(0, bands - 1, 6), knots)
    return np.power(10, curve_db / 10).astype(np.float32)


def noise_like(
    shape: tuple[int, ...], rng: np.random.Generator, noises: Sequence[Levels] = ()
) -> Levels:
    """Power `(f, n)` of a noise: a recorded one, or a coloured one."""
    bands, frames = shape
    if noises and rng.random() < 0.7:
        one = noises[int(rng.integers(len(noises)))]
        places = (np.arange(frames) + int(rng.integers(one.shape[1]))) % one.shape[1]
        return np.power(np.float32(10), one[:, places].astype(np.float32) / 10)
    tilt_db = np.linspace(0, rng.uniform(-30, 5), bands)[:, None]
    spectrum = colour(bands, rng, 8.0)[:, None] * np.power(10, tilt_db / 10).astype(np.float32)
    found: Levels = spectrum * rng.standard_gamma(4.0, shape, np.float32)
    return found


def gaps(mels: Levels, rng: np.random.Generator) -> None:
    """Set some bands, and some frames, to the mean, in place."""
    bands, frames = mels.shape
    mean = mels.mean()
    size = int(rng.integers(GAP_BANDS + 1))
    first = int(rng.integers(bands - size + 1))
    mels[first : first + size] = mean
    size = min(int(rng.integers(GAP_FRAMES + 1)), frames // 4)
    first = int(rng.integers(frames - size + 1))
    mels[:, first : first + size] = mean

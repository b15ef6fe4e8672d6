"""What a voice learns of a recording: its log mels and its pitch, frame by frame."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tympan.spectra.mel import mel_filters
from tympan.tasks.speak.config import SpeakConfig

Wave = npt.NDArray[np.float32]
FLOOR = 1e-5
# A frame is as loud as the text allows for: recordings are brought to this level.
LEVEL_DB = -23.0


@cache
def _filters(rate_hz: int, n_fft: int, n_mels: int) -> Tensor:
    """Mel filters `(n_mels, f)`, each of which sums to 1: a band is a mean of magnitudes."""
    filters = mel_filters(rate_hz, n_fft, n_mels)
    return torch.from_numpy(filters / filters.sum(1, keepdims=True)).float()


@cache
def _window(n_fft: int) -> Tensor:
    return torch.hann_window(n_fft)


def log_mels(wave: Wave, config: SpeakConfig) -> Tensor:
    """Log mels `(n_mels, step · n)` of a wave `(t,)`: natural logarithms of mean magnitudes.

    Frame `i` is centred on sample `i · hop`; the last step is filled up with silence.

    >>> log_mels(np.zeros(1300, np.float32), SpeakConfig()).shape
    torch.Size([80, 6])
    """
    steps = -(-len(wave) // config.step_samples)
    x = torch.from_numpy(np.ascontiguousarray(wave))
    spectrum = torch.stft(
        x, config.n_fft, config.hop, window=_window(config.n_fft), center=True,
        pad_mode="constant", return_complex=True,
    ).abs()  # fmt: skip
    mels = (_filters(config.rate_hz, config.n_fft, config.n_mels) @ spectrum + FLOOR).log()
    frames = steps * config.step
    missing = max(0, frames - mels.shape[1])
    return torch.nn.functional.pad(mels, (0, missing), value=float(np.log(FLOOR)))[:, :frames]


def pitch_of(wave: Wave, config: SpeakConfig, frames: int) -> npt.NDArray[np.float32]:
    """Pitch in Hz of each frame `(n,)`, 0 where there is no voice."""
    from tympan.audio import Clip
    from tympan.spectra.pitch import pitch_track

    clip = Clip(wave[None], config.rate_hz)
    track = pitch_track(clip, config.f_min_hz, config.f_max_hz, hop_s=config.hop / config.rate_hz)
    found = np.nan_to_num(np.asarray(track.frequencies_hz, np.float32))
    return np.pad(found, (0, max(0, frames - len(found))))[:frames]

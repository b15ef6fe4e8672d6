"""What a voice learns of a recording: its log mels and its pitch, frame by frame."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tympan.nets.vocoder_mel import VocoderConfig, VocoderMel
from tympan.tasks.speak.config import SpeakConfig

Wave = npt.NDArray[np.float32]


def vocoder_config(config: SpeakConfig) -> VocoderConfig:
    """The mels of a voice, as its vocoder takes them."""
    top_hz = min(VocoderConfig.f_max_hz, config.rate_hz / 2)
    return VocoderConfig(config.rate_hz, config.n_fft, config.hop, config.n_mels, f_max_hz=top_hz)


@cache
def _mel(config: VocoderConfig) -> VocoderMel:
    return VocoderMel(config)


def log_mels(wave: Wave, config: SpeakConfig) -> Tensor:
    """Log mels `(n_mels, step · n)` of a wave `(t,)`: natural logarithms of mean magnitudes.

    Frame `i` is centred on sample `i · hop`; the last step is filled up with silence.

    >>> log_mels(np.zeros(1300, np.float32), SpeakConfig()).shape
    torch.Size([80, 6])
    """
    steps = -(-len(wave) // config.step_samples)
    padded = np.zeros(steps * config.step_samples, np.float32)
    padded[: len(wave)] = wave
    mels: Tensor = _mel(vocoder_config(config))(torch.from_numpy(padded))
    return mels[:, : steps * config.step]


def pitch_of(wave: Wave, config: SpeakConfig, frames: int) -> npt.NDArray[np.float32]:
    """Pitch in Hz of each frame `(n,)`, 0 where there is no voice."""
    from tympan.audio import Clip
    from tympan.spectra.pitch import pitch_track

    clip = Clip(wave[None], config.rate_hz)
    track = pitch_track(clip, config.f_min_hz, config.f_max_hz, hop_s=config.hop / config.rate_hz)
    found = np.nan_to_num(np.asarray(track.frequencies_hz, np.float32))
    return np.pad(found, (0, max(0, frames - len(found))))[:frames]
